// A consumer group under test: a clock that only moves when it is told to, topics that the test makes, and stores whose content outlives the
// coordinator. Members are clients that do as the protocol says.

import { failure, isFailure } from "../../src/common/errors.ts";
import { type GroupConfig, readGroupConfigs } from "../../src/common/group-configs.ts";
import type { JoinGroupRequest } from "../../src/coordinator/classic-messages.ts";
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer, TopicPartitions } from "../../src/coordinator/consumer-messages.ts";
import { GroupCoordinator, type Schedule } from "../../src/coordinator/group-coordinator.ts";
import type { ImageTopic } from "../../src/coordinator/topic-image.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../../src/protocol/messages/consumer-protocol.ts";
import { decodeVersioned, encodeVersioned } from "../../src/protocol/versioned.ts";
import { MemoryConsumerStore } from "../../src/storage/memory-consumer-store.ts";
import { MemoryGroupConfigStore } from "../../src/storage/memory-group-config-store.ts";
import { MemoryGroupStore } from "../../src/storage/memory-group-store.ts";
import { MemoryOffsetStore } from "../../src/storage/memory-offset-store.ts";
import { MemoryPendingOffsetStore } from "../../src/storage/memory-pending-offset-store.ts";
import { joinRequest } from "./classic-group.ts";

export const REBALANCE_MS = 60_000;

/** A topic, its id made of its name. */
export function aTopic(name: string, partitionCount: number): ImageTopic {
  return { name, topicId: `id of ${name}`, partitionCount };
}

export function joinHeartbeat(changes: Partial<ConsumerHeartbeat> = {}): ConsumerHeartbeat {
  return {
    groupId: "g",
    memberId: "m",
    memberEpoch: 0,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: REBALANCE_MS,
    clientId: "client",
    clientHost: "/",
    subscribedTopicNames: ["orders"],
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: [],
    ...changes,
  };
}

/** A heartbeat that says nothing new. */
export function idleHeartbeat(memberId: string, memberEpoch: number, changes: Partial<ConsumerHeartbeat> = {}): ConsumerHeartbeat {
  const nothing = { rebalanceTimeoutMs: -1, subscribedTopicNames: null, topicPartitions: null };
  return joinHeartbeat({ memberId, memberEpoch, ...nothing, ...changes });
}

export function classicSubscription(
  topics: readonly string[],
  owned: { topic: string; partitions: number[] }[] = [],
  version = 1,
): ArrayBuffer {
  const bytes = encodeVersioned(consumerProtocolSubscription, version, { topics: [...topics], userData: null, ownedPartitions: owned });
  return bytes.slice().buffer as ArrayBuffer;
}

export function classicJoin(topics: readonly string[], changes: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
  return joinRequest({
    protocols: [{ name: "range", metadata: classicSubscription(topics) }],
    rebalanceTimeoutMs: REBALANCE_MS,
    ...changes,
  });
}

/** "topic/partition" of each. */
export function readClassicAssignment(assignment: ArrayBuffer): string[] {
  const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, new Uint8Array(assignment));
  return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}/${partition}`)).sort();
}

/** "topic/partition" of each; ids are those of `aTopic`. */
export function names(partitions: readonly TopicPartitions[] | null): string[] {
  return (partitions ?? []).flatMap(({ topicId, partitions: numbers }) => numbers.map((n) => `${topicId.slice(6)}/${n}`)).sort();
}

export class ConsumerBench {
  nowMs = 1_000_000;
  readonly offsets = new MemoryOffsetStore();
  readonly members = new MemoryGroupStore();
  readonly consumers = new MemoryConsumerStore();
  readonly configs = new MemoryGroupConfigStore();
  readonly topics = new Map<string, ImageTopic>();
  /** How often the cluster was asked for topics. */
  topicLoads = 0;
  isClusterDown = false;
  /** How often something was stored. */
  writes = 0;
  readonly config: GroupConfig;
  schedule: Schedule | null = null;
  group: GroupCoordinator;
  #lastId = 0;

  constructor(configs: Record<string, string> = {}, ...topics: ImageTopic[]) {
    this.config = readGroupConfigs(JSON.stringify({ "group.initial.rebalance.delay.ms": "0", ...configs }));
    for (const topic of topics) this.topics.set(topic.name, topic);
    const write = this.consumers.write.bind(this.consumers);
    this.consumers.write = (change) => {
      this.writes += 1;
      write(change);
    };
    this.group = this.start();
  }

  /** The coordinator loses its memory; with a `sleep` before, it knows the sessions afterwards. */
  restart({ isAsleep = false } = {}): void {
    if (isAsleep) this.group.sleep();
    this.group = this.start();
    this.schedule = this.group.schedule;
  }

  async advance(ms: number): Promise<void> {
    this.nowMs += ms;
    if ((this.schedule?.deadlineMs ?? Infinity) <= this.nowMs) await this.group.expire();
  }

  heartbeat(request: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer> {
    return this.group.consumerHeartbeat(request);
  }

  /** Of a member that is in the group, and says nothing new. */
  async beat(memberId: string, memberEpoch: number, changes: Partial<ConsumerHeartbeat> = {}) {
    const answer = await this.heartbeat(idleHeartbeat(memberId, memberEpoch, changes));
    if (isFailure(answer)) throw new Error(`${answer.error}: ${answer.detail}`);
    return { epoch: answer.memberEpoch, assignment: answer.assignment && names(answer.assignment) };
  }

  async join(changes: Partial<ConsumerHeartbeat> = {}) {
    const answer = await this.heartbeat(joinHeartbeat(changes));
    if (isFailure(answer)) throw new Error(`${answer.error}: ${answer.detail}`);
    return { memberId: answer.memberId, epoch: answer.memberEpoch, assignment: names(answer.assignment) };
  }

  start(): GroupCoordinator {
    const load = (wanted: (name: string) => boolean) => async () => {
      this.topicLoads += 1;
      if (this.isClusterDown) throw new Error("down");
      return [...this.topics.values()].filter(({ name }) => wanted(name));
    };
    const register = {
      registerGroup: async () => null,
      unregisterGroup: async () => undefined,
      topicsNamed: (asked: readonly string[]) => load((name) => asked.includes(name))(),
      allTopics: load(() => true),
    };
    const { offsets, members, consumers, configs } = this;
    return new GroupCoordinator({ offsets, members, consumers, configs, pending: new MemoryPendingOffsetStore() }, register, {
      verifyTransaction: async () => failure("INVALID_TXN_STATE", "there are no transactions here"),
      now: () => this.nowMs,
      randomId: () => `made-${++this.#lastId}`,
      config: this.config,
      schedule: (schedule) => {
        this.schedule = schedule;
      },
      cleared: () => undefined,
      broken: (error) => {
        throw error;
      },
    });
  }
}
