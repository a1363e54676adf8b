// A partition as the use cases need it, and the archive behind its oldest segments.

import type { Failure } from "../../common/errors.ts";
import type { OnceKey } from "../../log/once.ts";
import type { ProducerDescription, Unverified } from "../../log/producer-state.ts";
import type { TxnMarker } from "../../log/txn-marker.ts";
import type { AbortedTransaction } from "../../record/aborted-batches.ts";

export type { AbortedTransaction, OnceKey, ProducerDescription, TxnMarker, Unverified };

/** Names a partition's log for good: a topic made again has another topic id, and so other partitions. */
export interface PartitionAddress {
  readonly topicId: string;
  readonly partition: number;
  /** TopicMetadata.version as the caller knows it: a partition that knows an older one reads its topic's configs again. */
  readonly topicVersion: number;
}

/** Where a fetch starts. `last` counts records back from the end; a timestamp means the first record at or after it (ms). */
export type FetchStart = number | "earliest" | "latest" | { readonly last: number } | { readonly timestamp: number };

export type IsolationLevel = "read_committed" | "read_uncommitted";

export interface AppendRequest extends PartitionAddress {
  /** One or more record batches, validated by the caller (src/wasm/record-batches.ts): written all or none. */
  readonly batches: ArrayBuffer;
  /** The guard of Unverified, once the transaction's coordinator has confirmed it (KIP-890). */
  readonly verification?: number;
  /** The transaction has an epoch of its own (KIP-890, part 2): its first batch in a partition has sequence 0. */
  readonly hasOwnEpoch?: boolean;
  /** Written once within its window: a repeat is answered with the first one's offset. Of a run of one record, without a producer id. */
  readonly once?: OnceKey;
}

export interface AppendResult {
  /** Of the first record; of the first write when the producer repeated itself. */
  readonly baseOffset: number;
  /** What `once` names was there already. */
  readonly isRepeat?: true;
  /** When topic configs say LogAppendTime: the time written (ms), else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly leaderEpoch: number;
}

export interface ReadRequest extends PartitionAddress {
  readonly start: FetchStart;
  /** Soft: the first batch comes whole even if it is larger. */
  readonly maxBytes: number;
  /** Soft: no further batch once this many records at or after the start are there. */
  readonly maxRecords?: number;
  readonly isolation: IsolationLevel;
}

/** The offsets of a partition, as every answer about it carries them. */
export interface LogOffsets {
  readonly logStartOffset: number;
  /** Exclusive: the next offset to be written and durable. */
  readonly highWatermark: number;
  /** Exclusive: everything below is decided. */
  readonly lastStableOffset: number;
  readonly leaderEpoch: number;
}

