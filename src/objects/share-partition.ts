// The share partition object: hands out the records of one partition to one share group, named in names.ts. Its methods are
// SharePartitionPort's (src/broker/ports.ts), called over RPC. It reads the log for one thing only, dead letters: what it hands out are
// offsets, and whoever gets them reads the records.

import { DurableObject } from "cloudflare:workers";
import type {
  AcknowledgeRequest,
  AcquiredRecords,
  AcquireRequest,
  NextRecords,
  SettleRequest,
  SharePartitionAddress,
  SharePartitionDescription,
} from "../broker/ports.ts";
import { createDeadLetterWriter } from "../broker/share-dead-letters.ts";
import { type Failure, isFailure } from "../common/errors.ts";
import { startQuery } from "../common/share-start.ts";
import { newToken } from "../common/token.ts";
import { SharePartitionCoordinator } from "../coordinator/share-partition-coordinator.ts";
import type { Env } from "../env.ts";
import { SqliteSharePartitionStore } from "../storage/sqlite-share-partition-store.ts";
import { brokerState } from "./broker-state.ts";
import { EarlyAlarm } from "./early-alarm.ts";
import { createPorts } from "./ports.ts";
import { ShareWatchers } from "./share-watchers.ts";

export class SharePartitionObject extends DurableObject<Env> {
  readonly #coordinator: SharePartitionCoordinator;
  readonly #watchers: ShareWatchers;
  /** There once the constructor's work is done, which every call waits for. */
  #alarm!: EarlyAlarm;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    const ports = createPorts(env, (work) => context.waitUntil(work));
    this.#watchers = new ShareWatchers(context);
    this.#coordinator = new SharePartitionCoordinator(new SqliteSharePartitionStore(context.storage), {
      now: Date.now,
      newToken,
      confirmGroup: ({ groupId, groupUuid }) => ports.shareGroup(groupId).confirm(groupUuid),
      initialOffset: async ({ topicId, partition, topicVersion, settings }) => {
        const address = { topicId, partition, topicVersion };
        const found = await ports
          .partition(topicId, partition)
          .offset(address, startQuery(settings.autoOffsetReset, Date.now()), settings.isolation);
        if (isFailure(found)) return found;
        return found.offset < 0 ? found.highWatermark : found.offset; // no record so late: the end
      },
      ringBy: (atMs) => this.#alarm.ringBy(atMs),
      tell: () => this.#watchers.tell(),
      tellAll: () => this.#watchers.tellAll(),
      newProducerId: () => brokerState.producerIds.next(() => ports.cluster.allocateProducerIds()),
      writeDeadLetters: createDeadLetterWriter(ports, brokerState),
      broken: (error) => context.abort(`the share partition could not be stored: ${error}`),
    });
    context.blockConcurrencyWhile(async () => {
      const { storage } = context;
      this.#alarm = new EarlyAlarm(await storage.getAlarm(), (atMs) => context.waitUntil(storage.setAlarm(atMs)));
    });
  }

  open(address: SharePartitionAddress): Promise<null | Failure> {
    return this.#coordinator.open(address);
  }

  acquire(request: AcquireRequest): Promise<AcquiredRecords | Failure> {
    return this.#coordinator.acquire(request);
  }

  next(address: SharePartitionAddress): Promise<NextRecords | Failure> {
    return this.#coordinator.next(address);
  }

  settle(request: SettleRequest): Promise<readonly (null | Failure)[] | Failure> {
    return this.#coordinator.settle(request);
  }

  acknowledge(request: AcknowledgeRequest): Promise<null | Failure> {
    return this.#coordinator.acknowledge(request);
  }

  release(token: number): Promise<null | Failure> {
    return this.#coordinator.release(token);
  }

  reset(address: SharePartitionAddress, offset: number): Promise<null | Failure> {
    return this.#coordinator.reset(address, offset);
  }

  async describe(): Promise<SharePartitionDescription | null> {
    return this.#coordinator.describe();
  }

  /** Forgets everything, for good: its group is deleted. A repeat changes nothing. */
  async destroy(): Promise<void> {
    this.#watchers.closeAll();
    await this.#coordinator.destroy();
    this.#alarm.isGone();
  }

  /** Forgets everything, and begins anew for whoever asks next. */
  async forget(): Promise<void> {
    await this.#coordinator.forget();
    this.#alarm.isGone();
    this.#watchers.closeAll(); // whoever waits asks again
  }

  /** Accepts a watcher's socket (share-watchers.ts). */
  override async fetch(request: Request): Promise<Response> {
    return this.#watchers.accept(new URL(request.url).searchParams.has("counting"));
  }

  /** A watcher says nothing that matters. */
  override webSocketMessage(): void {}

  /** It may have been told of records that it did not come for. */
  override webSocketClose(socket: WebSocket): void {
    socket.close();
    this.#coordinator.tellIfReady();
  }

  override async alarm(): Promise<void> {
    this.#alarm.isGone();
    await this.#coordinator.ring();
  }
}
