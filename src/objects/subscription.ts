// The object of one subscription, by whose name it is named: one that is called (host.ts) or one that is pulled from (pull-host.ts), never
// both. A thin shell: src/subscription/ decides, this object gives it storage, an alarm and a way to others. Its methods are
// SubscriptionPort's (src/broker/ports/subscription.ts), and what other objects tell it.

import { DurableObject } from "cloudflare:workers";
import type {
  AnySubscriptionStatus,
  PutPullResult,
  PutPullSubscription,
  PutResult,
  PutSubscription,
  RedriveRequest,
  RedriveResult,
  RotatedSecret,
  RotateSecret,
} from "../broker/ports/subscription.ts";
import { Sequence } from "../common/concurrency.ts";
import { type Failure, isFailure } from "../common/errors.ts";
import type { Env } from "../env.ts";
import { SqliteSubscriptionStore } from "../storage/sqlite-subscription-store.ts";
import type { SubscriptionConfig } from "../subscription/config.ts";
import { SubscriptionHost } from "../subscription/host.ts";
import type { MovedOffsets } from "../subscription/messages.ts";
import { isCalled, isPulledFrom } from "../subscription/pull-config.ts";
import { PullHost } from "../subscription/pull-host.ts";
import type { Secrets } from "../subscription/secrets.ts";
import type { FetchCall } from "../subscription/send.ts";
import { createPullStore, createPullWorld } from "./pull-world.ts";
import { createWorld, endpointRules } from "./subscription-world.ts";

/** An object that was told of a change, and of nothing else, rings for it so soon (ms). */
const CHANGE_ALARM_MS = 5_000;

export class SubscriptionObject extends DurableObject<Env> {
  readonly #host: SubscriptionHost;
  readonly #pull: PullHost;
  /** One of either kind at a time: a name is of the kind that comes first. */
  readonly #puts = new Sequence();

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
    this.#pull = new PullHost(
      createPullWorld(env, world, (work) => context.waitUntil(work)),
      createPullStore(storage),
    );
    context.blockConcurrencyWhile(async () => this.#host.start(await storage.getAlarm()));
  }

  put(request: PutSubscription): Promise<PutResult | Failure> {
    return this.#puts.run(async () => this.#refuseIfPulled("delete it first") ?? this.#host.put(request));
  }

  putPull(request: PutPullSubscription): Promise<PutPullResult | Failure> {
    return this.#puts.run(async () => {
      return isFailure(this.#host.status()) ? this.#pull.put(request) : isCalled(this.#name, "delete it first");
    });
  }

  async status(): Promise<AnySubscriptionStatus | Failure> {
    return this.#pull.exists ? this.#pull.status() : this.#host.status();
  }

  async pause(): Promise<AnySubscriptionStatus | Failure> {
    return this.#pull.exists ? this.#pull.setPaused(true) : this.#host.pause();
  }

  async resume(): Promise<AnySubscriptionStatus | Failure> {
    return this.#pull.exists ? this.#pull.setPaused(false) : this.#host.resume();
  }

  async rotateSecret(request: RotateSecret): Promise<RotatedSecret | Failure> {
    return this.#refuseIfPulled("it has no secret") ?? this.#host.rotateSecret(request);
  }

  async redrive(request: RedriveRequest): Promise<RedriveResult | Failure> {
    const instead = "pull its dead letters with a subscription on deadLetterTopic";
    return this.#refuseIfPulled(instead) ?? this.#host.redrive(request);
  }

  remove(): Promise<Failure | null> {
    return this.#puts.run(() => (this.#pull.exists ? this.#pull.delete(this.#name) : this.#host.delete(this.#name)));
  }

  /** A partition has more: named as a track. */
  async wake(track: string): Promise<void> {
    this.#host.wake(track);
  }

  offsetsMoved(moved: MovedOffsets): Promise<void> {
    return this.#host.offsetsMoved(moved);
  }

  /** Whoever pulls looks at the topics each time. */
  async topicsChanged(): Promise<void> {
    if (this.#pull.exists) return;
    this.#host.topicsChanged();
    await this.ctx.storage.setAlarm(Date.now() + CHANGE_ALARM_MS);
  }

  override async alarm(): Promise<void> {
    this.#host.alarm();
  }

  get #name(): string {
    return this.ctx.id.name ?? "";
  }

  #refuseIfPulled(asked: string): Failure | null {
    return this.#pull.exists ? isPulledFrom(this.#name, asked) : null;
  }
}
