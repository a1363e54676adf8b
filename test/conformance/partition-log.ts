// What a partition's log promises over every store. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { describe, expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import type { Failure } from "../../src/common/errors.ts";
import { SHARED_ROW_BYTES } from "../../src/common/limits/partition-log.ts";
import { type LogConfig, toLogConfig } from "../../src/log/log-config.ts";
import type { LogRead } from "../../src/log/log-reader.ts";
import { type LogState, type LogStore, NOTHING_CLEANED } from "../../src/log/log-store.ts";
import { type AppendedRun, PartitionLog } from "../../src/log/partition-log.ts";
import type { RecordTools } from "../../src/log/record-tools.ts";
import type { SegmentName } from "../../src/log/segment.ts";
import { batchHeaders } from "../../src/record/record-batch.ts";
import type { Core } from "../../src/wasm/core.ts";
import { batchOf, joinRuns, recordsIn } from "../support/batches.ts";
import { seededRandom } from "../support/random.ts";

export interface LogSetting {
  readonly core: Core;
  readonly tools: RecordTools;
  /** Runs the body with a fresh store. */
  readonly withStore: (body: (store: LogStore) => void) => Promise<void>;
}

const NOW_MS = 1_760_000_100_000;
const EMPTY_STATE: LogState = {
  ...{ topicId: "t", partition: 0, leaderEpoch: -1, logStartOffset: 0 },
  ...{ cleaner: NOTHING_CLEANED, topicVersion: 1, configs: {} },
};

const FIRST: SegmentName = { baseOffset: 0, generation: 0 };

const RULES = toLogConfig(parseTopicConfigs({}) as TopicConfig);

const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };

