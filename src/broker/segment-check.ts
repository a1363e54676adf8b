// Proves one copy of a segment whole while its bytes go by: every batch's frame and CRC (by the core), the order and contiguity of the
// offsets, and at the end the size, the last offset and the CRC-32C of all bytes that the manifest tells. Holds no more than counters,
// so that a check can stop anywhere and go on in another request.

import { hexCrc } from "../common/bytes.ts";
import { type Failure, failure } from "../common/errors.ts";
import { BATCH_HEADER_BYTES, batchSizeAt, lastOffset, viewOf } from "../record/record-batch.ts";
import type { Core } from "../wasm/core.ts";
import { crc32c } from "../wasm/crc32c.ts";
import { type BatchInfo, validateBatches } from "../wasm/record-batches.ts";
import { statusFailure } from "../wasm/status.ts";
import type { SegmentDescription } from "./ports.ts";

/** Bytes that are read and checked at a time; a single batch may be larger. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

const LIMITS = {
  maxRecords: 2 ** 31 - 1,
  maxDecompressedBytes: 0,
  maxBatches: Math.floor(CHUNK_BYTES / BATCH_HEADER_BYTES) + 1,
  isFromClient: false,
  headersOnly: true,
};

/** How far a check came. */
export interface CheckProgress {
  /** Where the check began: above the segment's base offset where the records before are deleted and cannot be read any more. */
  readonly fromOffset: number;
  /** Bytes checked. */
  readonly position: number;
  /** Of these bytes. */
  readonly crc32c: number;
  /** Exclusive: after the last batch checked. */
  readonly nextOffset: number;
}

export function beginCheck(fromOffset: number): CheckProgress {
  return { fromOffset, position: 0, crc32c: 0, nextOffset: fromOffset };
}

export interface CheckRules {
  readonly core: Core;
  /** Compaction leaves holes between offsets. */
  readonly mayHaveGaps: boolean;
}

/** Checks the next bytes, a run of whole batches. @returns how far it came, or what is wrong */
export function checkRun(progress: CheckProgress, run: Uint8Array, { core, mayHaveGaps }: CheckRules): CheckProgress | Failure {
  const checked = validateBatches(core, run, LIMITS);
  if (!checked.ok) {
    const position = progress.position + positionOf(run, checked.batchIndex);
    return damaged(`the batch at byte ${position}: ${statusFailure(checked.status).detail} (${checked.statusName})`);
  }
  let { nextOffset } = progress;
  for (const batch of checked.batches) {
    const isFirst = progress.position === 0 && batch.position === 0;
    const fault = offsetFault(batch, nextOffset, isFirst, mayHaveGaps);
    if (fault !== null) return damaged(`the batch at byte ${progress.position + batch.position}: ${fault}`);
    nextOffset = lastOffset(batch) + 1;
  }
  const { fromOffset, position } = progress;
  return { fromOffset, nextOffset, position: position + run.length, crc32c: crc32c(core, run, progress.crc32c) };
}

/** Compares what went by with the manifest. @returns what is wrong, or null */
export function finishCheck(progress: CheckProgress, segment: SegmentDescription, mayHaveGaps: boolean): Failure | null {
  const { endOffset, sizeBytes, baseOffset } = segment;
  if (mayHaveGaps ? progress.nextOffset > endOffset : progress.nextOffset !== endOffset) {
    return damaged(`its batches end at offset ${progress.nextOffset}, the manifest says ${endOffset}`);
  }
  if (progress.fromOffset > baseOffset) return null; // what was deleted cannot be counted
  if (progress.position !== sizeBytes) return damaged(`it has ${progress.position} bytes, the manifest says ${sizeBytes}`);
  if (segment.crc32c === null || segment.crc32c === progress.crc32c) return null;
  return damaged(`the CRC-32C of its bytes is ${hexCrc(progress.crc32c)}, the manifest says ${hexCrc(segment.crc32c)}`);
}

/** A check that begins in the middle of a segment gets the whole of the batch there. */
function offsetFault(batch: BatchInfo, expected: number, isFirst: boolean, mayHaveGaps: boolean): string | null {
  if (batch.baseOffset === expected) return null;
  if (batch.baseOffset > expected)
    return mayHaveGaps ? null : `it begins at offset ${batch.baseOffset}, offsets from ${expected} are missing`;
  if (isFirst && lastOffset(batch) >= expected) return null;
  return `it begins at offset ${batch.baseOffset}, ${expected} or more was expected`;
}

function positionOf(run: Uint8Array, batchIndex: number): number {
  const view = viewOf(run);
  let position = 0;
  for (let index = 0; index < batchIndex; index++) position += batchSizeAt(view, position);
  return position;
}

function damaged(detail: string): Failure {
  return failure("CORRUPT_MESSAGE", detail);
}
