// What a log does in the background, where one order of events matters. Random orders: randomized.test.ts.

import { expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { ArchiveReader } from "../../../src/log/archive-reader.ts";
import { Compactor } from "../../../src/log/compaction/compactor.ts";
import { createBatchTools } from "../../../src/log/compaction/core-batch-tools.ts";
import { createIndexSearch, createRecordTools } from "../../../src/log/core-record-tools.ts";
import { toLogConfig } from "../../../src/log/log-config.ts";
import { NOTHING_CLEANED } from "../../../src/log/log-store.ts";
import { type MaintenanceOptions, nextDueMs, runMaintenance, sweepOrphans } from "../../../src/log/maintenance.ts";
import { type AppendedRun, PartitionLog } from "../../../src/log/partition-log.ts";
import { SegmentPlace } from "../../../src/log/segment.ts";
import { MemoryArchiveStore } from "../../../src/storage/memory-archive-store.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { batchOf } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const NOW_MS = 1_760_000_100_000;
const PREFIX = "topics/t/0/";

const core = loadCore();
const tools = createRecordTools(core);

interface Setting {
  readonly store: MemoryLogStore;
  readonly archive: MemoryArchiveStore;
  nowMs: number;
  configs: Record<string, string>;
  open(): MaintenanceOptions;
}

function aLog(configs: Record<string, string> = {}): Setting {
  const [store, archive] = [new MemoryLogStore(), new MemoryArchiveStore()];
  const setting: Setting = {
    ...{ store, archive, nowMs: NOW_MS, configs },
    open() {
      const fresh = {
        topicId: "t",
        partition: 0,
        leaderEpoch: -1,
        logStartOffset: 0,
        cleaner: NOTHING_CLEANED,
        topicVersion: 1,
        configs: {},
      };
      const log = new PartitionLog(store, store.loadState() ?? fresh, tools, () => setting.nowMs);
      const config = () => toLogConfig(parseTopicConfigs(setting.configs) as TopicConfig);
      const now = () => setting.nowMs;
      const compactor = new Compactor({
        ...{ log, store, archive, config, now, prefix: PREFIX, keyMapBytes: 1 << 16 },
        ...{ tools: createBatchTools(core), randomSeed: () => [1, 2, 3, 4] },
      });
      return { log, store, archive, tools, compactor, config, now, checkAlive: () => {}, yieldTurn: async () => {} };
    },
  };
  return setting;
}

function append({ log, config }: MaintenanceOptions, text: string, firstTimestamp = NOW_MS): void {
  const [result] = log.append([batchOf(core, [text], { firstTimestamp })], config());
  expect((result as AppendedRun).baseOffset).toBeGreaterThanOrEqual(0);
}

const places = (store: MemoryLogStore) => [...store.segmentsFrom(0)].map((segment) => segment.place);

test("a copy that failed leaves nothing that a later one, made with another index.interval.bytes, is taken for", async () => {
  const setting = aLog({ "index.interval.bytes": "0" });
  const options = setting.open();
  for (const text of "abcdefgh") append(options, text.repeat(100));
  options.log.roll();
  const { archive } = setting;
  const failing = Object.assign(new MemoryArchiveStore(), {
    putIfAbsent: (key: string, bytes: ArrayBuffer) =>
      key.endsWith("timeindex") ? Promise.reject(new Error("429")) : archive.putIfAbsent(key, bytes),
  });
  await expect(runMaintenance({ ...options, archive: failing })).rejects.toThrow("429");
  setting.configs = { "index.interval.bytes": "300" };
  await runMaintenance(options);
  const reader = new ArchiveReader({ archive, prefix: PREFIX, tools, search: createIndexSearch(core) });
  const [segment] = setting.store.segmentsFrom(0);
  expect(segment!.place).toBe(SegmentPlace.archived);
  expect((await reader.rangeOf(segment!, 7, 7)).position).toBeGreaterThan(0);
  expect(await sweepOrphans(options)).toBe(2);
});

test("a sweep leaves the objects of a newer leader alone", async () => {
  const { archive, open } = aLog();
  const options = open();
  const nothing = new ArrayBuffer(0);
  await archive.putIfAbsent(`${PREFIX}00000000000000000000.0.0.9.log`, nothing);
  await archive.putIfAbsent(`${PREFIX}00000000000000000000.1.0.0.log`, nothing);
  await archive.putIfAbsent(`${PREFIX}another thing`, nothing);
  expect(await sweepOrphans(options)).toBe(1);
  expect([...archive.objects.keys()]).toEqual([`${PREFIX}00000000000000000000.1.0.0.log`, `${PREFIX}another thing`]);
});

test("a log that was deleted up to its end frees what it holds, and has nothing more to do", async () => {
  const { store, open } = aLog();
  const options = open();
  append(options, "a");
  options.log.advanceLogStart(1);
  expect(nextDueMs(options)).toBe(0);
  expect(await runMaintenance(options)).toBeNull();
  expect(places(store)).toEqual([SegmentPlace.active]);
  expect(options.log.sizeBytes).toBe(0);
});

test("an expired segment behind one that is not is no reason to run again", async () => {
  const setting = aLog({ "retention.ms": "1000", "segment.bytes": "100" });
  const options = setting.open();
  append(options, "young", NOW_MS + 500_000);
  append(options, "old", NOW_MS - 500_000);
  options.log.roll();
  expect(await runMaintenance(options)).toBe(NOW_MS + 501_000);
});

test("rows that are kept beyond the upload go in time, however many segments are in the archive alone", async () => {
  const setting = aLog({ "segment.bytes": "100" });
  const options = setting.open();
  for (const text of "abcdef") append(options, text);
  await runMaintenance(options);
  setting.configs = { ...setting.configs, "local.retention.ms": "5000" };
  append(options, "g");
  expect(await runMaintenance(options)).toBe(NOW_MS + 5000);
  setting.nowMs += 5000;
  await runMaintenance(options);
  expect(
    places(setting.store)
      .slice(0, -1)
      .every((place) => place === SegmentPlace.archived),
  ).toBe(true);
});
