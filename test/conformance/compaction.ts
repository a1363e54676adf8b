// What compaction promises over every store and archive. Run over memory (test/unit) and over SQLite and R2 in workerd (test/workers).

import { describe, expect, test } from "vitest";
import type { ArchiveStore } from "../../src/log/archive-store.ts";
import type { LogStore } from "../../src/log/log-store.ts";
import { archiveKey, SegmentPlace } from "../../src/log/segment.ts";
import type { Core } from "../../src/wasm/core.ts";
import { COMPRESSIONS, encodeBatch } from "../../src/wasm/record-batches.ts";
import { CompactedLog, type CompactedLogOptions, CutError } from "../support/compacted-log.ts";
import { seededRandom } from "../support/random.ts";

export interface CompactionSetting {
  readonly core: Core;
  /** Runs the body with a fresh store. */
  readonly withStore: (body: (store: LogStore) => Promise<void>) => Promise<void>;
  readonly createArchive: () => ArchiveStore;
  /** Of the randomized test. */
  readonly steps: number;
}

const SMALL = { "segment.bytes": "1000", "index.interval.bytes": "200", "delete.retention.ms": "5000" };

/** Whatever is sealed is compacted. */
const EAGER = { ...SMALL, "min.cleanable.dirty.ratio": "0" };

/** 18 keys in 20 slots. */
const TINY_KEY_MAP_BYTES = 480;

