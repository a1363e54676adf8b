// A partition's log with its archive and its maintenance, over any stores, that can be cut off at any wait and opened again. What was
// appended is remembered, and what is read is held against it.

import { expect } from "vitest";
import { readArchive } from "../../src/broker/archive-read.ts";
import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import { isFailure } from "../../src/common/errors.ts";
import { ArchiveReader } from "../../src/log/archive-reader.ts";
import type { ArchiveStore } from "../../src/log/archive-store.ts";
import { Compactor } from "../../src/log/compaction/compactor.ts";
import { createBatchTools } from "../../src/log/compaction/core-batch-tools.ts";
import type { HashSeed } from "../../src/log/compaction/key-hash.ts";
import { createIndexSearch, createRecordTools } from "../../src/log/core-record-tools.ts";
import { type LogConfig, toLogConfig } from "../../src/log/log-config.ts";
import type { LogRead } from "../../src/log/log-reader.ts";
import { type LogStore, NOTHING_CLEANED } from "../../src/log/log-store.ts";
import { type MaintenanceOptions, runMaintenance, sweepOrphans } from "../../src/log/maintenance.ts";
import { type AppendedRun, PartitionLog } from "../../src/log/partition-log.ts";
import { archivePrefix, type Segment, SegmentPlace } from "../../src/log/segment.ts";
import type { Core } from "../../src/wasm/core.ts";
import { decodeBatches, type EncodeOptions, encodeBatch } from "../../src/wasm/record-batches.ts";

export const START_MS = 1_760_000_000_000;

export interface AppendedRecord {
  readonly offset: number;
  readonly key: string;
  /** null: a tombstone */
  readonly value: string | null;
  readonly timestamp: number;
}

export interface CompactedLogOptions {
  readonly core: Core;
  readonly store: LogStore;
  readonly archive: ArchiveStore | null;
  /** Topic configs beside cleanup.policy=compact. */
  readonly configs?: Readonly<Record<string, string>>;
  readonly keyMapBytes?: number;
}

/** Where a run of maintenance was cut off. */
export class CutError extends Error {}

const ROOMY_KEY_MAP_BYTES = 1 << 20;

export class CompactedLog {
  readonly appended: AppendedRecord[] = [];
  readonly store: LogStore;
  readonly archive: ArchiveStore | null;
  readonly config: LogConfig;
  /** Called whenever maintenance yields; may throw CutError. */
  onTurn: () => Promise<void> = async () => undefined;
  nowMs = START_MS;
  #isSwept = false;
  readonly #core: Core;
  readonly #keyMapBytes: number;
  readonly #prefix: string;
  #log!: PartitionLog;
  #options!: MaintenanceOptions;

  constructor({ core, store, archive, configs = {}, keyMapBytes = ROOMY_KEY_MAP_BYTES }: CompactedLogOptions) {
    this.#core = core;
    this.store = store;
    this.archive = archive;
    this.#keyMapBytes = keyMapBytes;
    this.#prefix = archivePrefix(`t-${crypto.randomUUID()}`, 0);
    this.config = toLogConfig(parseTopicConfigs({ "cleanup.policy": "compact", ...configs }) as TopicConfig);
    this.open();
  }

  /** Of the keys of everything that the archive holds of it. */
  get archivePrefix(): string {
    return this.#prefix;
  }

  get log(): PartitionLog {
    return this.#log;
  }

