// Share groups over a broker in memory, for the listeners' tests: the use cases and the coordinators as they are, each object an object.

import type * as Ports from "../../src/broker/ports.ts";
import type { ShareContext } from "../../src/broker/share-context.ts";
import { ShareGroupCache } from "../../src/broker/share-group-cache.ts";
import { createShareGroups, type ShareGroups } from "../../src/broker/share-groups.ts";
import { SharedRecords } from "../../src/broker/shared-records.ts";
import { type Failure, failure, isFailure } from "../../src/common/errors.ts";
import { readGroupConfigs } from "../../src/common/group-configs.ts";
import { startQuery } from "../../src/common/share-start.ts";
import { ShareGroupCoordinator } from "../../src/coordinator/share-group.ts";
import { SharePartitionCoordinator } from "../../src/coordinator/share-partition-coordinator.ts";
import { MemoryShareGroupStore } from "../../src/storage/memory-share-group-store.ts";
import { MemorySharePartitionStore } from "../../src/storage/memory-share-partition-store.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import type { MemoryPartition } from "./memory-partition.ts";
import { plainCodec } from "./plain-batches.ts";

interface SharePartitionTwin {
  readonly coordinator: SharePartitionCoordinator;
  readonly watches: Set<MemoryShareWatch>;
}

export class MemoryShareGroups {
  readonly context: ShareContext;
  readonly groups: ShareGroups;
  readonly #world: MemoryShareWorld;

  constructor(broker: MemoryBroker) {
    this.#world = new MemoryShareWorld(broker);
    this.context = {
      ports: this.#world.ports,
      topics: { topic: async (name) => broker.topics.get(name)?.metadata ?? null, invalidate: () => {} },
      codec: plainCodec,
      sharedRecords: new SharedRecords(Date.now),
      shareGroups: new ShareGroupCache(Date.now),
      now: Date.now,
      random: () => 0,
    };
    this.groups = createShareGroups(this.context);
  }

  /** Pulls and fetches that wait, once for each of their partitions. */
  get watchCount(): number {
    return this.#world.watchCount;
  }

  /** As its object: what is asked of it by the subscription that it belongs to. */
  coordinator(groupId: string): ShareGroupCoordinator {
    return this.#world.group(groupId);
  }
}

