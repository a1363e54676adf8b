// Reads a partition's rows: runs of whole batches from an offset on, and offsets by timestamp.
//
// A row's batches are walked only where a read begins or ends inside it; rows between are handed on as they are.

import { type BatchHeader, batchSizeAt, lastOffset, readBatchHeader } from "../record/record-batch.ts";
import type { LogRow, LogStore } from "./log-store.ts";
import { concatPieces, type Piece } from "./pieces.ts";
import type { RecordTools, TimestampedOffset } from "./record-tools.ts";

export interface ReadLimits {
  /** Soft: the first batch comes whole even if it is larger. */
  readonly maxBytes: number;
  /** Soft: no further batch once this many records at or after the start are there. */
  readonly maxRecords: number;
}

export interface LogRead {
  readonly batches: ArrayBuffer;
  /** After the last batch, or the start where there is none. */
  readonly nextOffset: number;
}

/** A stored row is not what was written. */
export class DamagedRowError extends Error {
  constructor(row: LogRow, position: number) {
    super(`the row at offset ${row.baseOffset} is damaged at byte ${position}`);
  }
}

export function readLog(store: LogStore, startOffset: number, limits: ReadLimits): LogRead {
  const pieces: Piece[] = [];
  let bytes = 0;
  let nextOffset = startOffset;
  for (const row of store.rowsFrom(startOffset)) {
    const room: ReadLimits = { maxBytes: limits.maxBytes - bytes, maxRecords: limits.maxRecords - (nextOffset - startOffset) };
    const isWhole =
      row.baseOffset >= startOffset && row.bytes.byteLength <= room.maxBytes && row.endOffset - row.baseOffset <= room.maxRecords;
    const taken = isWhole ? wholeRow(row) : partOfRow(row, startOffset, room, bytes === 0);
    if (taken === null) break;
    pieces.push(taken.piece);
    bytes += taken.piece.end - taken.piece.start;
    nextOffset = taken.nextOffset;
    if (nextOffset < row.endOffset || bytes >= limits.maxBytes || nextOffset - startOffset >= limits.maxRecords) break;
  }
  return { batches: concatPieces(pieces), nextOffset };
}

/** The first record at or after `fromOffset` with a timestamp at or above `timestamp`. */
export function findByTimestamp(store: LogStore, tools: RecordTools, timestamp: number, fromOffset: number): TimestampedOffset | null {
  for (let from = fromOffset; ; ) {
    const row = store.rowAtTimestamp(timestamp, from);
    if (row === null) return null;
    for (const batch of batchesOf(row)) {
      if (batch.maxTimestamp < timestamp || lastOffset(batch) < fromOffset) continue;
      const found = tools.firstAtOrAfter(new Uint8Array(row.bytes, batch.position, batch.sizeBytes), timestamp, fromOffset);
      if (found !== null) return found;
    }
    from = row.endOffset;
  }
}

/** The first of the records with the largest timestamp. */
export function findMaxTimestamp(store: LogStore, tools: RecordTools, fromOffset: number): TimestampedOffset | null {
  const row = store.rowWithMaxTimestamp(fromOffset);
  return row === null ? null : findByTimestamp(store, tools, row.maxTimestamp, fromOffset);
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

interface TakenPart {
  readonly piece: Piece;
  readonly nextOffset: number;
}

function wholeRow(row: LogRow): TakenPart {
  const view = new DataView(row.bytes);
  if (batchSizeAt(view, 0) === 0 || readBatchHeader(view).baseOffset !== row.baseOffset) throw new DamagedRowError(row, 0);
  return { piece: { buffer: row.bytes, start: 0, end: row.bytes.byteLength }, nextOffset: row.endOffset };
}

/** The batches of a row from `startOffset` on that fit; the first of a read is taken whatever its size. */
function partOfRow(row: LogRow, startOffset: number, room: ReadLimits, isFirst: boolean): TakenPart | null {
  let piece: Piece | null = null;
  let nextOffset = startOffset;
  for (const batch of batchesOf(row)) {
    if (lastOffset(batch) < startOffset) continue;
    const taken: number = piece === null ? 0 : piece.end - piece.start;
    if (taken + batch.sizeBytes > room.maxBytes && !(isFirst && piece === null)) break;
    piece ??= { buffer: row.bytes, start: batch.position, end: batch.position };
    piece.end = batch.position + batch.sizeBytes;
    nextOffset = lastOffset(batch) + 1;
    if (nextOffset - Math.max(startOffset, row.baseOffset) >= room.maxRecords) break;
  }
  return piece === null ? null : { piece, nextOffset };
}
