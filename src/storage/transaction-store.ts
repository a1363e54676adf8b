// What a transaction object remembers: one transactional id, its producer, and what its transaction has touched and must still be told
// (Kafka's TransactionMetadata). Calls are synchronous, as SQLite is in a Durable Object.
//
// Invariant: a store that was only read has written nothing.

import type { TransactionState } from "../common/transaction-states.ts";

/** Partitions of one topic that a transaction has touched. */
export interface TransactionTopic {
  readonly topicId: string;
  readonly topic: string;
  /** Of the topic's metadata when a partition was added. */
  readonly topicVersion: number;
  /** Ascending. */
  readonly partitions: readonly number[];
}

export interface StoredTransaction {
  readonly transactionalId: string;
  readonly state: TransactionState;
  readonly producerId: number;
  /** -1 until the first is given out. */
  readonly producerEpoch: number;
  /** What the producer had before, should it not have got the answer and ask again (KIP-360); -1: nothing that still counts. */
  readonly lastProducerId: number;
  readonly lastProducerEpoch: number;
  /** What the producer has once the decision is complete, where it ends the last epoch of its id (KIP-890, part 2); else -1. */
  readonly nextProducerId: number;
  /** How long a transaction may be open (transaction.timeout.ms of the producer). */
  readonly timeoutMs: number;
  /** Transactions begun so far, this one included: tells one from the next under the same epoch. */
  readonly transactionNumber: number;
  /** Rises with each new try to write the markers: a marker of an earlier try that comes late is refused by the partition. */
  readonly coordinatorEpoch: number;
  /** Touched by the transaction; from its decision on, those that have not heard of it. */
  readonly topics: readonly TransactionTopic[];
  /** Groups whose offsets are part of the transaction; from its decision on, those that have not heard of it. */
  readonly groups: readonly string[];
  /** When the last transaction began (ms since the epoch), -1 before the first. */
  readonly startedAtMs: number;
  /** When a producer or the coordinator last changed something (ms since the epoch): expiration counts from it. */
  readonly updatedAtMs: number;
}

export interface TransactionStore {
  /** null: there is none. */
  transaction(): StoredTransaction | null;
  put(transaction: StoredTransaction): void;
  /** Forgets all of it, any alarm of the object included. */
  clear(): Promise<void>;
}
