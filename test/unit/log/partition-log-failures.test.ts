// What becomes of a log whose store fails under it, and of its producers' snapshots. Random failures: randomized.test.ts.

import { expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { createRecordTools } from "../../../src/log/core-record-tools.ts";
import { toLogConfig } from "../../../src/log/log-config.ts";
import { NOTHING_CLEANED } from "../../../src/log/log-store.ts";
import { PartitionLog } from "../../../src/log/partition-log.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const tools = createRecordTools(core);
const RULES = toLogConfig(parseTopicConfigs({}) as TopicConfig);
const STATE = { topicId: "t", partition: 0, leaderEpoch: -1, logStartOffset: 0, cleaner: NOTHING_CLEANED, topicVersion: 1, configs: {} };

const open = (store: MemoryLogStore, abandon?: (error: unknown) => void) =>
  new PartitionLog(store, store.loadState() ?? STATE, tools, () => 0, abandon);
const one = (baseSequence: number) => batchOf(core, ["a"], { firstTimestamp: 0, producerId: 7, producerEpoch: 0, baseSequence });

test.each<[string, (log: PartitionLog) => void]>([
  ["an append", (log) => log.append([one(1)], RULES)],
  ["a roll", (log) => log.roll()],
  ["a move of the log start", (log) => log.advanceLogStart(1)],
  ["a change of configs", (log) => log.setConfigs(2, {})],
  ["a step of compaction", (log) => log.setCleaner({ firstDirtyOffset: 1, round: null })],
])("%s that fails ends the instance, and the next finds the old state", (_, change) => {
  const store = new MemoryLogStore();
  const told: unknown[] = [];
  const log = open(store, (error) => told.push(error));
  log.append([one(0)], RULES);
  const full = new Error("the disk is full");
  const refuse = (): never => {
    throw full;
  };
  Object.assign(store, { transaction: refuse, saveState: refuse });
  expect(() => change(log)).toThrow(full);
  expect(told).toEqual([full]);
  Reflect.deleteProperty(store, "transaction");
  Reflect.deleteProperty(store, "saveState");
  expect(() => log.append([one(1)], RULES)).toThrow("opened again");
  const next = open(store);
  expect([next.logStartOffset, next.highWatermark, next.state.topicVersion]).toEqual([0, 1, 1]);
  expect(next.append([one(0), one(1)], RULES)).toMatchObject([{ baseOffset: 0 }, { baseOffset: 1 }]);
});

test("a snapshot that is taken within an append leaves every one of a producer's last five batches known after a restart", () => {
  const store = new MemoryLogStore();
  const small = { ...RULES, segmentBytes: 100 };
  open(store).append([0, 1, 2, 3, 4].map(one), small);
  const results = open(store).append([0, 1, 2, 3, 4].map(one), small);
  expect(results).toMatchObject([0, 1, 2, 3, 4].map((baseOffset) => ({ baseOffset })));
});

test("a snapshot of no producers counts: what lies before it is not read again", () => {
  const store = new MemoryLogStore();
  const log = open(store);
  log.append([batchOf(core, ["a"], { firstTimestamp: 0 })], RULES);
  log.roll();
  expect(store.loadProducerSnapshot()).toMatchObject({ endOffset: 1, parts: [expect.any(ArrayBuffer)] });
});
