// Searches by the core in indexes and runs of batches (assembly/search.ts draws the entries). A result is null where nothing is found.

import { highWord, lowWord, readInt64 } from "../record/int64.ts";
import { viewOf } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { CoreError, NOT_FOUND } from "./status.ts";

export const OFFSET_INDEX_ENTRY_BYTES = 8;
export const TIME_INDEX_ENTRY_BYTES = 12;

export interface OffsetIndexEntry {
  /** Its place among the entries. */
  readonly index: number;
  /** Offset less the segment's base offset. */
  readonly relativeOffset: number;
  /** Of a batch in the segment. */
  readonly position: number;
}

export interface TimeIndexEntry {
  /** Its place among the entries. */
  readonly index: number;
  /** ms */
  readonly timestamp: number;
  readonly relativeOffset: number;
}

/** The largest entry at or below `relativeOffset`. */
export function findOffsetIndexEntry(core: Core, index: Uint8Array, relativeOffset: number): OffsetIndexEntry | null {
  core.load(index);
  const count = Math.floor(index.length / OFFSET_INDEX_ENTRY_BYTES);
  const found = core.exports.offsetIndexFind(core.scratch, count, relativeOffset);
  if (found < 0) return null;
  const at = core.scratch + found * OFFSET_INDEX_ENTRY_BYTES;
  return { index: found, relativeOffset: core.view.getUint32(at), position: core.view.getUint32(at + 4) };
}

/** The position in the entry at a place among an offset index's. */
export function offsetIndexPositionAt(index: Uint8Array, place: number): number | null {
  const at = place * OFFSET_INDEX_ENTRY_BYTES;
  return at < index.length ? viewOf(index).getUint32(at + 4) : null;
}

/** The relative offset in the entry at a place among a time index's. */
export function timeIndexOffsetAt(index: Uint8Array, place: number): number {
  return viewOf(index).getUint32(place * TIME_INDEX_ENTRY_BYTES + 8);
}

/** The first entry at or above `timestamp` (ms). */
export function findTimeIndexEntry(core: Core, index: Uint8Array, timestamp: number): TimeIndexEntry | null {
  core.load(index);
  const count = Math.floor(index.length / TIME_INDEX_ENTRY_BYTES);
  const found = core.exports.timeIndexFind(core.scratch, count, lowWord(timestamp), highWord(timestamp));
  if (found < 0) return null;
  const at = core.scratch + found * TIME_INDEX_ENTRY_BYTES;
  return { index: found, timestamp: readInt64(core.view, at), relativeOffset: core.view.getUint32(at + 8) };
}

/** The position in a run of the first batch whose last offset is at or above `offset`. @throws CoreError if a batch is not whole */
export function findBatchByOffset(core: Core, run: Uint8Array, offset: number): number | null {
  core.load(run);
  return foundPosition(core.exports.batchFindOffset(core.scratch, run.length, lowWord(offset), highWord(offset)));
}

/** The position in a run of the first batch whose maxTimestamp is at or above `timestamp` (ms). @throws CoreError if a batch is not whole */
export function findBatchByTimestamp(core: Core, run: Uint8Array, timestamp: number): number | null {
  core.load(run);
  return foundPosition(core.exports.batchFindTimestamp(core.scratch, run.length, lowWord(timestamp), highWord(timestamp)));
}

function foundPosition(status: number): number | null {
  if (status >= 0) return status;
  if (status === NOT_FOUND) return null;
  throw new CoreError(status);
}
