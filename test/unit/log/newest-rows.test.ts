// What the partition keeps of its newest rows: bounded, the same as the store's, and gone when it might not be.

import { describe, expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { createRecordTools } from "../../../src/log/core-record-tools.ts";
import { toLogConfig } from "../../../src/log/log-config.ts";
import { readLog } from "../../../src/log/log-reader.ts";
import { type LogRow, NOTHING_CLEANED } from "../../../src/log/log-store.ts";
import { NewestRows } from "../../../src/log/newest-rows.ts";
import { PartitionLog } from "../../../src/log/partition-log.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";
import { seededRandom } from "../../support/random.ts";

const core = loadCore();
const tools = createRecordTools(core);
const RULES = toLogConfig(parseTopicConfigs({}) as TopicConfig);
const STATE = { topicId: "t", partition: 0, leaderEpoch: -1, logStartOffset: 0, cleaner: NOTHING_CLEANED, topicVersion: 1, configs: {} };
const ALL = { maxBytes: 1 << 20, maxRecords: Number.POSITIVE_INFINITY };

const openLog = (store: MemoryLogStore) => new PartitionLog(store, STATE, tools, () => 0);
const batch = (value: string) => batchOf(core, [value], { firstTimestamp: 0 });

function rowAt(baseOffset: number, sizeBytes: number): LogRow {
  return { baseOffset, endOffset: baseOffset + 1, position: 0, sizeBytes, maxTimestamp: 0, bytes: new ArrayBuffer(sizeBytes) };
}

describe("the rows that are kept", () => {
  test("are the newest that fit the bound", () => {
    const newest = new NewestRows(100);
    newest.add([rowAt(0, 40), rowAt(1, 40)], 0);
    newest.add([rowAt(2, 40)], 0);
    expect(newest.from(0)).toBeNull();
    expect(newest.from(1)?.map(({ baseOffset }) => baseOffset)).toEqual([1, 2]);
    expect(newest.from(2)?.map(({ baseOffset }) => baseOffset)).toEqual([2]);
  });

  test("are none after a row that is larger than the bound: what is kept always ends where the log ends", () => {
    const newest = new NewestRows(100);
    newest.add([rowAt(0, 40), rowAt(1, 101)], 0);
    expect(newest.from(0)).toBeNull();
    expect(newest.from(1)).toBeNull();
  });

  test("are those of the active segment alone", () => {
    const newest = new NewestRows(100);
    newest.add([rowAt(0, 10), rowAt(1, 10)], 1);
    expect(newest.from(0)).toBeNull();
    expect(newest.from(1)).toHaveLength(1);
  });
});

describe("a log", () => {
  test("answers a reader of what was just appended without its store", () => {
    const store = new MemoryLogStore();
    const log = openLog(store);
    log.append([batch("a"), batch("b")], RULES);
    const stored = readLog(store, 0, ALL);
    const refuse = (): never => {
      throw new Error("the store was asked");
    };
    Object.assign(store, { rowsFrom: refuse, segmentHolding: refuse, segmentsFrom: refuse });
    expect(log.read(0, ALL)).toEqual(stored);
  });

  test("does not show an append whose transaction failed", () => {
    const store = new MemoryLogStore();
    const log = openLog(store);
    log.append([batch("a")], RULES);
    const before = log.read(0, ALL);
    const transaction = store.transaction.bind(store);
    const failLate = (work: () => void): void =>
      transaction(() => {
        work();
        throw new Error("the disk is full");
      });
    Object.assign(store, { transaction: failLate });
    expect(() => log.append([batch("b")], RULES)).toThrow("the disk is full");
    expect(log.read(0, ALL)).toEqual(before);
  });

  test("answers as its store would, whatever was appended and wherever a read begins", () => {
    const random = seededRandom(11);
    const store = new MemoryLogStore();
    const log = openLog(store);
    const small = { ...RULES, segmentBytes: 3_000_000 };
    for (let round = 0; round < 150; round++) {
      const runs = Array.from({ length: 1 + Math.floor(random() * 4) }, () => batch("x".repeat(Math.floor(random() ** 4 * 600_000))));
      log.append(runs, small);
      const offset = Math.max(log.logStartOffset, log.highWatermark - 1 - Math.floor(random() * 12));
      const maxRecords = random() < 0.5 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() * 10);
      const limits = { maxBytes: Math.floor(random() * 1_500_000), maxRecords };
      expect(log.read(offset, limits)).toEqual(readLog(store, offset, limits));
    }
  });
});