export function compactionConformance({ core, withStore, createArchive, steps }: CompactionSetting): void {
  for (const place of ["local", "archived"] as const) {
    describe(`segments that are ${place}`, () => {
      const onLog = (name: string, configs: Record<string, string>, body: (log: CompactedLog) => Promise<void>) =>
        test(name, () =>
          withStore((store) => body(new CompactedLog({ core, store, archive: place === "local" ? null : createArchive(), configs }))),
        );
      const sealedValues = async (log: CompactedLog) => (await log.read(0)).map(({ key, value }) => `${key}=${value}`);

      onLog("keep the newest record of each key at its offset, and merge once they are small", EAGER, async (log) => {
        for (let round = 0; round < 40; round++) log.append([[`k${round % 4}`, `${round}`.padEnd(50)]]);
        log.log.roll();
        await log.maintain();
        expect((await log.read(0)).map(({ offset }) => offset)).toEqual([36, 37, 38, 39]);
        const read = log.log.read(0, { maxBytes: 1, maxRecords: 1 });
        if ("segment" in read) expect(read.segment.sizeBytes, "a read passes what is empty").toBeGreaterThan(0);
        else expect(read.batches.byteLength).toBeGreaterThan(0);
        log.append([["k0", "40"]]);
        log.log.roll();
        await log.maintain();
        expect(log.segments().map(({ baseOffset, endOffset }) => [baseOffset, endOffset])).toEqual([[0, 41], [41, 41]]); // biome-ignore format: a pair each
        await log.check(0);
        await log.check(17);
      });

      onLog("of many megabytes are compacted in slices, whatever their batches' sizes", { "max.message.bytes": "1500000" }, async (log) => {
        const lengths = [200_000, 1_000_000, 10, 90_000, 300_000, 250_000, 5, 700_000];
        for (let round = 0; round < 24; round++) log.append([[`k${round % 5}`, `${round}`.padEnd(lengths[round % lengths.length]!)]]);
        log.log.roll();
        await log.maintain();
        expect((await log.read(0)).map(({ offset }) => offset)).toEqual([19, 20, 21, 22, 23]);
        expect(log.segments()).toHaveLength(2);
        await log.check(7);
      });

      onLog("are left alone while they are active", EAGER, async (log) => {
        for (let round = 0; round < 5; round++) log.append([["a", `${round}`]]);
        await log.maintain();
        expect(await log.read(0)).toHaveLength(5);
      });

      onLog("keep tombstones for delete.retention.ms after they were first compacted, and nothing older ever again", EAGER, async (log) => {
        log.append([["a", "1"], ["b", "1"]]); // biome-ignore format: a pair each
        log.log.roll();
        log.append([["a", null]]);
        log.log.roll();
        log.nowMs += 100_000;
        await log.maintain();
        expect(await sealedValues(log)).toEqual(["b=1", "a=null"]);
        log.nowMs += 4999;
        await log.maintain();
        expect(await sealedValues(log)).toEqual(["b=1", "a=null"]);
        log.nowMs += 1;
        await log.maintain();
        expect(await sealedValues(log)).toEqual(["b=1"]);
        expect(log.segments().every(({ deleteHorizonMs }) => deleteHorizonMs === null)).toBe(true);
      });

      onLog("wait for min.cleanable.dirty.ratio", { ...SMALL, "min.cleanable.dirty.ratio": "0.5" }, async (log) => {
        for (let round = 0; round < 8; round++) log.append([[`k${round}`, "x".repeat(100)]]);
        log.log.roll();
        await log.maintain();
        expect(log.log.state.cleaner.firstDirtyOffset).toBe(8);
        log.append([["k1", "y"]]);
        log.log.roll();
        await log.maintain();
        expect(log.log.state.cleaner.firstDirtyOffset).toBe(8);
        expect(await log.read(0)).toHaveLength(9);
      });

      onLog("wait for min.compaction.lag.ms", { ...EAGER, "min.compaction.lag.ms": "1000" }, async (log) => {
        log.append([["a", "1"]]);
        log.log.roll();
        log.nowMs += 500;
        log.append([["a", "2"]]);
        log.log.roll();
        log.nowMs += 500;
        await log.maintain();
        expect(await log.read(0)).toHaveLength(2);
        log.nowMs += 500;
        await log.maintain();
        expect(await log.read(0)).toHaveLength(1);
      });

      const late = { ...SMALL, "min.cleanable.dirty.ratio": "1", "max.compaction.lag.ms": "1000" };
      onLog("are compacted after max.compaction.lag.ms whatever the ratio, the active one rolled for it", late, async (log) => {
        log.append([["a", "1"]]);
        log.append([["a", "2"]]);
        await log.maintain();
        expect(await log.read(0)).toHaveLength(2);
        log.nowMs += 1000;
        await log.maintain();
        expect(await log.read(0)).toHaveLength(1);
      });

      onLog("keep the last batch of each producer, empty, and know its repeats after a start", EAGER, async (log) => {
        const idempotent = (baseSequence: number) => ({ producerId: 7, producerEpoch: 0, baseSequence });
        log.append([["a", "1"]], idempotent(0));
        log.append([["a", "2"]], idempotent(1));
        log.append([["a", "3"]]);
        log.log.roll();
        await log.maintain();
        expect((await log.read(0)).map(({ offset }) => offset)).toEqual([2]);
        log.open();
        const again = encodeBatch(core, [{ key: "a", value: "2", timestamp: log.nowMs }], { compression: "none", ...idempotent(1) });
        expect(log.sendBatch(again.buffer)).toMatchObject({ baseOffset: 1 });
        expect(log.append([["b", "1"]], idempotent(2))).toBe(3);
      });

      onLog("expire as well with compact,delete", { ...EAGER, "cleanup.policy": "compact,delete", "retention.ms": "9000" }, async (log) => {
        log.append([["a", "1"], ["b", "1"]]); // biome-ignore format: a pair each
        log.log.roll();
        log.nowMs += 5000;
        log.append([["a", "2"]]);
        log.log.roll();
        await log.maintain();
        expect(await sealedValues(log)).toEqual(["b=1", "a=2"]);
        log.nowMs += 9000;
        await log.maintain();
        expect(await log.read(log.log.logStartOffset)).toEqual([]);
        expect(log.log.logStartOffset).toBe(3);
      });

      onLog("are found by timestamp where their records still are", EAGER, async (log) => {
        for (let round = 0; round < 10; round++) {
          log.append([["a", `${round}`]]);
          log.nowMs += 10;
        }
        log.log.roll();
        await log.maintain();
        expect(log.log.maxTimestamp()).toBe(log.nowMs - 10);
        const found = log.log.findByTimestamp(log.nowMs - 50, 0)!;
        if (place === "local") expect(found).toEqual({ offset: 9, timestamp: log.nowMs - 10 });
        else expect(found).toMatchObject({ segment: { baseOffset: 0, place: SegmentPlace.archived } });
      });

      onLog("that go while they are compacted stay gone, and leave nothing behind", EAGER, async (log) => {
        for (let round = 0; round < 30; round++) log.append([[`k${round % 3}`, `${round}`.padEnd(50)]]);
        log.log.roll();
        const [first] = log.segments();
        log.onTurn = async () => {
          if (log.log.state.cleaner.round !== null) log.log.advanceLogStart(first!.endOffset);
        };
        await log.maintain();
        expect(log.log.logStartOffset).toBe(first!.endOffset);
        expect(log.log.state.cleaner).toEqual({ firstDirtyOffset: 30, round: null });
        await log.check(log.log.logStartOffset);
        expect(log.store.dropStrayRows()).toBe(0);
      });

      if (place === "archived") {
        onLog("never change under the name that a reader knows", EAGER, async (log) => {
          const keyOf = (): string => archiveKey(log.archivePrefix, log.segments()[0]!, log.segments()[0]!.archive!, "log");
          const found = (key: string) => log.archive!.get(key, 0, 100);
          for (const value of ["1", "2"]) {
            log.append([["a", value], [value, value]]); // biome-ignore format: a pair each
            log.log.roll();
            if (value === "1") await log.maintain();
          }
          const before = keyOf();
          expect(await found(before)).not.toBeNull();
          await log.maintain();
          expect(keyOf()).not.toBe(before);
          expect(await found(before)).toBeNull();
          expect(await found(keyOf())).not.toBeNull();
        });
      }

      test("agree with a plain map of keys at every moment, whatever cuts compaction off", { timeout: 120_000 }, () =>
        withStore(async (store) => {
          const seed = Math.floor(Math.random() * 2 ** 32);
          console.log(`compaction of ${place} segments against a map: seed ${seed}`);
          const archive = place === "local" ? null : createArchive();
          await randomWalk({ core, store, archive, keyMapBytes: TINY_KEY_MAP_BYTES }, seededRandom(seed), steps);
        }),
      );
    });
  }
}