  /** Opens the log anew over what is stored: whatever was in memory is gone. */
  open(): void {
    const [, topicId] = this.#prefix.split("/");
    const fresh = { topicId: topicId!, partition: 0, leaderEpoch: -1, logStartOffset: 0, topicVersion: 1, configs: {} };
    const tools = createRecordTools(this.#core);
    const { store, archive } = this;
    const config = (): LogConfig => this.config;
    const now = (): number => this.nowMs;
    const log = new PartitionLog(store, store.loadState() ?? { ...fresh, cleaner: NOTHING_CLEANED }, tools, now);
    const compactor = new Compactor({
      ...{ log, store, archive, config, now, prefix: this.#prefix, keyMapBytes: this.#keyMapBytes },
      tools: createBatchTools(this.#core),
      randomSeed: () => [...crypto.getRandomValues(new Uint32Array(4))] as unknown as HashSeed,
    });
    const yieldTurn = (): Promise<void> => this.onTurn();
    this.#log = log;
    this.#isSwept = false;
    this.#options = { log, store, archive, tools, compactor, config, now, checkAlive: () => undefined, yieldTurn };
  }

  /** Appends one batch. @returns its base offset */
  append(records: readonly (readonly [key: string, value: string | null])[], options: Partial<EncodeOptions> = {}): number {
    const baseOffset = this.#log.highWatermark;
    const inputs = records.map(([key, value]) => ({ key, value, timestamp: this.nowMs }));
    const result = this.sendBatch(encodeBatch(this.#core, inputs, { compression: "none", ...options }).buffer);
    if (result.baseOffset !== baseOffset) throw new Error(`appended at ${result.baseOffset}, not at ${baseOffset}`);
    for (const [index, [key, value]] of records.entries())
      this.appended.push({ offset: baseOffset + index, key, value, timestamp: this.nowMs });
    return baseOffset;
  }

  /** Appends a batch as it is, and remembers nothing of it. */
  sendBatch(batch: ArrayBuffer): AppendedRun {
    const result = this.#log.append([batch], this.config)[0]!;
    if (isFailure(result)) throw new Error(`${result.error}: ${result.detail}`);
    return result;
  }

  /** Runs maintenance until nothing is due; sweeps first when the log was just opened. */
  async maintain(): Promise<void> {
    if (!this.#isSwept) await sweepOrphans(this.#options);
    this.#isSwept = true;
    for (;;) {
      const dueMs = await runMaintenance(this.#options);
      if (dueMs === null || dueMs > this.nowMs) return;
    }
  }

  segments(): Segment[] {
    return [...this.store.segmentsFrom(0)].filter(({ place }) => place !== SegmentPlace.deleting);
  }

  /** Every record from an offset to the end, as a client would read them; CRCs checked, offsets going up. */
  async read(fromOffset: number): Promise<AppendedRecord[]> {
    const records: AppendedRecord[] = [];
    for (let offset = fromOffset; offset < this.#log.highWatermark; ) {
      const read = await this.#readOnce(offset);
      for (const record of decodeBatches(this.#core, new Uint8Array(read.batches), options(offset))) {
        expect(record.offset, "offsets go up").toBeGreaterThan(records.at(-1)?.offset ?? -1);
        records.push({ offset: record.offset, key: text(record.key)!, value: text(record.value), timestamp: record.timestamp });
      }
      expect(read.nextOffset, "a read gets on").toBeGreaterThan(offset);
      offset = read.nextOffset;
    }
    return records;
  }

  async #readOnce(offset: number): Promise<LogRead> {
    const read = this.#log.read(offset, LIMITS);
    if (!("segment" in read)) return read;
    const { segment } = read;
    const { archive } = this;
    const { tools } = this.#options;
    const reader = new ArchiveReader({ archive: archive!, prefix: this.#prefix, tools, search: createIndexSearch(this.#core) });
    const range = await reader.rangeOf(segment, offset, segment.endOffset - 1);
    const { logStartOffset, highWatermark } = this.#log;
    const { sizeBytes, endOffset } = segment;
    const archived = { key: reader.key(segment), ...range, sizeBytes, endOffset, readableEndOffset: endOffset };
    const offsets = { logStartOffset, highWatermark, lastStableOffset: highWatermark, leaderEpoch: 0, startOffset: offset };
    const port = { read: (key: string, at: number, length: number) => archive!.get(key, at, length) };
    const result = await readArchive(port, { ...offsets, archived }, LIMITS);
    if (isFailure(result)) throw new Error(`${result.error}: ${result.detail}`);
    return result;
  }

  /** Reads from an offset and holds what comes against what was appended. */
  async check(fromOffset: number): Promise<void> {
    const { highWatermark, logStartOffset } = this.#log;
    const bounds = this.segments().map(({ baseOffset, endOffset, place }) => [
      baseOffset,
      place === SegmentPlace.active ? highWatermark : endOffset,
    ]);
    for (const [index, [baseOffset, endOffset]] of bounds.entries()) {
      if (index > 0) expect(baseOffset, "segments follow one another").toBe(bounds[index - 1]![1]);
      if (index < bounds.length - 1) expect(endOffset, "a segment before the start of the log").toBeGreaterThan(logStartOffset);
    }
    const records = await this.read(fromOffset);
    const present = new Set(records.map((record) => record.offset));
    for (const record of records) expect(record).toEqual(this.appended[record.offset]);
    const newest = new Map(this.appended.slice(0, highWatermark).map((record) => [record.key, record]));
    for (const record of newest.values()) {
      if (record.offset < Math.max(fromOffset, logStartOffset) || present.has(record.offset)) continue;
      expect(record.value, `the newest record of ${record.key}, at ${record.offset}, is missing`).toBeNull();
      expect(this.nowMs - record.timestamp, "a tombstone went too early").toBeGreaterThanOrEqual(this.config.deleteRetentionMs);
      const revived = records.find(({ key, offset }) => key === record.key && offset < record.offset);
      expect(revived, `${record.key} came back to life`).toBeUndefined();
    }
  }
}

const LIMITS = { maxBytes: 1000, maxRecords: Number.POSITIVE_INFINITY };

const options = (fromOffset: number) => ({ fromOffset, maxDecompressedBytes: 1 << 24, checkCrc: true });

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
