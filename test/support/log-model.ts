// A log as a plain list, and what must hold between it and what a partition has stored, whatever failed: checked without any of the
// log's own code but its formats.

import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import type { Segment } from "../../src/log/segment.ts";
import { plainCrc32c } from "../../src/record/crc32c.ts";
import type { MemoryArchiveStore } from "../../src/storage/memory-archive-store.ts";
import type { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import type { Core } from "../../src/wasm/core.ts";
import { decodeBatches } from "../../src/wasm/record-batches.ts";

export interface ModelRecord {
  readonly value: string;
  readonly timestamp: number;
}

const [ACTIVE, LOCAL, BOTH, ARCHIVED, DELETING] = [0, 1, 2, 3, 4];

export class LogModel {
  /** By offset, from 0 on, whatever expired. */
  readonly records: ModelRecord[] = [];
  logStartOffset = 0;
  /** Bytes of all batches before one that begins at an offset. */
  readonly #bytesBefore = new Map<number, number>([[0, 0]]);

  get endOffset(): number {
    return this.records.length;
  }

  append(records: readonly ModelRecord[], sizeBytes: number): void {
    const bytes = this.#bytesBefore.get(this.endOffset)! + sizeBytes;
    this.records.push(...records);
    this.#bytesBefore.set(this.endOffset, bytes);
  }

  /** Between two borders of batches; NaN where there is none. */
  bytesBetween(offset: number, endOffset: number): number {
    return (this.#bytesBefore.get(endOffset) ?? Number.NaN) - (this.#bytesBefore.get(offset) ?? Number.NaN);
  }

  maxTimestamp(offset: number, endOffset: number): number {
    return this.records.slice(offset, endOffset).reduce((max, record) => Math.max(max, record.timestamp), -1);
  }
}

/** What retention goes by, at a time that the check cannot know exactly: any of these. */
export interface RetentionView {
  readonly configs: readonly TopicConfig[];
  /** The latest (ms). */
  readonly nowMs: number;
}

export function configsOf(configs: Readonly<Record<string, string>>): TopicConfig {
  return parseTopicConfigs(configs) as TopicConfig;
}

/** Checks that what lies between the model's log start and a new one had to go, segment by segment. */
export function checkExpiry(model: LogModel, newStart: number, boundaries: readonly number[], view: RetentionView): void {
  if (newStart < model.logStartOffset) throw new Error(`the log start went back from ${model.logStartOffset} to ${newStart}`);
  const ends = [...new Set(boundaries)].filter((end) => end > model.logStartOffset && end <= newStart).sort((a, b) => a - b);
  if (ends.at(-1) !== newStart) throw new Error(`the log starts at ${newStart}, where no segment begins`);
  const known = [...new Set([0, ...boundaries])].sort((a, b) => a - b);
  for (const end of ends) {
    const base = known.findLast((boundary) => boundary < end)!;
    if (end > model.endOffset) throw new Error(`the log starts at ${newStart} and ends at ${model.endOffset}`);
    const mayGo = view.configs.some((config) => isExpired(model, base, end, config, view.nowMs));
    if (!mayGo) throw new Error(`the segment from ${base} to ${end} went before its time`);
  }
}

/** Whether a sealed segment is too old, or its log too large with it. */
export function isExpired(model: LogModel, base: number, end: number, config: TopicConfig, nowMs: number): boolean {
  if (!config.cleanupPolicy.includes("delete")) return false;
  if (config.retentionMs >= 0 && model.maxTimestamp(base, end) + config.retentionMs <= nowMs) return true;
  return config.retentionBytes >= 0 && model.bytesBetween(end, model.endOffset) >= config.retentionBytes;
}

/** Checks the manifest against the rows, the objects and the model. Objects are read once each: they never change. */
export class ManifestCheck {
  readonly #core: Core;
  readonly #checked = new Map<string, ArrayBuffer>();

  constructor(core: Core) {
    this.#core = core;
  }

  run(model: LogModel, disk: MemoryLogStore, bucket: MemoryArchiveStore): void {
    const segments = [...disk.segmentsFrom(0)];
    if (segments.length === 0) equal(model.endOffset, 0, "end of a log without segments");
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1];
      equal(segment.place === ACTIVE, next === undefined, `segment ${segment.baseOffset} active`);
      if (next !== undefined && segment.place !== DELETING)
        equal(segment.endOffset, next.baseOffset, `end of segment ${segment.baseOffset}`);
      this.#checkSegment(segment, model, disk, bucket);
    }
    const readable = segments.find(({ place }) => place !== DELETING);
    if (readable !== undefined && readable.baseOffset > model.logStartOffset)
      throw new Error(`no segment has the log start ${model.logStartOffset}`);
  }

  #checkSegment(segment: Segment, model: LogModel, disk: MemoryLogStore, bucket: MemoryArchiveStore): void {
    const { baseOffset, place } = segment;
    const name = `segment ${baseOffset}`;
    const endOffset = place === ACTIVE ? model.endOffset : segment.endOffset;
    if (place !== ACTIVE) {
      equal(segment.sizeBytes, model.bytesBetween(baseOffset, endOffset), `bytes of ${name}`);
      equal(segment.maxTimestamp, model.maxTimestamp(baseOffset, endOffset), `largest timestamp of ${name}`);
    }
    if (place === DELETING && endOffset > model.logStartOffset) throw new Error(`${name} is going, but the log starts before its end`);
    if (place === ACTIVE || place === LOCAL || place === BOTH) checkRows(segment, endOffset, model, disk);
    if (place === BOTH || place === ARCHIVED) this.#checkObjects(segment, model, bucket);
  }

  #checkObjects(segment: Segment, model: LogModel, bucket: MemoryArchiveStore): void {
    const { leaderEpoch, attempt, indexBytes, timeIndexBytes } = segment.archive!;
    const stem = `topics/t/0/${String(segment.baseOffset).padStart(20, "0")}.${leaderEpoch}.${segment.generation}.${attempt}`;
    equal(bucket.objects.get(`${stem}.index`)?.byteLength, indexBytes, `${stem}.index`);
    equal(bucket.objects.get(`${stem}.timeindex`)?.byteLength, timeIndexBytes, `${stem}.timeindex`);
    const bytes = bucket.objects.get(`${stem}.log`);
    equal(bytes?.byteLength, segment.sizeBytes, `${stem}.log`);
    if (this.#checked.get(stem) === bytes) return;
    equal(plainCrc32c(new Uint8Array(bytes!)), segment.crc32c, `CRC of ${stem}.log`);
    checkRecords(this.#core, bytes!, segment.baseOffset, segment.endOffset, model);
    this.#checked.set(stem, bytes!);
  }
}

