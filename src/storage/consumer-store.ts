// What a group object remembers of a consumer group (KIP-848): its epochs, the topics that its members subscribe to, and each member with
// what it is to have and what it has. Members are stored one by one: a change costs what has changed. Calls are synchronous, as SQLite is
// in a Durable Object.

import type { StoredProtocol } from "./group-store.ts";

export interface StoredConsumerGroup {
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  /** Since when it has no members (ms since the epoch), or null. */
  readonly emptySinceMs: number | null;
}

export interface StoredTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitionCount: number;
}

/** What the members' topics were when they were last looked at. */
export interface StoredTopics {
  readonly names: readonly string[];
  readonly patterns: readonly string[];
  readonly topics: readonly StoredTopic[];
}

/** [topic id, partitions] */
export type StoredPartitions = readonly (readonly [string, readonly number[]])[];

/** [topic id, [partition, the epoch in which it was assigned]] */
export type StoredOwned = readonly (readonly [string, readonly (readonly [number, number])[]])[];

export interface StoredConsumer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly names: readonly string[];
  readonly pattern: string | null;
  readonly serverAssignor: string | null;
  /** Of a member that speaks the classic protocol, or null. */
  readonly protocols: readonly StoredProtocol[] | null;
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly state: "Stable" | "UnrevokedPartitions" | "UnreleasedPartitions";
  readonly assigned: StoredOwned;
  readonly revoking: StoredOwned;
  readonly target: StoredPartitions;
  /** ms since the epoch, or null */
  readonly rebalanceDeadlineMs: number | null;
}

/** What has changed; a part that is absent has not. */
export interface ConsumerWrite {
  readonly group?: StoredConsumerGroup;
  readonly topics?: StoredTopics;
  readonly members: readonly StoredConsumer[];
  /** Member ids. */
  readonly removed: readonly string[];
}

export interface ConsumerStore {
  /** null: there is no consumer group. Members are in the order in which they came. */
  load(): { readonly group: StoredConsumerGroup; readonly topics: StoredTopics; readonly members: readonly StoredConsumer[] } | null;
  /** All or, when it throws, nothing. The first write has all three parts. */
  write(change: ConsumerWrite): void;
  /** Forgets all of it; repeats cost nothing. */
  clear(): void;
}
