// What the log needs done inside a batch, where only the core looks (src/wasm).

import type { TxnMarker } from "./txn-marker.ts";

/** A record's place by time. */
export interface TimestampedOffset {
  readonly offset: number;
  /** ms */
  readonly timestamp: number;
}

export interface RecordTools {
  /** The first record of a batch at or after `fromOffset` with a timestamp at or above `timestamp` (ms), null where there is none. */
  firstAtOrAfter(batch: Uint8Array, timestamp: number, fromOffset: number): TimestampedOffset | null;
  /** Whether a batch's CRC holds. */
  isIntact(batch: Uint8Array): boolean;
  /** The CRC-32C of bytes that follow those whose CRC is `seed`. */
  crc32c(bytes: Uint8Array, seed: number): number;
  /** Makes a batch one of LogAppendTime, in place, and its CRC right again. */
  setLogAppendTime(batch: Uint8Array, timestampMs: number): void;
  /** The control batch that ends a transaction; its offset is for the log to set. */
  encodeMarker(marker: TxnMarker, timestampMs: number): ArrayBuffer;
  /** What a control batch says, null where compaction emptied it, or where it is of a type that says nothing of transactions. */
  markerIn(batch: Uint8Array): TxnMarker | null;
}

/** Positions between which some batches of a segment are. */
export interface IndexedRange {
  /** Of the last indexed batch that ends before them or with the first of their offsets, 0 where there is none. */
  readonly position: number;
  /** Exclusive: of an indexed batch behind them; null where none is. */
  readonly endPosition: number | null;
}

/** Relative offsets between which a record lies, both inclusive. */
export interface IndexedOffsets {
  readonly first: number;
  readonly last: number;
}

/** Searches in a segment's indexes (index-builder.ts draws them). */
export interface IndexSearch {
  /** Where the batches with the offsets from `first` to `last` (relative; null: the segment's last) are. */
  rangeOf(offsetIndex: Uint8Array, first: number, last: number | null): IndexedRange;
  /** Around the first record at or above `timestamp` (ms), null where the segment has none. */
  offsetsAround(timeIndex: Uint8Array, timestamp: number): IndexedOffsets | null;
}
