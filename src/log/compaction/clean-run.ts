// Compacts a run of batches: what is kept of it, with the offsets that it had
// (org.apache.kafka.storage.internals.log.Cleaner.cleanInto, org.apache.kafka.common.record.MemoryRecords.filterTo).
//
// - A record is kept if its key has no newer one in the map. A record without a key goes: a compacted topic takes none, so it is from
//   before it was one.
// - A tombstone (a record without a value) that is its key's newest stays for delete.retention.ms after it was first compacted, so that
//   readers learn of it; until when is in its batch's header from then on (KIP-534).
// - A batch that loses all of its records goes, except a producer's last, by which repeats are recognised, and the last of the round.
// - Batches of aborted transactions lose all of their records. Where a transaction is not decided yet there is no compaction (dirt.ts).
// - A marker stays for delete.retention.ms after a round that finds no batch of its transaction, so that readers in the middle of it learn
//   how it ended; until when is in its batch's header.

import { concatBytes } from "../../common/bytes.ts";
import { ATTRIBUTE_DELETE_HORIZON, type BatchHeader, batchHeaders, isControl, lastOffset } from "../../record/record-batch.ts";
import type { StoredRecord } from "../../wasm/record-batches.ts";
import type { BatchTools } from "./batch-tools.ts";
import type { TransactionRemains } from "./transaction-remains.ts";

export interface CleaningRules {
  readonly tools: BatchTools;
  /** What of transactions was passed so far, in this run and those before it. */
  readonly transactions: TransactionRemains;
  /** The newest offset of a key in the dirty part of the log, -1 where it has none. */
  readonly newestOffsetOf: (key: Uint8Array) => number;
  /** Exclusive: batches from here on stay as they are. */
  readonly endOffset: number;
  /** ms */
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  readonly isLastOfProducer: (batch: BatchHeader) => boolean;
}

export interface CleanedRun {
  /** What is kept: the run itself, or a buffer of just that; empty where nothing is. */
  readonly batches: ArrayBuffer;
  /** Whether that is less than there was, or says more. */
  readonly hasChanged: boolean;
  /** When the last of its tombstones and markers may go (ms), null where none has a time. */
  readonly deleteHorizonMs: number | null;
  /** Offsets of the markers that went. */
  readonly goneMarkers: readonly number[];
}

interface CleanedBatch {
  /** null: it goes. */
  readonly bytes: Uint8Array | null;
  readonly deleteHorizonMs: number | null;
  /** A marker of which nothing is told any more. */
  readonly isGoneMarker?: boolean;
}

/** @param isAborted tells the batches of aborted transactions in the run */
export function cleanRun(run: ArrayBuffer, isAborted: (header: BatchHeader) => boolean, rules: CleaningRules): CleanedRun {
  const bytes = new Uint8Array(run);
  const kept: Uint8Array[] = [];
  const goneMarkers: number[] = [];
  let hasChanged = false;
  let deleteHorizonMs: number | null = null;
  for (const header of batchHeaders(bytes)) {
    const batch = bytes.subarray(header.position, header.position + header.sizeBytes);
    const cleaned = cleanBatch(batch, header, isAborted(header), rules);
    if (cleaned.bytes !== batch) hasChanged = true;
    if (cleaned.isGoneMarker) goneMarkers.push(header.baseOffset);
    if (cleaned.bytes !== null) kept.push(cleaned.bytes);
    deleteHorizonMs = latest(deleteHorizonMs, cleaned.deleteHorizonMs);
  }
  return { batches: hasChanged ? concatBytes(kept).slice().buffer : run, hasChanged, deleteHorizonMs, goneMarkers };
}

/** The later of two times, either of which may be missing. */
export function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function cleanBatch(batch: Uint8Array, header: BatchHeader, isAborted: boolean, rules: CleaningRules): CleanedBatch {
  if (header.baseOffset >= rules.endOffset) return unchanged(batch);
  const isOfEmptyTransaction = rules.transactions.pass(header);
  if (isControl(header)) return cleanMarker(batch, header, isOfEmptyTransaction, rules);
  return isAborted ? withoutRecords(batch, header, rules) : cleanRecords(batch, header, rules);
}

function cleanMarker(batch: Uint8Array, header: BatchHeader, isOfEmptyTransaction: boolean, rules: CleaningRules): CleanedBatch {
  if (header.recordCount === 0) return withoutRecords(batch, header, rules);
  const horizonMs = deleteHorizonOf(header);
  if (horizonMs !== null && horizonMs <= rules.nowMs) return { ...withoutRecords(batch, header, rules), isGoneMarker: true };
  if (horizonMs !== null || !isOfEmptyTransaction) return { bytes: batch, deleteHorizonMs: horizonMs };
  const deleteHorizonMs = newHorizonMs(rules);
  return { bytes: rules.tools.rebuild(header, rules.tools.records(batch), deleteHorizonMs), deleteHorizonMs };
}

function cleanRecords(batch: Uint8Array, header: BatchHeader, rules: CleaningRules): CleanedBatch {
  const records = rules.tools.records(batch);
  const horizonMs = deleteHorizonOf(header);
  const kept = records.filter((record) => isKept(record, horizonMs, rules));
  if (kept.length === 0) return withoutRecords(batch, header, rules);
  const hasTombstones = kept.some((record) => record.value === null);
  const isWhole = kept.length === records.length;
  if (!hasTombstones) return isWhole ? unchanged(batch) : { bytes: rules.tools.rebuild(header, kept, null), deleteHorizonMs: null };
  if (isWhole && horizonMs !== null) return { bytes: batch, deleteHorizonMs: horizonMs };
  const deleteHorizonMs = horizonMs ?? newHorizonMs(rules);
  return { bytes: rules.tools.rebuild(header, kept, deleteHorizonMs), deleteHorizonMs };
}

function isKept({ key, value, offset }: StoredRecord, horizonMs: number | null, rules: CleaningRules): boolean {
  if (key === null || rules.newestOffsetOf(key) > offset) return false;
  return value !== null || horizonMs === null || rules.nowMs < horizonMs;
}

function withoutRecords(batch: Uint8Array, header: BatchHeader, rules: CleaningRules): CleanedBatch {
  const isNeeded = rules.isLastOfProducer(header) || lastOffset(header) + 1 === rules.endOffset;
  if (!isNeeded) return { bytes: null, deleteHorizonMs: null };
  return header.recordCount === 0 ? unchanged(batch) : { bytes: rules.tools.emptied(header), deleteHorizonMs: null };
}

function newHorizonMs({ nowMs, deleteRetentionMs }: CleaningRules): number {
  return Math.min(nowMs + deleteRetentionMs, Number.MAX_SAFE_INTEGER);
}

function unchanged(batch: Uint8Array): CleanedBatch {
  return { bytes: batch, deleteHorizonMs: null };
}

/** Where a batch has tombstones, or a marker, that were compacted before, this stands in the place of its base timestamp. */
function deleteHorizonOf({ attributes, baseTimestamp }: BatchHeader): number | null {
  return (attributes & ATTRIBUTE_DELETE_HORIZON) === 0 ? null : baseTimestamp;
}
