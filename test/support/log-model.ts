// A log as a plain list, and what of it may go by retention: checked without any of the log's own code.

import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import { ATTRIBUTE_CODEC_MASK, type BatchHeader, lastOffset } from "../../src/record/record-batch.ts";
import { equal, type StoredBatch, type StoredLog, type StoredRecord } from "./stored-log.ts";

export interface ModelRecord {
  readonly key: string | null;
  /** null: a tombstone */
  readonly value: string | null;
  readonly timestamp: number;
}

export class LogModel {
  /** By offset, from 0 on, whatever became of them. */
  readonly records: ModelRecord[] = [];
  logStartOffset = 0;
  /** As they were sent, by base offset. */
  readonly #batches = new Map<number, BatchHeader>();
  /** Base offsets of the newest batches, by producer. */
  readonly lastBatches = new Map<number, number>();

  get endOffset(): number {
    return this.records.length;
  }

  /** @param header as it was sent */
  append(records: readonly ModelRecord[], header: BatchHeader): void {
    this.#batches.set(this.endOffset, header);
    if (header.producerId >= 0) this.lastBatches.set(header.producerId, this.endOffset);
    this.records.push(...records);
  }

  /** Checks that what is stored, or was read, is what was appended, whatever is not there any more. */
  checkBatches(batches: readonly StoredBatch[]): void {
    for (const { header, records } of batches) {
      const sent = this.#batches.get(header.baseOffset);
      if (sent === undefined) throw new Error(`no batch was written at ${header.baseOffset}`);
      for (const field of ["lastOffsetDelta", "producerId", "producerEpoch", "baseSequence"] as const)
        equal(header[field], sent[field], `${field} of batch ${header.baseOffset}`);
      if (records.length > 0)
        equal(header.attributes & ATTRIBUTE_CODEC_MASK, sent.attributes & ATTRIBUTE_CODEC_MASK, `codec of batch ${header.baseOffset}`);
      for (const record of records) this.#checkRecord(record, lastOffset(header));
    }
  }

  #checkRecord({ offset, key, value, timestamp }: StoredRecord, batchEnd: number): void {
    if (offset > batchEnd) throw new Error(`record ${offset} is beyond its batch's end ${batchEnd}`);
    const expected = this.records[offset];
    equal(key, expected?.key, `key at ${offset}`);
    equal(value, expected?.value, `value at ${offset}`);
    equal(timestamp, expected?.timestamp, `timestamp at ${offset}`);
  }
}

export function configsOf(configs: Readonly<Record<string, string>>): TopicConfig {
  return parseTopicConfigs(configs) as TopicConfig;
}

/** What happened between two looks at a log, as far as retention and compaction go by it. */
export interface Interval {
  readonly before: StoredLog;
  readonly now: StoredLog;
  /** Of the configs that were in force, any may have decided. */
  readonly configs: readonly TopicConfig[];
  /** Of the clock, any of these times may have decided (ms). */
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** A rebuilt record may take so many bytes more, its timestamp being counted from another. */
const REBUILT_RECORD_BYTES = 10;

/**
 * Checks that what lies between the model's log start and a new one had to go, segment by segment.
 * @param mayVanish whether compaction may have taken a record before
 */
export function checkExpiry(model: LogModel, newStart: number, interval: Interval, mayVanish: (offset: number) => boolean): void {
  const { before, now, configs, latestMs } = interval;
  const boundaries = [...new Set([0, ...before.boundaries, ...now.boundaries])].sort((a, b) => a - b);
  if (newStart < model.logStartOffset) throw new Error(`the log start went back from ${model.logStartOffset} to ${newStart}`);
  if (newStart > model.endOffset) throw new Error(`the log starts at ${newStart} and ends at ${model.endOffset}`);
  const ends = boundaries.filter((end) => end > model.logStartOffset && end <= newStart);
  if (ends.at(-1) !== newStart) throw new Error(`the log starts at ${newStart}, where no segment begins`);
  for (const end of ends) {
    const base = boundaries.findLast((boundary) => boundary < end)!;
    const records = before.recordsBetween(base, end).filter(({ offset }) => !mayVanish(offset));
    const growth = before.recordsBetween(end, model.endOffset).length * REBUILT_RECORD_BYTES;
    const bytesAfter = Math.max(before.bytesFrom(end), now.bytesFrom(end)) + growth;
    const mayGo = configs.some((config) => isExpired(latestOf(records), bytesAfter, config, latestMs));
    if (!mayGo) throw new Error(`the segment from ${base} to ${end} went before its time`);
  }
}

/**
 * Whether a sealed segment is too old, or its log too large with it.
 * @param maxTimestamp of its records (ms); @param bytesAfter of the log after it
 */
export function isExpired(maxTimestamp: number, bytesAfter: number, config: TopicConfig, nowMs: number): boolean {
  if (!config.cleanupPolicy.includes("delete")) return false;
  if (config.retentionMs >= 0 && maxTimestamp + config.retentionMs <= nowMs) return true;
  return config.retentionBytes >= 0 && bytesAfter >= config.retentionBytes;
}

function latestOf(records: readonly StoredRecord[]): number {
  return records.reduce((latest, { timestamp }) => Math.max(latest, timestamp), -1);
}
