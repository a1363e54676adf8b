// What a share partition remembers (one partition of a topic, as one share group consumes it): how far it has taken records from the log,
// and each record of those that is not decided yet. A record between the two ends that is not here was acknowledged or archived, or
// never was. Calls are synchronous, as SQLite is in a Durable Object.
//
// Invariant: blocks do not overlap, and no offset is in two of them.

import type { ShareSettings } from "../common/share-settings.ts";

/** Kafka's numbers (org.apache.kafka.server.share.fetch.RecordState); stored, never renumber. The other two are not stored. */
export const AVAILABLE = 0;
export const ACQUIRED = 1;
/** Given up: on its way to the dead-letter topic. */
export const ARCHIVING = 3;
export type StoredShareState = typeof AVAILABLE | typeof ACQUIRED | typeof ARCHIVING;

/** Why a record was given up; stored, never renumber. */
export const NOT_GIVEN_UP = 0;
export const REJECTED = 1;
export const DELIVERED_TOO_OFTEN = 2;
export type GivenUpReason = typeof NOT_GIVEN_UP | typeof REJECTED | typeof DELIVERED_TOO_OFTEN;

export interface StoredShareRecord {
  readonly offset: number;
  /** 32 bits signed; null: the record has no key. */
  readonly keyHash: number | null;
  /** Of its key, value and headers. */
  readonly sizeBytes: number;
  readonly state: StoredShareState;
  readonly deliveryCount: number;
  readonly reason: GivenUpReason;
  /** ACQUIRED: when its lease ends. AVAILABLE: when it may be delivered (ms since the epoch). */
  readonly atMs: number;
  /** Who holds it: of the acquisition that it is part of, 53 bits at random; 0 where nobody does. */
  readonly token: number;
}

export interface StoredShareBlock {
  /** For its life: the first offset that it ever had. */
  readonly blockId: number;
  /** By offset. */
  readonly records: readonly StoredShareRecord[];
}

/** The producer by which dead letters are written once, whatever breaks. */
export interface StoredDeadLetterProducer {
  readonly topic: string;
  readonly producerId: number;
  /** Of the next record. */
  readonly sequence: number;
  /** Offsets of those that are on their way, and may have arrived: the next try sends the same. */
  readonly sending: readonly number[] | null;
}

export interface ShareCounters {
  readonly acknowledged: number;
  /** Given up, or gone from the log before they were decided; those written to the dead-letter topic included. */
  readonly archived: number;
  readonly deadLettered: number;
}

/** Names a share partition. */
export interface SharePartitionId {
  readonly groupId: string;
  /** UUID. A group made again under an id has another one. */
  readonly groupUuid: string;
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
}

export interface StoredSharePartition extends SharePartitionId {
  readonly settings: ShareSettings;
  readonly settingsVersion: number;
  /** Exclusive: records from here on were not taken from the log yet. */
  readonly endOffset: number;
  readonly counters: ShareCounters;
  readonly deadLetters: StoredDeadLetterProducer | null;
}

export interface SharePartitionChange {
  readonly partition: StoredSharePartition;
  readonly blocks: readonly StoredShareBlock[];
  readonly removedBlocks: readonly number[];
}

export interface SharePartitionStore {
  /** null: nothing was stored. */
  partition(): StoredSharePartition | null;
  /** By offset. */
  blocks(): StoredShareBlock[];
  /** All or none. */
  write(change: SharePartitionChange): void;
  /** Forgets all of it, any alarm of the object included. */
  clear(): Promise<void>;
}
