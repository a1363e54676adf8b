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

/** Searches in a segment's indexes (index-builder.ts draws them). */
export interface IndexSearch {
  /** The position of the last indexed batch whose last offset is at or below `relativeOffset`, 0 where there is none. */
  positionOf(offsetIndex: Uint8Array, relativeOffset: number): number;
  /** The relative offset of the last entry below `timestamp` (ms), null where there is none. */
  lastOffsetBefore(timeIndex: Uint8Array, timestamp: number): number | null;
}