/** What a client sent and may send again. */
interface Sent {
  readonly batch: ArrayBuffer;
  readonly baseOffset: number;
}

async function randomWalk(stores: CompactedLogOptions, random: () => number, steps: number): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const policy = below(2) === 0 ? { "cleanup.policy": "compact,delete", "retention.bytes": "15000" } : {};
  const configs = { ...EAGER, "min.cleanable.dirty.ratio": below(2) === 0 ? "0" : "0.4", ...policy };
  const archive = stores.archive && cutting(stores.archive, () => below(30) === 0);
  const log = new CompactedLog({ ...stores, archive, configs });
  const lastSent = new Map<number, Sent>();
  const sequences = new Map<number, number>();
  const appendSome = (): void => appendRandomBatch(stores.core, log, below, sequences, lastSent);
  const checkSome = (): Promise<void> => log.check(Math.max(log.log.logStartOffset, below(log.log.highWatermark + 1)));
  log.onTurn = async () => {
    const dice = below(10);
    if (dice === 0) throw new CutError();
    if (dice < 3) appendSome();
    if (dice === 3) log.log.advanceLogStart(below(log.log.highWatermark + 1) >> 1);
    if (dice > 7) await checkSome();
  };
  for (let step = 0; step < steps; step++) {
    for (let count = below(12); count > 0; count--) appendSome();
    if (below(4) === 0) log.log.roll();
    log.nowMs += below(2000);
    await settle(log, 3);
    await checkSome();
    for (const { batch, baseOffset } of lastSent.values()) expect(log.sendBatch(batch.slice(0))).toMatchObject({ baseOffset });
  }
  log.onTurn = async () => undefined;
  await endClean(log, stores);
}

/** Lets maintenance run, and opens the log again where it is cut off, so many times. */
async function settle(log: CompactedLog, tries: number): Promise<void> {
  for (; tries > 0; tries--) {
    try {
      await log.maintain();
      return;
    } catch (error) {
      if (!(error instanceof CutError)) throw error;
      log.open();
    }
  }
}

/** At the end, with nothing cut off any more: one record a key, no tombstone, and nothing left over. */
async function endClean(log: CompactedLog, { archive }: CompactedLogOptions): Promise<void> {
  log.log.roll();
  log.append([["end", "end"]]);
  log.log.roll();
  for (let round = 0; round < 100 && log.log.state.cleaner.firstDirtyOffset < log.log.highWatermark; round++) await settle(log, 100);
  log.nowMs += 10_000;
  for (let tries = 0; tries < 5; tries++) await settle(log, 100);
  await log.check(log.log.logStartOffset);
  expect(log.store.dropStrayRows()).toBe(0);
  if (log.config.minCleanableDirtyRatio > 0) return;
  const records = await log.read(log.log.logStartOffset);
  expect(new Set(records.map(({ key }) => key)).size).toBe(records.length);
  expect(records.every(({ value }) => value !== null)).toBe(true);
  if (archive === null) return;
  const listed = await archive.list(log.archivePrefix, null);
  const expected = log.segments().filter((segment) => segment.archive !== null).length * 3;
  expect(listed.objects).toHaveLength(expected);
}

function appendRandomBatch(
  core: Core,
  log: CompactedLog,
  below: (limit: number) => number,
  sequences: Map<number, number>,
  lastSent: Map<number, Sent>,
): void {
  const records = Array.from({ length: 1 + below(6) }, () => {
    const value = below(5) === 0 ? null : `${below(1e9)}`.padEnd(below(80));
    return [`key ${below(25)}`, value] as const;
  });
  const compression = COMPRESSIONS[below(COMPRESSIONS.length)]!;
  if (below(2) === 0) {
    log.append(records, { compression });
    return;
  }
  const producerId = below(3);
  const baseSequence = sequences.get(producerId) ?? 0;
  const options = { compression, producerId, producerEpoch: 0, baseSequence };
  const baseOffset = log.append(records, options);
  const inputs = records.map(([key, value]) => ({ key, value, timestamp: log.nowMs }));
  sequences.set(producerId, baseSequence + records.length);
  lastSent.set(producerId, { baseOffset, batch: encodeBatch(core, inputs, options).buffer });
}

/** An archive whose calls are cut off now and then, before they are done or after. */
function cutting(archive: ArchiveStore, isCut: () => boolean): ArchiveStore {
  const cut = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isCut()) throw new CutError();
    const result = await work();
    if (isCut()) throw new CutError();
    return result;
  };
  return {
    partBytes: archive.partBytes,
    putIfAbsent: (key, bytes) => cut(() => archive.putIfAbsent(key, bytes)),
    beginUpload: (key) => cut(() => archive.beginUpload(key)),
    get: (key, position, length) => archive.get(key, position, length),
    delete: (keys) => cut(() => archive.delete(keys)),
    list: (prefix, cursor) => archive.list(prefix, cursor),
  };
}
