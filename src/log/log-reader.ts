// Reads a partition's local segments: runs of whole batches from an offset on, and offsets by timestamp. Where the log goes on in the
// archive, it says so and stops.
//
// A row's batches are walked only where a read begins or ends inside it; rows between are handed on as they are, and a read that has
// half of what was asked for ends with its last whole row. Offsets may be missing
// (compaction removes records): a read ends where the next one has to begin, whatever is between.

import { type BatchHeader, batchSizeAt, lastOffset, readBatchHeader } from "../record/record-batch.ts";
import type { LogRow, LogStore, RowPlace } from "./log-store.ts";
import { concatPieces, type Piece } from "./pieces.ts";
import type { RecordTools, TimestampedOffset } from "./record-tools.ts";
import { isLocal, type Segment, type SegmentName, SegmentPlace } from "./segment.ts";

export interface ReadLimits {
  /** Soft: the first batch comes whole even if it is larger. */
  readonly maxBytes: number;
  /** Soft: no further batch once this many offsets at or after the start are passed. */
  readonly maxRecords: number;
  /** Exclusive: where undecided batches begin, for a reader of committed ones. The end of the log where absent. */
  readonly endOffset?: number;
}

export interface LogRead {
  readonly batches: ArrayBuffer;
  /** Where the next read begins: after the last batch, or the start where there is none. */
  readonly nextOffset: number;
}

/** The answer lies in a segment that only the archive has. */
export interface InArchive {
  readonly segment: Segment;
}

/** A stored row is not what was written. */
export class DamagedRowError extends Error {
  constructor(row: RowPlace, position: number) {
    super(`the row at offset ${row.baseOffset} is damaged at byte ${position}`);
  }
}

export function readLog(store: LogStore, startOffset: number, limits: ReadLimits): LogRead | InArchive {
  const read = new ReadInProgress(startOffset, limits);
  const first = store.segmentHolding(startOffset);
  if (first === null) return read.finish();
  for (const segment of segmentsFrom(store, first)) {
    const isHere = isLocal(segment);
    if (!isHere && segment.sizeBytes > 0) return read.isEmpty ? { segment } : read.finish();
    if (isHere && !takeRows(store, segment, read)) return read.finish();
    if (segment.place !== SegmentPlace.active) read.skipTo(segment.endOffset);
  }
  return read.finish();
}

/** The rest of the manifest is not looked at before it is needed: most reads end in the segment where they begin. */
function* segmentsFrom(store: LogStore, first: Segment): Iterable<Segment> {
  yield first;
  yield* store.segmentsFrom(first.baseOffset + 1);
}

/** As readLog, from rows that are at hand: those from the one that holds `startOffset` to the end of the log. */
export function readRows(rows: Iterable<LogRow>, startOffset: number, limits: ReadLimits): LogRead {
  const read = new ReadInProgress(startOffset, limits);
  for (const row of rows) {
    if (!read.take(row)) break;
  }
  return read.finish();
}

/**
 * Takes the rows of a segment from where the read is: at first those that fit whole, then, where they are few, a part of the next.
 * @returns whether there is room for more
 */
function takeRows(store: LogStore, segment: Segment, read: ReadInProgress): boolean {
  const { bytesLeft } = read;
  for (const row of store.rowsFrom(segment, Math.max(read.nextOffset, segment.baseOffset), bytesLeft)) {
    if (!read.take(row)) return false;
  }
  if (bytesLeft === undefined) return true;
  if (read.isHalfFull) return false;
  for (const row of store.rowsFrom(segment, Math.max(read.nextOffset, segment.baseOffset))) {
    if (!read.take(row)) return false;
  }
  return true;
}

class ReadInProgress {
  readonly #start: number;
  readonly #limits: ReadLimits;
  readonly #endOffset: number;
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  #nextOffset: number;