export interface ReadResult extends LogOffsets {
  /** The start as an offset. */
  readonly startOffset: number;
  /** Where the next read goes on: after the last batch here, or startOffset when there is none. */
  readonly nextOffset: number;
  /** Whole batches; the first may begin before startOffset. */
  readonly batches: ArrayBuffer;
  /** With read_committed: those that have batches here, by their first offsets. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
}

/** The batches asked for are in a segment that only the archive has: the edge reads them there. */
export interface ArchivedRead extends LogOffsets {
  readonly startOffset: number;
  readonly archived: {
    /** Of the segment's object. */
    readonly key: string;
    /** Of a batch at or before the one with startOffset. */
    readonly position: number;
    /** Exclusive: behind a batch at or after the one with the last of the records asked for. */
    readonly endPosition: number;
    /** Of the whole segment. */
    readonly sizeBytes: number;
    /** Exclusive. */
    readonly endOffset: number;
    /** Exclusive: batches from here on are not for this read. */
    readonly readableEndOffset: number;
  };
  /** With read_committed: those that may have batches before `readableEndOffset`, by their first offsets. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
}

/** An offset out of range tells the range. */
export interface ReadFailure extends Failure {
  readonly offsets?: LogOffsets;
}

/** Kafka's ListOffsets. `maxTimestamp` is the record with the largest timestamp. */
export type OffsetQuery = "earliest" | "latest" | "maxTimestamp" | { readonly timestamp: number };

export interface OffsetResult extends LogOffsets {
  /** -1: no record at or after the timestamp. */
  readonly offset: number;
  /** Of the record found (ms), -1 where Kafka gives none (earliest, latest, not found). */
  readonly timestamp: number;
}

export interface PartitionDescription extends LogOffsets {
  readonly partition: number;
  readonly sizeBytes: number;
}

/**
 * A wait for records that a reader may see: up to the high watermark, or the last stable offset with read_committed. One open watch
 * lets an idle partition hibernate, however long it lasts.
 */
export interface PartitionWatch {
  /** false once the partition, or the way to it, is gone. */
  readonly isOpen: boolean;
  /**
   * Resolves true once that end is above `offset` or the watch is not open any more, false after `timeoutMs` or when the
   * signal aborts.
   */
  past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** A subscription that is to be woken when a partition has more than it has seen. */
export interface WakeRequest {
  readonly subscription: string;
  readonly pastOffset: number;
  /** Not to be forgotten when the partition is put out of memory. */
  readonly isDurable: boolean;
}

export interface PartitionPort {
  /**
   * Batches that would begin a transaction are refused with Unverified: ask its coordinator (`TransactionPort.verify`), and append them
   * again with the guard.
   */
  append(request: AppendRequest): Promise<AppendResult | Failure | Unverified>;
  /**
   * Ends transactions in the partition: one entry for each marker, in order, null or why it was not written
   * (TRANSACTION_COORDINATOR_FENCED, INVALID_PRODUCER_EPOCH). A marker that changes nothing is answered null and not written.
   */
  writeTxnMarkers(address: PartitionAddress, markers: readonly TxnMarker[]): Promise<readonly (null | Failure)[] | Failure>;
  /** The producers that the partition remembers, by producer id. */
  describeProducers(address: PartitionAddress): Promise<readonly ProducerDescription[] | Failure>;
  read(request: ReadRequest): Promise<ReadResult | ArchivedRead | ReadFailure>;
  offset(address: PartitionAddress, query: OffsetQuery, isolation: IsolationLevel): Promise<OffsetResult | Failure>;
  describe(address: PartitionAddress): Promise<PartitionDescription | Failure>;
  watch(address: PartitionAddress, isolation: IsolationLevel): Promise<PartitionWatch | Failure>;
  /** Deletes the records before an offset; -1 stands for the high watermark. One below the log start changes nothing. */
  truncate(address: PartitionAddress, beforeOffset: number): Promise<LogOffsets | ReadFailure>;
  /** @returns the high watermark; above the offset of the request nothing was arranged */
  arm(address: PartitionAddress, request: WakeRequest): Promise<number | Failure>;
  /** Segments in the order of their offsets: a page of them, all where no page is named. */
  segments(address: PartitionAddress, page?: SegmentPage): Promise<readonly SegmentDescription[] | Failure>;
}

export interface SegmentPage {
  /** From the segment that holds this offset on, or the last before it where none does. */
  readonly fromOffset: number;
  readonly limit: number;
}

/** A segment as its manifest tells it. */
export interface SegmentDescription {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** ms, -1 where its records have no timestamps */
  readonly maxTimestamp: number;
  readonly place: "active" | "local" | "both" | "archived" | "deleting";
  readonly createdAtMs: number;
  /** -1 while it is active. */
  readonly sealedAtMs: number;
  /** Of all its bytes; null until it is archived. */
  readonly crc32c: number | null;
  /** Key of its log object; null where it is not archived. */
  readonly key: string | null;
  /** The same bytes as long as this is the same: how often it was compacted. */
  readonly generation: number;
  /** Its records were compacted: offsets may be missing. */
  readonly isCompacted: boolean;
}

export interface ArchivePort {
  /**
   * Bytes of an object from `position` on, fewer at its end; null where there is no such object. Objects never change.
   * @param isUncached true: from the archive itself, past any cache
   */
  read(key: string, position: number, length: number, isUncached?: boolean): Promise<ArrayBuffer | null>;
}
