// Which records of a batch are why it is refused (KIP-467, as LogValidator of Kafka's broker finds them): those without a key for a compacted
// topic, and those whose time is out of the topic's bounds. The batch is refused whole: nothing of it is written. A record is named for
// one reason, the key before the time; of the batch it is INVALID_TIMESTAMP where any time is wrong. Of several batches the first one that
// is wrong is told of.
//
// What the core's validation counted says whether anything is wrong, so that a good batch is not unpacked for this.

import type { TopicConfig } from "../common/configs.ts";
import { type Failure, failure } from "../common/errors.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_RECORD_REFUSALS } from "../common/limits/records.ts";
import type { Core } from "../wasm/core.ts";
import { type BatchInfo, type DecodedRecord, decodeBatches } from "../wasm/record-batches.ts";
import { checkBatchTimestamps, checkRecordTimestamp } from "./timestamp-rules.ts";

export interface RecordRefusal {
  /** In its batch, from 0. */
  readonly index: number;
  readonly detail: string;
}

/** Why batches are not written. */
export interface BatchFailure extends Failure {
  /** The first of the records that are the reason, where some are. */
  readonly records?: readonly RecordRefusal[];
}

export interface RecordRules {
  readonly topic: string;
  readonly config: TopicConfig;
  /** The broker's clock. */
  readonly nowMs: number;
}

/** @param run validated, with what that told of its batches. @returns null: all may be written */
export function refuseRecords(core: Core, run: Uint8Array, batches: readonly BatchInfo[], rules: RecordRules): BatchFailure | null {
  const wrong = batches.find((batch) => isWrong(batch, rules));
  if (wrong === undefined) return null;
  const bytes = run.subarray(wrong.position, wrong.position + wrong.sizeBytes);
  const records: RecordRefusal[] = [];
  let reason: Failure | null = null;
  for (const [index, record] of decodeBatches(core, bytes, { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES }).entries()) {
    const refused = checkRecord(record, rules);
    if (refused === null) continue;
    if (records.length < MAX_RECORD_REFUSALS) records.push({ index, detail: refused.detail });
    if (reason === null || (refused.error === "INVALID_TIMESTAMP" && reason.error !== "INVALID_TIMESTAMP")) reason = refused;
  }
  return reason === null ? null : { ...reason, records };
}

/** The same of one record, in a batch or not yet. */
export function checkRecord(record: KeyAndTime, { topic, config, nowMs }: RecordRules): Failure | null {
  if (isCompacted(config) && record.key === null) {
    return failure("INVALID_RECORD", `topic '${topic}' is compacted, so that each record needs a key: one has none`);
  }
  return record.timestamp === undefined ? null : checkRecordTimestamp(record.timestamp, config, nowMs);
}

interface KeyAndTime {
  readonly key: DecodedRecord["key"] | string;
  /** ms; absent: the broker's own. */
  readonly timestamp?: number;
}

function isWrong(batch: BatchInfo, { config, nowMs }: RecordRules): boolean {
  return (isCompacted(config) && batch.nullKeyCount > 0) || checkBatchTimestamps([batch], config, nowMs) !== null;
}

function isCompacted({ cleanupPolicy }: TopicConfig): boolean {
  return cleanupPolicy.includes("compact");
}
