// Record batches by the core: everything that the rest of the broker calls, and the changes that a leader makes to a run.

import { highWord, lowWord } from "../record/int64.ts";
import type { Core } from "./core.ts";
import { nextOffset } from "./outcome.ts";
import { CoreError } from "./status.ts";

export type { Compression } from "./compression.ts";
export { COMPRESSIONS, codecOf } from "./compression.ts";
export { type DecodedRecord, type DecodeOptions, decodeBatches, decodeStoredRecords, type StoredRecord } from "./decode-batches.ts";
export { type EncodeOptions, encodeBatch, encodeEmptyBatch } from "./encode-batch.ts";
export type { RecordHeader } from "./record-headers.ts";
export type { BytesInput, RecordInput } from "./record-list.ts";
export { type BatchInfo, type ValidateLimits, type ValidateResult, validateBatches } from "./validate-batches.ts";

export interface PatchOptions {
  readonly baseOffset: number;
  readonly leaderEpoch: number;
}

/**
 * A copy of a run with consecutive offsets from `baseOffset` on. To patch in place, src/record/record-batch.ts has `patchRun`.
 * @throws CoreError if the run does not end with a whole batch
 */
export function patchBatches(
  core: Core,
  bytes: Uint8Array,
  { baseOffset, leaderEpoch }: PatchOptions,
): { readonly batches: Uint8Array<ArrayBuffer>; readonly nextOffset: number } {
  core.load(bytes);
  const status = core.exports.batchesPatch(core.scratch, bytes.length, lowWord(baseOffset), highWord(baseOffset), leaderEpoch);
  if (status < 0) throw new CoreError(status);
  return { batches: core.bytes.slice(core.scratch, core.scratch + bytes.length), nextOffset: nextOffset(core) };
}

export interface MaxTimestamp {
  /** ms */
  readonly maxTimestamp: number;
  /** Whether it is the log append time, which readers then take for every record's timestamp. */
  readonly isLogAppendTime: boolean;
}

/**
 * A copy of one batch with another maxTimestamp and timestamp type, and the CRC that goes with them.
 * @throws CoreError if `batch` is not one whole batch
 */
export function setMaxTimestamp(core: Core, batch: Uint8Array, { maxTimestamp, isLogAppendTime }: MaxTimestamp): Uint8Array<ArrayBuffer> {
  core.load(batch);
  const status = core.exports.batchSetMaxTimestamp(
    core.scratch,
    batch.length,
    lowWord(maxTimestamp),
    highWord(maxTimestamp),
    isLogAppendTime ? 1 : 0,
  );
  if (status < 0) throw new CoreError(status);
  return core.bytes.slice(core.scratch, core.scratch + batch.length);
}
