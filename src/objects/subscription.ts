// The object of one webhook subscription, by whose name it is named. A thin shell: src/subscription/ decides, this object gives it storage,
// an alarm and a way to others. Its methods are SubscriptionPort's (src/broker/subscription-ports.ts), and what other objects tell it.

import { DurableObject } from "cloudflare:workers";
import type {
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RotatedSecret,
  RotateSecret,
  SubscriptionStatus,
} from "../broker/subscription-ports.ts";
import type { Failure } from "../common/errors.ts";
import type { Env } from "../env.ts";
import { SqliteSubscriptionStore } from "../storage/sqlite-subscription-store.ts";
import type { SubscriptionConfig } from "../subscription/config.ts";
import { SubscriptionHost } from "../subscription/host.ts";
import type { MovedOffsets } from "../subscription/messages.ts";
import type { Secrets } from "../subscription/secrets.ts";
import type { FetchCall } from "../subscription/send.ts";
import { createWorld, endpointRules } from "./subscription-world.ts";

/** An object that was told of a change, and of nothing else, rings for it so soon (ms). */
const CHANGE_ALARM_MS = 5_000;

export class SubscriptionObject extends DurableObject<Env> {
  readonly #host: SubscriptionHost;

  /** How calls are made; null: over the network. A property, not a method: RPC does not reach it. */
  call: FetchCall | null = null;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const { storage } = context;
    const world = createWorld({ env, storage, name: context.id.name ?? "", waitUntil: (work) => context.waitUntil(work) });
    const overNetwork = world.call;
    const call: FetchCall = async (url, init) => (this.call ?? overNetwork)(url, init);
    this.#host = new SubscriptionHost({
      world: { ...world, call },
      registry: world,
      store: new SqliteSubscriptionStore<SubscriptionConfig, Secrets>(storage),
      rules: endpointRules(env),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      randomId: () => crypto.randomUUID(),
    });
    context.blockConcurrencyWhile(async () => this.#host.start(await storage.getAlarm()));
  }

  put(request: PutSubscription): Promise<PutResult | Failure> {
    return this.#host.put(request);
  }

  async status(): Promise<SubscriptionStatus | Failure> {
    return this.#host.status();
  }

  pause(): Promise<SubscriptionStatus | Failure> {
    return this.#host.pause();
  }

  resume(): Promise<SubscriptionStatus | Failure> {
    return this.#host.resume();
  }

  rotateSecret(request: RotateSecret): Promise<RotatedSecret | Failure> {
    return this.#host.rotateSecret(request);
  }

  redrive(request: RedriveRequest): Promise<RedriveResult | Failure> {
    return this.#host.redrive(request);
  }

  remove(): Promise<Failure | null> {
    return this.#host.delete(this.ctx.id.name ?? "");
  }

  /** A partition has more: named as a track. */
  async wake(track: string): Promise<void> {
    this.#host.wake(track);
  }

  offsetsMoved(moved: MovedOffsets): Promise<void> {
    return this.#host.offsetsMoved(moved);
  }

  async topicsChanged(): Promise<void> {
    this.#host.topicsChanged();
    await this.ctx.storage.setAlarm(Date.now() + CHANGE_ALARM_MS);
  }

  override async alarm(): Promise<void> {
    this.#host.alarm();
  }
}