class MemoryShareWorld {
  readonly #broker: MemoryBroker;
  readonly #listed = new Set<string>();
  readonly #groups = new Map<string, ShareGroupCoordinator>();
  readonly #partitions = new Map<string, SharePartitionTwin>();
  #tokens = 0;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  readonly ports = {
    cluster: { listShareGroups: async () => ({ groupIds: [...this.#listed].sort(), nextCursor: null }) },
    partition: (topicId: string, partition: number) => this.#logPort(topicId, partition),
    shareGroup: (groupId: string) => this.#groupPort(this.group(groupId)),
    sharePartition: (groupUuid: string, topicId: string, partition: number) =>
      this.#sharePort(this.#sharePartition(groupUuid, topicId, partition)),
    subscription: (name: string) => this.#broker.subscription(name),
  } as unknown as Ports.Ports;

  get watchCount(): number {
    return [...this.#partitions.values()].reduce((sum, { watches }) => sum + watches.size, 0);
  }

  group(groupId: string): ShareGroupCoordinator {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new ShareGroupCoordinator(new MemoryShareGroupStore(), {
        randomUuid: () => crypto.randomUUID(),
        register: async (id) => {
          this.#listed.add(id);
          return null;
        },
        unregister: async (id) => void this.#listed.delete(id),
        openPartition: (address) => this.#sharePartition(address.groupUuid, address.topicId, address.partition).coordinator.open(address),
        destroyPartition: (groupUuid, topicId, partition) => this.#sharePartition(groupUuid, topicId, partition).coordinator.destroy(),
        forgetPartition: (groupUuid, topicId, partition) => this.#sharePartition(groupUuid, topicId, partition).coordinator.forget(),
        ringLater: () => {},
        now: Date.now,
        config: readGroupConfigs(null),
        topics: { topicsNamed: async () => this.#topics(), allTopics: async () => this.#topics() },
      });
      this.#groups.set(groupId, group);
    }
    return group;
  }

  #topics() {
    return [...this.#broker.topics.values()].map(({ metadata }) => metadata);
  }

  #sharePartition(groupUuid: string, topicId: string, partition: number): SharePartitionTwin {
    const name = `${groupUuid}/${topicId}/${partition}`;
    let twin = this.#partitions.get(name);
    if (twin === undefined) {
      const watches = new Set<MemoryShareWatch>();
      const coordinator = new SharePartitionCoordinator(new MemorySharePartitionStore(), {
        now: Date.now,
        newToken: () => ++this.#tokens,
        confirmGroup: async (address) => this.group(address.groupId).confirm(address.groupUuid),
        initialOffset: async ({ settings }) => {
          const log = this.#log(topicId, partition);
          if (isFailure(log)) return log;
          const { offset, highWatermark } = log.offset(startQuery(settings.autoOffsetReset, Date.now()));
          return offset < 0 ? highWatermark : offset;
        },
        ringBy: () => {},
        tell: () => {
          for (const watch of watches) watch.tell();
        },
        tellAll: () => {
          for (const watch of watches) watch.tell();
        },
        newProducerId: async () => 0,
        writeDeadLetters: async () => failure("BROKER_NOT_AVAILABLE", "nothing rings here"),
        broken: (error) => {
          throw error;
        },
      });
      twin = { coordinator, watches };
      this.#partitions.set(name, twin);
    }
    return twin;
  }

  #log(topicId: string, partition: number): MemoryPartition | Failure {
    const topic = [...this.#broker.topics.values()].find(({ metadata }) => metadata.topicId === topicId);
    return topic?.partitions[partition] ?? failure("UNKNOWN_TOPIC_ID", `There is no topic ${topicId}.`);
  }

  #logPort(topicId: string, partition: number) {
    const log = (): MemoryPartition => this.#log(topicId, partition) as MemoryPartition;
    return {
      read: async ({ start, maxBytes }: Ports.ReadRequest) => log().read(start, maxBytes),
      offset: async (_: Ports.PartitionAddress, query: Ports.OffsetQuery) => log().offset(query),
      watch: async () => new MemoryLogWatch(log()),
    };
  }

  #groupPort(group: ShareGroupCoordinator): Ports.ShareGroupPort {
    return {
      view: async () => group.view(),
      ensure: (id, settings) => group.ensure(id, settings),
      configure: (id, settings) => group.configure(id, settings),
      subscribe: (groupUuid, topic) => group.subscribe(groupUuid, topic),
      confirm: async (groupUuid) => group.confirm(groupUuid),
      delete: (id) => group.delete(id),
      deleteOffsets: (id, topicIds) => group.deleteOffsets(id, topicIds),
      heartbeat: (request) => group.heartbeat(request),
      members: async () => group.members(),
    };
  }

  #sharePort({ coordinator, watches }: SharePartitionTwin): Ports.SharePartitionPort {
    return {
      acquire: (request) => coordinator.acquire(request),
      next: (address) => coordinator.next(address),
      settle: (request) => coordinator.settle(request),
      acknowledge: (request) => coordinator.acknowledge(request),
      release: (token) => coordinator.release(token),
      reset: (address, offset) => coordinator.reset(address, offset),
      describe: async () => coordinator.describe(),
      watch: async () => {
        const watch = new MemoryShareWatch(() => watches.delete(watch));
        watches.add(watch);
        return watch;
      },
    };
  }
}

class MemoryLogWatch implements Ports.PartitionWatch {
  isOpen = true;
  readonly #log: MemoryPartition;

  constructor(log: MemoryPartition) {
    this.#log = log;
  }

  async past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.#log.highWatermark <= offset && this.isOpen && !signal?.aborted && Date.now() < deadlineMs) {
      await this.#log.changed(deadlineMs - Date.now(), signal); // also where another watch is closed
    }
    return this.#log.highWatermark > offset || !this.isOpen;
  }

  close(): void {
    this.isOpen = false;
    this.#log.wake();
  }
}

class MemoryShareWatch implements Ports.ShareWatch {
  isOpen = true;
  endOffset = 0;
  readonly #closed: () => void;
  #wake = Promise.withResolvers<void>();

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  tell(): void {
    this.endOffset += 1;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  async past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, timeoutMs);
    signal?.addEventListener("abort", () => over.resolve());
    while (this.endOffset <= offset && this.isOpen && !signal?.aborted) {
      const isWoken = await Promise.race([this.#wake.promise.then(() => true), over.promise.then(() => false)]);
      if (!isWoken) break;
    }
    clearTimeout(timer);
    return this.endOffset > offset || !this.isOpen;
  }

  close(): void {
    this.isOpen = false;
    this.#wake.resolve();
    this.#closed();
  }
}