  constructor(start: number, limits: ReadLimits) {
    this.#start = start;
    this.#limits = limits;
    this.#endOffset = limits.endOffset ?? Number.POSITIVE_INFINITY;
    this.#nextOffset = start;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** undefined where the count of records decides how much is read. */
  get bytesLeft(): number | undefined {
    return Number.isFinite(this.#limits.maxRecords) ? undefined : this.#limits.maxBytes - this.#bytes;
  }

  /** A row that is taken in part is read from the disk again by the next fetch: not where this one has enough without it. */
  get isHalfFull(): boolean {
    return !this.isEmpty && this.#bytes * 2 >= this.#limits.maxBytes;
  }

  /** Takes what fits of a row. @returns whether there is room for more */
  take(row: LogRow): boolean {
    const fits = this.#bytes + row.sizeBytes <= this.#limits.maxBytes;
    if (row.baseOffset >= this.#endOffset || (!fits && this.isHalfFull)) return false;
    const isWithin = row.baseOffset >= this.#start && row.endOffset <= this.#endOffset;
    const isWhole = fits && isWithin && row.endOffset - this.#start <= this.#limits.maxRecords;
    if (isWhole) this.#takeWhole(row);
    else if (!this.#takePart(row)) return false;
    return this.#bytes < this.#limits.maxBytes && this.#nextOffset - this.#start < this.#limits.maxRecords;
  }

  /** There is nothing between here and `offset`. */
  skipTo(offset: number): void {
    this.#nextOffset = Math.min(Math.max(this.#nextOffset, offset), this.#endOffset);
  }

  finish(): LogRead {
    return { batches: concatPieces(this.#pieces), nextOffset: this.#nextOffset };
  }

  #takeWhole(row: LogRow): void {
    const view = new DataView(row.bytes);
    if (batchSizeAt(view, 0) === 0 || readBatchHeader(view).baseOffset < row.baseOffset) throw new DamagedRowError(row, 0);
    this.#pieces.push({ buffer: row.bytes, start: 0, end: row.bytes.byteLength });
    this.#bytes += row.sizeBytes;
    this.#nextOffset = row.endOffset;
  }

  /** Takes the row's batches from the start on that fit; the first of a read whatever its size. @returns whether it got to the row's end */
  #takePart(row: LogRow): boolean {
    for (const batch of batchesOf(row)) {
      if (batch.baseOffset >= this.#endOffset) return false;
      if (lastOffset(batch) < this.#start) continue;
      const isFirst = this.#pieces.length === 0;
      if (!isFirst && this.#bytes + batch.sizeBytes > this.#limits.maxBytes) return false;
      if (!isFirst && this.#nextOffset - this.#start >= this.#limits.maxRecords) return false;
      this.#takeBatch(row, batch);
    }
    this.#nextOffset = Math.max(this.#nextOffset, row.endOffset);
    return true;
  }

  #takeBatch(row: LogRow, batch: BatchHeader): void {
    const before = this.#pieces.at(-1);
    if (before?.buffer === row.bytes && before.end === batch.position) before.end += batch.sizeBytes;
    else this.#pieces.push({ buffer: row.bytes, start: batch.position, end: batch.position + batch.sizeBytes });
    this.#bytes += batch.sizeBytes;
    this.#nextOffset = lastOffset(batch) + 1;
  }
}

/** The first record at or after `fromOffset` with a timestamp at or above `timestamp` (ms). */
export function findByTimestamp(
  store: LogStore,
  tools: RecordTools,
  timestamp: number,
  fromOffset: number,
): TimestampedOffset | InArchive | null {
  for (let from = store.segmentHolding(fromOffset)?.baseOffset ?? 0; ; ) {
    const segment = store.segmentAtTimestamp(timestamp, from);
    if (segment === null) break;
    if (!isLocal(segment)) return { segment };
    const found = findInSegment(store, tools, segment, timestamp, fromOffset);
    if (found !== null) return found;
    from = segment.endOffset;
  }
  const active = store.lastSegment();
  return active?.place === SegmentPlace.active ? findInSegment(store, tools, active, timestamp, fromOffset) : null;
}

function findInSegment(
  store: LogStore,
  tools: RecordTools,
  segment: SegmentName,
  timestamp: number,
  fromOffset: number,
): TimestampedOffset | null {
  const firstRow = rowAtTimestamp(store, segment, timestamp);
  if (firstRow === null) return null;
  for (const row of store.rowsFrom(segment, Math.max(firstRow.baseOffset, fromOffset))) {
    const found = findInBatches(row, tools, timestamp, fromOffset);
    if (found !== null) return found;
  }
  return null;
}

/** The first row up to whose end the segment has a timestamp at or above `timestamp`, by bisection: the largest so far never falls. */
function rowAtTimestamp(store: LogStore, segment: SegmentName, timestamp: number): RowPlace | null {
  const last = store.lastRow(segment);
  if (last === null || last.maxTimestamp < timestamp) return null;
  let found = last;
  let low = segment.baseOffset;
  while (low < found.baseOffset) {
    const middle = store.rowHolding(segment, low + Math.floor((found.baseOffset - low) / 2));
    if (middle === null || middle.baseOffset === found.baseOffset) break;
    if (middle.maxTimestamp >= timestamp) found = middle;
    else low = Math.max(middle.endOffset, low + 1);
  }
  return found;
}

/** The first record of a run at or after `fromOffset` with a timestamp at or above `timestamp` (ms). */
export function findInBatches(row: LogRow, tools: RecordTools, timestamp: number, fromOffset: number): TimestampedOffset | null {
  for (const batch of batchesOf(row)) {
    if (batch.maxTimestamp < timestamp || lastOffset(batch) < fromOffset) continue;
    const found = tools.firstAtOrAfter(new Uint8Array(row.bytes, batch.position, batch.sizeBytes), timestamp, fromOffset);
    if (found !== null) return found;
  }
  return null;
}

/** The batches of a row, in order. */
export function* batchesOf(row: LogRow): Generator<BatchHeader> {
  const view = new DataView(row.bytes);
  for (let position = 0; position < view.byteLength; ) {
    const sizeBytes = batchSizeAt(view, position);
    if (sizeBytes === 0) throw new DamagedRowError(row, position);
    yield readBatchHeader(view, position);
    position += sizeBytes;
  }
}
