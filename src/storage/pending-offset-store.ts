// What a group object remembers of offsets that were committed inside transactions and are not decided: visible to nobody, and kept
// beside the committed ones until the transaction ends. Calls are synchronous, as SQLite is in a Durable Object.
//
// Invariants: a producer has one offset for a partition, its last; all offsets of a producer are of one transaction. An offset is
// superseded once the partition's committed offset is newer than it: then it never becomes visible (Kafka's
// CommitRecordMetadataAndOffset.olderThan, by position in the log).

import type { StoredOffset } from "./offset-store.ts";

export interface PendingTransaction {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly transactionNumber: number;
}

export interface PendingOffset extends StoredOffset {
  readonly isSuperseded: boolean;
}

/** Names a partition of a topic. */
export type PartitionKey = Pick<StoredOffset, "topicId" | "topic" | "partition">;

export interface PendingOffsetStore {
  /** No offset of any producer waits. */
  isEmpty(): boolean;
  /** The transaction that this producer's offsets are of, or null where it has none. */
  transactionOf(producerId: number): PendingTransaction | null;
  /** Adds to the offsets of the transaction, behind all others. Of two for one partition the later stays. */
  put(transaction: PendingTransaction, offsets: readonly StoredOffset[]): void;
  /** In the order in which they were put. */
  offsetsOf(producerId: number): PendingOffset[];
  remove(producerId: number): void;
  /** Those of these partitions are superseded; with `producerId`, those that were put before this producer's. */
  supersede(partitions: readonly PartitionKey[], producerId?: number): void;
  /** With an offset that waits, each once, in the order of topic name, topic id and partition. */
  partitions(): PartitionKey[];
  /** Forgets all of them. */
  clear(): void;
}
