// What a partition's log needs from its own storage: state, the manifest of segments, and the rows of the segments that are local.
// Implementations: src/storage/sqlite-log-store.ts, src/storage/memory-log-store.ts.
//
// Invariant: rows of a segment follow one another without a hole, in offsets and in positions; segments follow one another without a
// hole in offsets (compaction keeps the offsets that its records had, and with them the end of each segment).
// Everything is synchronous; what happens inside one `transaction` becomes durable whole or not at all.

import type { AbortedEntries, AbortedEntry } from "./aborted-transactions.ts";
import type { Segment, SegmentName } from "./segment.ts";

/** How far the log is compacted. */
export interface CleanerState {
  /** Below it every key has its newest record of that range alone, above it nothing was compacted yet. */
  readonly firstDirtyOffset: number;
  /** The round of compaction that is under way, if one is: what a start takes up again. */
  readonly round: CleanerRound | null;
}

export interface CleanerRound {
  /** Exclusive: the round's keys are those from `firstDirtyOffset` to here, and the next dirty offset is this one. */
  readonly endOffset: number;
  /** Segments below it are done. */
  readonly nextOffset: number;
}

export const NOTHING_CLEANED: CleanerState = { firstDirtyOffset: 0, round: null };

/** What a partition knows of itself beside its records. Stored; written at each start, when its topic changes and by compaction. */
export interface LogState {
  readonly topicId: string;
  readonly partition: number;
  /** Rises by one at each start. */
  readonly leaderEpoch: number;
  readonly logStartOffset: number;
  readonly cleaner: CleanerState;
  /** TopicMetadata.version that `configs` is of. */
  readonly topicVersion: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Where a row lies, without its bytes. */
export interface RowPlace {
  /** Of its first batch. */
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  /** Bytes of the segment before this row. */
  readonly position: number;
  readonly sizeBytes: number;
  /** Largest timestamp of the segment up to the end of this row (ms): it never falls from row to row. */
  readonly maxTimestamp: number;
}

/** A run of whole batches that was flushed together, or a part of one. */
export interface LogRow extends RowPlace {
  readonly bytes: ArrayBuffer;
}

/** The producers' state up to an offset, in parts below the limit of a row. */
export interface ProducerSnapshot {
  /** Exclusive: batches from here on are not in it. */
  readonly endOffset: number;
  readonly parts: readonly ArrayBuffer[];
}

export interface LogStore extends AbortedEntries {
  /** null: nothing was ever written, or it was destroyed. */
  loadState(): LogState | null;
  saveState(state: LogState): void;
  transaction(work: () => void): void;

  /** Writes a segment's manifest row, new or changed. */
  putSegment(segment: Segment): void;
  /** Removes a segment from the manifest. */
  removeSegment(baseOffset: number): void;
  /** The segment with the largest base offset at or below `offset`. */
  segmentHolding(offset: number): Segment | null;
  /** Segments in the order of their offsets, from the one with this base offset on. Take what you need before the next await. */
  segmentsFrom(baseOffset: number): Iterable<Segment>;
  lastSegment(): Segment | null;
  /** The same from the newest on, backwards. */
  newestSegments(): Iterable<Segment>;
  /** The first segment from a base offset on whose largest timestamp is at or above `timestamp` (ms). The active one does not count. */
  segmentAtTimestamp(timestamp: number, fromBaseOffset: number): Segment | null;
  /** Of all sealed segments. */
  sealedBytes(): number;

  /** Makes room for a segment's rows. */
  createRows(segment: SegmentName): void;
  /** Frees a segment's rows, all at once; none is no error. */
  dropRows(segment: SegmentName): void;
  /** Frees the rows that belong to no segment in the manifest: of rewrites that were cut off. @returns of how many segments */
  dropStrayRows(): number;
  appendRow(segment: SegmentName, row: LogRow): void;
  /**
   * Rows in order, from the one that holds `offset` (or the first after it). Take what you need before the next await.
   * @param maxBytes ends before the row that would pass it; the first comes in any case
   */
  rowsFrom(segment: SegmentName, offset: number, maxBytes?: number): Iterable<LogRow>;
  /** The place of the row with the largest base offset at or below `offset`. */
  rowHolding(segment: SegmentName, offset: number): RowPlace | null;
  lastRow(segment: SegmentName): RowPlace | null;

  addAborted(entry: AbortedEntry): void;
  /** Removes the entries of these markers; one that is not there changes nothing. */
  removeAborted(lastOffsets: readonly number[]): void;
  /** Removes the entries whose marker is before an offset. */
  dropAbortedBefore(offset: number): void;

  loadProducerSnapshot(): ProducerSnapshot | null;
  /** Replaces the one before. */
  saveProducerSnapshot(snapshot: ProducerSnapshot): void;
}