/** Checks that a run holds the model's records from one offset to another, each once, in order. */
export function checkRecords(core: Core, run: ArrayBuffer, fromOffset: number, endOffset: number, model: LogModel): void {
  const records = decodeBatches(core, new Uint8Array(run), { fromOffset, maxDecompressedBytes: 1 << 24, checkCrc: true });
  equal(records.length, endOffset - fromOffset, `records from ${fromOffset} on`);
  for (const [index, { offset, timestamp, value }] of records.entries()) {
    equal(offset, fromOffset + index, "offset");
    const expected = model.records[offset]!;
    equal(new TextDecoder().decode(value!), expected.value, `value at ${offset}`);
    equal(timestamp, expected.timestamp, `timestamp at ${offset}`);
  }
}

function checkRows(segment: Segment, endOffset: number, model: LogModel, disk: MemoryLogStore): void {
  const { baseOffset } = segment;
  let [nextOffset, position, maxTimestamp] = [baseOffset, 0, -1];
  for (const row of disk.rowsFrom(segment, baseOffset)) {
    equal(row.baseOffset, nextOffset, `base offset of a row of segment ${baseOffset}`);
    equal(row.position, position, `position of row ${row.baseOffset}`);
    equal(row.bytes.byteLength, model.bytesBetween(row.baseOffset, row.endOffset), `bytes of row ${row.baseOffset}`);
    maxTimestamp = Math.max(maxTimestamp, model.maxTimestamp(row.baseOffset, row.endOffset));
    equal(row.maxTimestamp, maxTimestamp, `largest timestamp up to row ${row.baseOffset}`);
    nextOffset = row.endOffset;
    position += row.sizeBytes;
  }
  equal(nextOffset, endOffset, `end of the rows of segment ${baseOffset}`);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} where ${String(expected)} is expected`);
}