export function partitionLogConformance({ core, tools, withStore }: LogSetting): void {
  const open = (store: LogStore): PartitionLog => new PartitionLog(store, store.loadState() ?? EMPTY_STATE, tools, () => NOW_MS);
  const onLog = (name: string, body: (log: PartitionLog, store: LogStore) => void) =>
    test(name, () => withStore((store) => body(open(store), store)));
  const append = (log: PartitionLog, run: ArrayBuffer, rules = RULES): AppendedRun | Failure => log.append([run], rules)[0]!;
  const values = (log: PartitionLog, from: number, limits = NO_LIMITS) =>
    recordsIn(core, (log.read(from, limits) as LogRead).batches, from);
  const idempotent = (baseSequence: number, texts: readonly string[], producerEpoch = 0) =>
    batchOf(core, texts, { producerId: 7, producerEpoch, baseSequence });

  describe("append", () => {
    onLog("gives consecutive offsets, from 0, and sets the leader epoch", (log) => {
      expect(append(log, batchOf(core, ["a", "b"]))).toMatchObject({ baseOffset: 0 });
      expect(append(log, batchOf(core, ["c"]))).toMatchObject({ baseOffset: 2 });
      expect(log.highWatermark).toBe(3);
      expect(values(log, 0)).toEqual([
        { offset: 0, value: "a" },
        { offset: 1, value: "b" },
        { offset: 2, value: "c" },
      ]);
      const headers = [...batchHeaders(new Uint8Array((log.read(0, NO_LIMITS) as LogRead).batches))];
      expect(headers.map((header) => header.partitionLeaderEpoch)).toEqual([0, 0]);
    });

    onLog("writes what came together as one row, whatever its runs", (log, store) => {
      const results = log.append(
        [batchOf(core, ["a"]), joinRuns(batchOf(core, ["b"]), batchOf(core, ["c", "d"])), batchOf(core, ["e"])],
        RULES,
      );
      expect(results.map((result) => (result as AppendedRun).baseOffset)).toEqual([0, 1, 4]);
      expect([...store.rowsFrom(FIRST, 0)].map((row) => [row.baseOffset, row.endOffset])).toEqual([[0, 5]]);
    });

    onLog("begins another row before one outgrows the size that batches share", (log, store) => {
      const big = "x".repeat(250_000);
      log.append([batchOf(core, [big]), batchOf(core, [big]), batchOf(core, [big])], RULES);
      const rows = [...store.rowsFrom(FIRST, 0)];
      expect(rows.map((row) => [row.baseOffset, row.endOffset])).toEqual([
        [0, 2],
        [2, 3],
      ]);
      expect(rows[1]!.position).toBe(rows[0]!.bytes.byteLength);
      expect(Math.max(...rows.map((row) => row.bytes.byteLength))).toBeLessThanOrEqual(SHARED_ROW_BYTES);
    });

    onLog("gives the rows that fit a limit whole, the first in any case", (log, store) => {
      for (let i = 0; i < 40; i++) log.append([batchOf(core, ["x".repeat(i === 0 ? 10 : 60_000)])], RULES);
      const rows = [...store.rowsFrom(FIRST, 0)];
      for (const first of [0, 1, 25, 39]) {
        for (const maxBytes of [1, 70_000, 130_000, 1_200_000, 5_000_000]) {
          const from = rows.slice(first);
          const end = from.findIndex((row, index) => index > 0 && row.position + row.sizeBytes - from[0]!.position > maxBytes);
          const expected = (end < 0 ? from : from.slice(0, end)).map((row) => row.baseOffset);
          expect([...store.rowsFrom(FIRST, first, maxBytes)].map((row) => row.baseOffset)).toEqual(expected);
        }
      }
      expect([...store.rowsFrom(FIRST, 40)]).toEqual([]);
    });

    onLog("gives the first batch even where no bytes are allowed", (log) => {
      log.append([batchOf(core, ["a"]), batchOf(core, ["b"])], RULES);
      expect(log.read(0, { maxBytes: 0, maxRecords: 10 })).toMatchObject({ nextOffset: 1 });
    });

    onLog("ends a read that has half of its bytes with a whole row, and takes a part of the next where it has less", (log) => {
      const batches = (count: number, bytes: number) =>
        joinRuns(...Array.from({ length: count }, () => batchOf(core, ["x".repeat(bytes)])));
      for (const run of [batches(1, 1_000), batches(4, 1_000), batches(4, 1_000)]) log.append([run], RULES);
      const endOf = (maxBytes: number) => (log.read(0, { maxBytes, maxRecords: Number.POSITIVE_INFINITY }) as LogRead).nextOffset;
      expect(endOf(2_000)).toBe(1);
      expect(endOf(4_500)).toBe(4);
      expect(endOf(8_000)).toBe(5);
      expect(endOf(20_000)).toBe(9);
      for (let offset = 0; offset < 9; offset++) {
        const read = log.read(offset, { maxBytes: 3_000, maxRecords: Number.POSITIVE_INFINITY }) as LogRead;
        expect(read.nextOffset).toBeGreaterThan(offset);
      }
    });

    onLog("refuses a run that is not whole batches, and writes nothing of it", (log) => {
      const batch = batchOf(core, ["a"]);
      for (const run of [
        new ArrayBuffer(0),
        batch.slice(0, 60),
        batch.slice(0, batch.byteLength - 1),
        joinRuns(batch, new ArrayBuffer(3)),
      ]) {
        expect(append(log, run)).toMatchObject({ error: "CORRUPT_MESSAGE" });
      }
      expect(log.highWatermark).toBe(0);
    });

    onLog("refuses a batch above max.message.bytes with its whole run", (log) => {
      const run = joinRuns(batchOf(core, ["a"]), batchOf(core, ["x".repeat(2000)]));
      expect(append(log, run, { ...RULES, maxMessageBytes: 1000 })).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
      expect(log.highWatermark).toBe(0);
    });

    onLog("refuses timestamps beyond the topic's bounds", (log) => {
      const early = batchOf(core, ["a"], { firstTimestamp: NOW_MS - 5000 });
      const late = batchOf(core, ["a"], { firstTimestamp: NOW_MS + 5000 });
      expect(append(log, early, { ...RULES, timestampBeforeMaxMs: 4999 })).toMatchObject({ error: "INVALID_TIMESTAMP" });
      expect(append(log, late, { ...RULES, timestampAfterMaxMs: 4999 })).toMatchObject({ error: "INVALID_TIMESTAMP" });
      expect(append(log, early, { ...RULES, timestampBeforeMaxMs: 5000 })).toMatchObject({ baseOffset: 0 });
      expect(append(log, late, { ...RULES, timestampAfterMaxMs: 5000 })).toMatchObject({ baseOffset: 1 });
    });

    onLog("stamps batches with its own time where the topic says LogAppendTime, with a CRC that holds", (log) => {
      const result = append(log, batchOf(core, ["a", "b"], { firstTimestamp: 5 }), { ...RULES, isLogAppendTime: true });
      expect(result).toEqual({ baseOffset: 0, logAppendTimeMs: NOW_MS });
      expect(values(log, 0)).toHaveLength(2);
      expect(log.findByTimestamp(NOW_MS, 0)).toEqual({ offset: 0, timestamp: NOW_MS });
      expect(log.findByTimestamp(NOW_MS + 1, 0)).toBeNull();
    });
  });

  describe("an idempotent producer", () => {
    onLog("is answered with the first offset when it repeats one of its last five batches", (log) => {
      for (const sequence of [0, 1, 2, 3, 4]) append(log, idempotent(sequence, [`v${sequence}`]));
      for (const sequence of [0, 1, 2, 3, 4])
        expect(append(log, idempotent(sequence, [`v${sequence}`]))).toMatchObject({ baseOffset: sequence });
      expect(log.highWatermark).toBe(5);
    });

    onLog("is told of a repeat that is older than that", (log) => {
      for (const sequence of [0, 1, 2, 3, 4, 5]) append(log, idempotent(sequence, [`v${sequence}`]));
      expect(append(log, idempotent(0, ["v0"]))).toMatchObject({ error: "DUPLICATE_SEQUENCE_NUMBER" });
    });

    onLog("may not leave a gap", (log) => {
      append(log, idempotent(0, ["a", "b"]));
      expect(append(log, idempotent(3, ["c"]))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(append(log, idempotent(1, ["b", "c"]))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(append(log, idempotent(2, ["c"]))).toMatchObject({ baseOffset: 2 });
    });

    onLog("starts a new epoch at sequence 0, and its old epoch is refused from then on", (log) => {
      append(log, idempotent(0, ["a"]));
      expect(append(log, idempotent(1, ["b"], 1))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(append(log, idempotent(0, ["b"], 1))).toMatchObject({ baseOffset: 1 });
      expect(append(log, idempotent(1, ["c"], 0))).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
    });

    onLog("goes on at 0 after the largest sequence", (log) => {
      append(log, idempotent(2 ** 31 - 2, ["a", "b"]));
      expect(append(log, idempotent(0, ["c"]))).toMatchObject({ baseOffset: 2 });
    });

    onLog("may not leave a gap behind the largest sequence either, and is told of old repeats from before it", (log) => {
      const last = 2 ** 31 - 1;
      for (const sequence of [last - 4, last - 3, last - 2, last - 1, last]) append(log, idempotent(sequence, ["a"]));
      expect(append(log, idempotent(2, ["c"]))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      for (const sequence of [0, 1, 2, 3, 4]) append(log, idempotent(sequence, ["b"]));
      expect(append(log, idempotent(last, ["a"]))).toMatchObject({ error: "DUPLICATE_SEQUENCE_NUMBER" });
    });

    onLog("loses the whole run when one of its batches is refused, and may send it again", (log) => {
      expect(append(log, joinRuns(idempotent(0, ["a"]), idempotent(5, ["b"])))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(log.highWatermark).toBe(0);
      expect(append(log, joinRuns(idempotent(0, ["a"]), idempotent(1, ["b"])))).toMatchObject({ baseOffset: 0 });
      expect(values(log, 0).map((record) => record.value)).toEqual(["a", "b"]);
    });

    onLog("that repeats a part of a run is written only for the rest", (log) => {
      append(log, idempotent(0, ["a"]));
      expect(append(log, joinRuns(idempotent(0, ["a"]), idempotent(1, ["b"])))).toMatchObject({ baseOffset: 0 });
      expect(values(log, 0).map((record) => record.value)).toEqual(["a", "b"]);
    });

    test("is recognised after a restart", () =>
      withStore((store) => {
        append(open(store), idempotent(0, ["a", "b"]));
        const reopened = open(store);
        expect(append(reopened, idempotent(0, ["a", "b"]))).toMatchObject({ baseOffset: 0 });
        expect(append(reopened, idempotent(2, ["c"]))).toMatchObject({ baseOffset: 2 });
      }));

    test("is recognised after a restart when its segment is sealed", () =>
      withStore((store) => {
        const log = open(store);
        append(log, idempotent(0, ["a"]));
        log.roll();
        expect(append(open(store), idempotent(0, ["a"]))).toMatchObject({ baseOffset: 0 });
      }));

    test("is recognised after a restart from a snapshot and the batches after it", () =>
      withStore((store) => {
        const log = open(store);
        for (let sequence = 0; sequence < 20; sequence++) append(log, idempotent(sequence, ["x".repeat(1_000_000)]));
        expect(store.loadProducerSnapshot()!.endOffset).toBeGreaterThan(0);
        expect(store.loadProducerSnapshot()!.endOffset).toBeLessThan(20);
        const reopened = open(store);
        expect(append(reopened, idempotent(19, ["x".repeat(1_000_000)]))).toMatchObject({ baseOffset: 19 });
        expect(append(reopened, idempotent(20, ["y"]))).toMatchObject({ baseOffset: 20 });
      }));
  });

  describe("read", () => {
    onLog("starts with the batch that holds the offset, and ends at the end", (log) => {
      append(log, batchOf(core, ["a", "b", "c"]));
      append(log, batchOf(core, ["d"]));
      expect(recordsIn(core, (log.read(1, NO_LIMITS) as LogRead).batches).map((record) => record.offset)).toEqual([0, 1, 2, 3]);
      expect(log.read(3, NO_LIMITS)).toMatchObject({ nextOffset: 4 });
      expect(log.read(4, NO_LIMITS)).toEqual({ batches: new ArrayBuffer(0), nextOffset: 4 });
    });

    onLog("gives the first batch whole even when it is larger than maxBytes, and then no more", (log) => {
      for (const value of ["a", "b", "c"]) append(log, batchOf(core, [value.repeat(500)]));
      expect(log.read(1, { ...NO_LIMITS, maxBytes: 1 })).toMatchObject({ nextOffset: 2 });
      expect(log.read(0, { ...NO_LIMITS, maxBytes: 1200 })).toMatchObject({ nextOffset: 2 });
    });

    onLog("stops after the batch that reaches maxRecords", (log) => {
      log.append([batchOf(core, ["a", "b"]), batchOf(core, ["c", "d"]), batchOf(core, ["e"])], RULES);
      expect(log.read(0, { ...NO_LIMITS, maxRecords: 1 })).toMatchObject({ nextOffset: 2 });
      expect(log.read(1, { ...NO_LIMITS, maxRecords: 2 })).toMatchObject({ nextOffset: 4 });
      expect(log.read(0, { ...NO_LIMITS, maxRecords: 5 })).toMatchObject({ nextOffset: 5 });
    });
  });

  describe("find by timestamp", () => {
    onLog("finds the first record at or after a time, inside batches and across rows", (log) => {
      append(log, batchOf(core, ["a", "b", "c"], { firstTimestamp: 100 }));
      append(log, batchOf(core, ["d", "e"], { firstTimestamp: 50, compression: "lz4" }));
      append(log, batchOf(core, ["f"], { firstTimestamp: 200 }));
      expect(log.findByTimestamp(0, 0)).toEqual({ offset: 0, timestamp: 100 });
      expect(log.findByTimestamp(101, 0)).toEqual({ offset: 1, timestamp: 101 });
      expect(log.findByTimestamp(103, 0)).toEqual({ offset: 5, timestamp: 200 });
      expect(log.findByTimestamp(201, 0)).toBeNull();
    });

    onLog("knows the largest timestamp", (log) => {
      expect(log.maxTimestamp()).toBe(-1);
      append(log, batchOf(core, ["a", "b"], { firstTimestamp: 100 }));
      append(log, batchOf(core, ["c"], { firstTimestamp: 101 }));
      append(log, batchOf(core, ["d"], { firstTimestamp: 7 }));
      expect(log.maxTimestamp()).toBe(101);
      expect(log.findByTimestamp(log.maxTimestamp(), 0)).toEqual({ offset: 1, timestamp: 101 });
    });
  });

  describe("segments", () => {
    const small: LogConfig = { ...RULES, segmentBytes: 300, indexIntervalBytes: 50 };
    const bases = (store: LogStore) => [...store.segmentsFrom(0)].map((segment) => segment.baseOffset);

    onLog("roll before they outgrow segment.bytes, and read on across the border", (log, store) => {
      for (const text of "abcdefgh") append(log, batchOf(core, [text.repeat(60)]), small);
      expect(bases(store)).toEqual([0, 2, 4, 6]);
      for (const segment of store.segmentsFrom(0)) expect(segment.sizeBytes).toBeLessThanOrEqual(300);
      expect(values(log, 0)).toHaveLength(8);
      expect(values(log, 3).map((record) => record.offset)).toEqual([3, 4, 5, 6, 7]);
      expect(log.sizeBytes).toBe(8 * batchOf(core, ["a".repeat(60)]).byteLength);
    });

    onLog("hold a batch that is larger than segment.bytes alone", (log, store) => {
      for (const length of [1, 2000, 1]) append(log, batchOf(core, ["x".repeat(length)]), small);
      expect(bases(store)).toEqual([0, 1, 2]);
    });

    onLog("split a batch that is larger than a row, up to 16 MiB", (log) => {
      const config = { ...RULES, maxMessageBytes: 1 << 24 };
      const large = Array.from({ length: 10 }, (_, index) => String(index).repeat(1_500_000));
      append(log, batchOf(core, ["before"]), config);
      append(log, batchOf(core, large), config);
      append(log, batchOf(core, ["after"]), config);
      expect(values(log, 0).map((record) => record.value)).toEqual(["before", ...large, "after"]);
      expect(values(log, 11).map((record) => record.value)).toEqual(["after"]);
    });

    onLog("roll by hand, and know when they are due", (log, store) => {
      expect(log.rollDueMs({ ...RULES, segmentMs: 500 })).toBeNull();
      append(log, batchOf(core, ["a"]));
      expect(log.rollDueMs({ ...RULES, segmentMs: 500 })).toBe(NOW_MS + 500);
      log.roll();
      log.roll();
      expect(bases(store)).toEqual([0, 1]);
      append(log, batchOf(core, ["b"]));
      expect(values(log, 0)).toHaveLength(2);
    });

    onLog("are sealed up to segment.jitter.ms early, at an age that a start does not change", (log, store) => {
      const jittered = { ...RULES, segmentMs: 100_000, segmentJitterMs: 100_000 };
      append(log, batchOf(core, ["a"]));
      const dueMs = log.rollDueMs(jittered)!;
      expect(dueMs).toBeGreaterThan(NOW_MS);
      expect(dueMs).toBeLessThan(NOW_MS + 100_000);
      const appendAt = (nowMs: number): void => {
        const again = new PartitionLog(store, store.loadState()!, tools, () => nowMs);
        expect(again.rollDueMs(jittered)).toBe(dueMs);
        append(again, batchOf(core, ["b"]), jittered);
      };
      appendAt(dueMs - 1);
      expect(bases(store)).toEqual([0]);
      appendAt(dueMs);
      expect(bases(store)).toEqual([0, 2]);
    });

    onLog("find timestamps in whichever segment has them", (log) => {
      for (const [index, text] of [..."abcdefgh"].entries()) {
        append(log, batchOf(core, [text.repeat(60), text], { firstTimestamp: 1000 * index }), small);
      }
      for (let index = 0; index < 8; index++) {
        expect(log.findByTimestamp(1000 * index, 0)).toEqual({ offset: 2 * index, timestamp: 1000 * index });
        expect(log.findByTimestamp(1000 * index + 1, 0)).toEqual({ offset: 2 * index + 1, timestamp: 1000 * index + 1 });
      }
      expect(log.findByTimestamp(0, 5)).toEqual({ offset: 5, timestamp: 2001 });
    });

    onLog("go when the log start passes them, and the end of the log stays known when all are gone", (log, store) => {
      for (const text of "abcdefg") append(log, batchOf(core, [text.repeat(60)]), small);
      log.advanceLogStart(3);
      expect(log.logStartOffset).toBe(3);
      expect(bases(store)).toEqual([2, 4, 6]);
      log.roll();
      log.advanceLogStart(7);
      expect(bases(store)).toEqual([7]);
      const reopened = open(store);
      expect([reopened.logStartOffset, reopened.highWatermark, reopened.sizeBytes]).toEqual([7, 7, 0]);
      expect(append(reopened, batchOf(core, ["h"]))).toMatchObject({ baseOffset: 7 });
    });

    test("a damaged last batch is not opened", () =>
      withStore((store) => {
        const log = open(store);
        const batch = batchOf(core, ["abc"]);
        append(log, batch);
        const damaged = new Uint8Array(batch.slice(0));
        damaged[damaged.length - 2]! ^= 1;
        store.dropRows(FIRST);
        store.createRows(FIRST);
        store.appendRow(FIRST, {
          baseOffset: 0,
          endOffset: 1,
          position: 0,
          sizeBytes: damaged.length,
          maxTimestamp: 0,
          bytes: damaged.buffer,
        });
        expect(() => open(store)).toThrow(/damaged/);
      }));
  });

  test("a start raises the leader epoch and keeps everything", () =>
    withStore((store) => {
      const first = open(store);
      expect(first.state.leaderEpoch).toBe(0);
      append(first, batchOf(core, ["a", "b"]));
      const second = open(store);
      expect(second.state.leaderEpoch).toBe(1);
      expect(second.highWatermark).toBe(2);
      expect(second.sizeBytes).toBe(first.sizeBytes);
      expect(open(store).state.leaderEpoch, "a life that changed nothing left its epoch to the next").toBe(1);
      append(second, batchOf(core, ["c"]));
      expect(open(store).state.leaderEpoch).toBe(2);
      expect(values(second, 0).map((record) => record.value)).toEqual(["a", "b", "c"]);
    }));

  test("agrees with a plain list over random appends, reads and restarts", () =>
    withStore((store) => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      console.log(`partition log against a plain list: seed ${seed}`);
      const random = seededRandom(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const model: string[] = [];
      let log = open(store);
      const config = { ...RULES, segmentBytes: 4000 };
      for (let step = 0; step < 300; step++) {
        if (below(20) === 0) log = open(store);
        const runs = Array.from({ length: below(4) }, () =>
          Array.from({ length: 1 + below(5) }, () => String(random()).repeat(1 + below(40))),
        );
        const results = log.append(
          runs.map((texts) => batchOf(core, texts)),
          config,
        );
        for (const [index, texts] of runs.entries()) {
          expect(results[index]).toMatchObject({ baseOffset: model.length });
          model.push(...texts);
        }
        expect(log.highWatermark).toBe(model.length);
        const from = below(model.length + 1);
        const { batches, nextOffset } = log.read(from, { maxBytes: below(5000), maxRecords: 1 + below(50) }) as LogRead;
        expect(recordsIn(core, batches, from)).toEqual(
          model.slice(from, nextOffset).map((value, index) => ({ offset: from + index, value })),
        );
        if (from < model.length) expect(nextOffset).toBeGreaterThan(from);
      }
    }));
}
