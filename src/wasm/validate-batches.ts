// Validation of a run of record batches by the core, and the table that it writes (assembly/record-validate.ts draws the entry).

import { readInt64 } from "../record/int64.ts";
import { BATCH_HEADER_BYTES, type BatchHeader } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { type FaultPlace, faultPlace } from "./outcome.ts";
import { type StatusName, statusName } from "./status.ts";

const INFO_BYTES = 96;
const FLAG_FROM_CLIENT = 1;
const FLAG_HEADERS_ONLY = 2;

/** Keeps the table within 6 MiB: that and the largest run, decompressed too, fit the core's memory. */
const DEFAULT_MAX_BATCHES = 65_536;

export interface ValidateLimits {
  /** Most records in one batch. */
  readonly maxRecords: number;
  /** Most bytes of decompressed records in the whole run. */
  readonly maxDecompressedBytes: number;
  /** Most batches in the run; DEFAULT_MAX_BATCHES if absent. */
  readonly maxBatches?: number;
  /** True unless told: accept only what a producer may send. False for batches from our own storage, compacted ones and markers too. */
  readonly isFromClient?: boolean;
  /** Check headers and CRCs, not the records; what the info says of those is then 0. */
  readonly headersOnly?: boolean;
}

/** A batch of a validated run. */
export interface BatchInfo extends BatchHeader {
  /** The largest timestamp of the records (ms); where it is not maxTimestamp, the producer was wrong. -1 without records. */
  readonly recordsMaxTimestamp: number;
  /** The smallest timestamp of the records that have one (ms); -1 if none has. */
  readonly recordsMinTimestamp: number;
  /** Of the first record with recordsMaxTimestamp; -1 without records. */
  readonly maxTimestampOffsetDelta: number;
  /** Records without a key. */
  readonly nullKeyCount: number;
  /** Of the records, decompressed. */
  readonly recordsBytes: number;
  readonly crc: number;
}

export type ValidateResult =
  | { readonly ok: true; readonly batches: BatchInfo[] }
  | ({ readonly ok: false; readonly status: number; readonly statusName: StatusName } & FaultPlace);

/**
 * Validates a run of one or more batches: headers, CRCs and, inside the compression too, every record. A fault is a result
 * (`statusFailure(status)` says what to answer), with the first batch at fault.
 */
export function validateBatches(core: Core, bytes: Uint8Array, limits: ValidateLimits): ValidateResult {
  const table = core.load(bytes);
  const batchLimit = Math.min(limits.maxBatches ?? DEFAULT_MAX_BATCHES, Math.floor(bytes.length / BATCH_HEADER_BYTES) + 1);
  const plain = core.reserve(table, batchLimit * INFO_BYTES);
  const flags = (limits.isFromClient === false ? 0 : FLAG_FROM_CLIENT) | (limits.headersOnly ? FLAG_HEADERS_ONLY : 0);
  const count = core.growRoom(plain, limits.maxDecompressedBytes, (capacity) =>
    core.exports.batchesValidate(core.scratch, bytes.length, flags, limits.maxRecords, table, batchLimit, plain, capacity),
  );
  if (count < 0) return { ok: false, status: count, statusName: statusName(count), ...faultPlace(core) };
  const batches: BatchInfo[] = [];
  for (let index = 0; index < count; index++) batches.push(readInfo(core.view, table + index * INFO_BYTES));
  return { ok: true, batches };
}

function readInfo(view: DataView, at: number): BatchInfo {
  return {
    position: view.getUint32(at, true),
    sizeBytes: view.getUint32(at + 4, true),
    baseOffset: readInt64(view, at + 8, true),
    partitionLeaderEpoch: view.getInt32(at + 16, true),
    attributes: view.getInt32(at + 20, true),
    lastOffsetDelta: view.getInt32(at + 24, true),
    recordCount: view.getInt32(at + 28, true),
    baseTimestamp: readInt64(view, at + 32, true),
    maxTimestamp: readInt64(view, at + 40, true),
    producerId: readInt64(view, at + 48, true),
    producerEpoch: view.getInt32(at + 56, true),
    baseSequence: view.getInt32(at + 60, true),
    recordsMaxTimestamp: readInt64(view, at + 64, true),
    recordsMinTimestamp: readInt64(view, at + 72, true),
    maxTimestampOffsetDelta: view.getInt32(at + 80, true),
    nullKeyCount: view.getUint32(at + 84, true),
    recordsBytes: view.getUint32(at + 88, true),
    crc: view.getUint32(at + 92, true),
  };
}
