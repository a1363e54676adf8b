// What a partition's log promises of transactions, over every store. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { describe, expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../src/common/configs.ts";
import type { Failure } from "../../src/common/errors.ts";
import { abortedBetween } from "../../src/log/aborted-transactions.ts";
import { toLogConfig } from "../../src/log/log-config.ts";
import type { LogRead } from "../../src/log/log-reader.ts";
import { type LogState, type LogStore, NOTHING_CLEANED } from "../../src/log/log-store.ts";
import { type AppendedRun, type AppendItem, PartitionLog } from "../../src/log/partition-log.ts";
import type { Unverified } from "../../src/log/producer-state.ts";
import type { TxnMarker } from "../../src/log/txn-marker.ts";
import { batchHeaders, isControl } from "../../src/record/record-batch.ts";
import { batchOf, joinRuns } from "../support/batches.ts";
import type { LogSetting } from "./partition-log.ts";

const START_MS = 1_760_000_100_000;
const DAY_MS = 86_400_000;
const EMPTY_STATE: LogState = {
  ...{ topicId: "t", partition: 0, leaderEpoch: -1, logStartOffset: 0 },
  ...{ cleaner: NOTHING_CLEANED, topicVersion: 1, configs: {} },
};
const CONFIG = toLogConfig(parseTopicConfigs({}) as TopicConfig);
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };

interface Batch {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
}

export function transactionConformance({ core, tools, withStore }: LogSetting): void {
  let nowMs = START_MS;
  const open = (store: LogStore): PartitionLog => new PartitionLog(store, store.loadState() ?? EMPTY_STATE, tools, () => nowMs);
  const onLog = (name: string, body: (log: PartitionLog, store: LogStore) => void) =>
    test(name, () => withStore((store) => body(open(store), store)));
  const append = (log: PartitionLog, item: AppendItem): AppendedRun | Failure => log.append([item], CONFIG)[0]!;
  const batch = (values: readonly string[], others: Batch = {}) =>
    batchOf(core, values, { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true, ...others });
  const plain = (value: string) => batchOf(core, [value]);
  const guardOf = (result: AppendedRun | Failure) => (result as Unverified).needsVerification;
  /** Appends the first batch of a transaction, as an edge does whose coordinator confirms it. */
  const begin = (log: PartitionLog, bytes: ArrayBuffer) => append(log, { bytes, verification: guardOf(append(log, bytes.slice(0))) });
  const end = (log: PartitionLog, isCommit: boolean, others: Partial<TxnMarker> = {}) =>
    append(log, { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, isCommit, ...others });
  const aborted = (store: LogStore, from = 0, to = 1e9) =>
    abortedBetween(store, from, to).map(({ producerId, firstOffset, lastOffset }) => [producerId, firstOffset, lastOffset]);

  describe("the last stable offset", () => {
    onLog("is the end of the log where no transaction is open, else where the first of them begins", (log) => {
      append(log, plain("a"));
      expect(log.lastStableOffset).toBe(1);
      expect(begin(log, batch(["b", "c"]))).toMatchObject({ baseOffset: 1 });
      begin(log, batch(["d"], { producerId: 8 }));
      expect([log.lastStableOffset, log.highWatermark]).toEqual([1, 4]);
      end(log, true, { producerId: 8 });
      expect([log.lastStableOffset, log.highWatermark]).toEqual([1, 5]);
      end(log, true);
      expect([log.lastStableOffset, log.highWatermark]).toEqual([6, 6]);
    });

    onLog("does not lie before the log start, when an open transaction's batches are deleted", (log) => {
      begin(log, batch(["a"]));
      append(log, plain("b"));
      log.advanceLogStart(2);
      expect(log.lastStableOffset).toBe(2);
      append(log, plain("c"));
      expect([log.lastStableOffset, log.highWatermark]).toEqual([2, 3]);
      end(log, true);
      expect(log.lastStableOffset).toBe(4);
    });

    test("survives a restart, from the batches and from a snapshot, and so does what is open", () =>
      withStore((store) => {
        const log = open(store);
        append(log, plain("a"));
        begin(log, batch(["b"]));
        expect(open(store).lastStableOffset).toBe(1);
        const second = open(store);
        second.roll();
        append(second, plain("c"));
        const third = open(store);
        expect([third.lastStableOffset, third.highWatermark]).toEqual([1, 3]);
        expect(append(third, batch(["d"], { baseSequence: 1 }))).toMatchObject({ baseOffset: 3 });
        end(third, false);
        const fourth = open(store);
        expect(fourth.lastStableOffset).toBe(5);
        expect(aborted(store)).toEqual([[7, 1, 4]]);
        expect(end(fourth, false, { coordinatorEpoch: -1 })).toMatchObject({ error: "TRANSACTION_COORDINATOR_FENCED" });
      }));

    onLog("ends a read of committed records, in the middle of a row too", (log) => {
      append(log, plain("a"));
      const first = batch(["c"]);
      const verification = guardOf(append(log, first.slice(0)));
      log.append([plain("b"), { bytes: first, verification }, plain("d")], CONFIG);
      const read = (from: number) => log.read(from, { ...NO_LIMITS, endOffset: log.lastStableOffset }) as LogRead;
      expect([read(0).nextOffset, read(1).nextOffset]).toEqual([2, 2]);
      expect([...batchHeaders(new Uint8Array(read(0).batches))].map(({ baseOffset }) => baseOffset)).toEqual([0, 1]);
      for (const beyond of [2, 3]) expect(read(beyond)).toEqual({ batches: new ArrayBuffer(0), nextOffset: beyond });
      end(log, true);
      expect(read(0).nextOffset).toBe(5);
    });
  });

  describe("a marker", () => {
    onLog("is a control batch of the producer, with the broker's time and the next offset", (log) => {
      begin(log, batch(["a"]));
      expect(end(log, true, { coordinatorEpoch: 5 })).toMatchObject({ baseOffset: 1 });
      const run = new Uint8Array((log.read(1, NO_LIMITS) as LogRead).batches);
      const [header] = [...batchHeaders(run)];
      expect(header).toMatchObject({
        baseOffset: 1,
        producerId: 7,
        producerEpoch: 0,
        baseSequence: -1,
        recordCount: 1,
        maxTimestamp: nowMs,
      });
      expect(isControl(header!)).toBe(true);
      expect(tools.markerIn(run)).toEqual({ producerId: 7, producerEpoch: 0, coordinatorEpoch: 5, isCommit: true });
      expect(tools.isIntact(run)).toBe(true);
    });

    onLog("is found by its time, as a record is, and may have the largest of the log", (log) => {
      begin(
        log,
        batchOf(core, ["a"], { firstTimestamp: nowMs - 5, producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }),
      );
      end(log, true);
      expect(log.maxTimestamp()).toBe(nowMs);
      expect(log.findByTimestamp(log.maxTimestamp(), 0)).toEqual({ offset: 1, timestamp: nowMs });
      expect(log.findByTimestamp(nowMs - 5, 0)).toEqual({ offset: 0, timestamp: nowMs - 5 });
    });

    onLog("is written once, however often it comes, and a producer that the partition does not know gets one", (log) => {
      begin(log, batch(["a"]));
      end(log, true);
      expect(end(log, true)).toMatchObject({ baseOffset: 2 });
      expect(log.highWatermark).toBe(2);
      expect(end(log, true, { producerId: 9 })).toMatchObject({ baseOffset: 2 });
      end(log, true, { producerId: 9 });
      expect(log.highWatermark).toBe(3);
    });

    onLog("of a newer epoch fences the producer, one of an older epoch is refused", (log) => {
      begin(log, batch(["a"]));
      expect(end(log, false, { producerEpoch: 1 })).toMatchObject({ baseOffset: 1 });
      expect(append(log, batch(["b"], { baseSequence: 1 }))).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
      expect(end(log, false)).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
      expect(append(log, batch(["b"], { producerEpoch: 1, baseSequence: 1 }))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(begin(log, batch(["b"], { producerEpoch: 1 }))).toMatchObject({ baseOffset: 2 });
    });

    onLog("of an older coordinator is refused, and the transaction stays open", (log) => {
      begin(log, batch(["a"]));
      end(log, true, { coordinatorEpoch: 4 });
      begin(log, batch(["b"], { baseSequence: 1 }));
      expect(end(log, true, { coordinatorEpoch: 3 })).toMatchObject({ error: "TRANSACTION_COORDINATOR_FENCED" });
      expect(log.lastStableOffset).toBe(2);
      expect(end(log, true, { coordinatorEpoch: 4 })).toMatchObject({ baseOffset: 3 });
    });

    onLog("of no producer is refused", (log) => {
      expect(end(log, true, { producerId: -1 })).toMatchObject({ error: "INVALID_REQUEST" });
      expect(end(log, true, { producerEpoch: -1 })).toMatchObject({ error: "INVALID_REQUEST" });
      expect(log.highWatermark).toBe(0);
    });

    onLog("goes with other appends into one row", (log, store) => {
      begin(log, batch(["a"]));
      log.append([plain("b"), { producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, isCommit: false }, plain("c")], CONFIG);
      expect([...store.rowsFrom({ baseOffset: 0, generation: 0 }, 1)].map(({ baseOffset, endOffset }) => [baseOffset, endOffset])).toEqual([[1, 4]]); // biome-ignore format: a pair each
      expect(aborted(store)).toEqual([[7, 0, 2]]);
    });

    onLog("is not a client's to send", (log) => {
      const run = tools.encodeMarker({ producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, isCommit: true }, nowMs);
      expect(append(log, run)).toMatchObject({ error: "INVALID_RECORD" });
    });
  });

  describe("aborted transactions", () => {
    onLog("are listed by the reads that they have batches in, and committed ones are not", (log, store) => {
      begin(log, batch(["a"]));
      begin(log, batch(["b"], { producerId: 8 }));
      end(log, false); // 2
      end(log, true, { producerId: 8 });
      append(log, plain("c")); // 4
      begin(log, batch(["d"], { baseSequence: 1 }));
      end(log, false); // 6
      expect(aborted(store)).toEqual([
        [7, 0, 2],
        [7, 5, 6],
      ]);
      expect(aborted(store, 1, 5)).toEqual([[7, 0, 2]]);
      expect(aborted(store, 3, 5)).toEqual([]);
      expect(aborted(store, 3, 6)).toEqual([[7, 5, 6]]);
      expect(aborted(store, 6)).toEqual([[7, 5, 6]]);
      expect(aborted(store, 7)).toEqual([]);
    });

    onLog("are listed although a later one ended before, and no more of them are looked at than needed", (log, store) => {
      begin(log, batch(["long"]));
      for (let count = 0; count < 40; count++) {
        begin(log, batch(["short"], { producerId: 8, baseSequence: count }));
        end(log, false, { producerId: 8 });
      }
      end(log, false);
      expect(aborted(store, 0, 1)).toEqual([[7, 0, 81]]);
      expect(aborted(store, 30, 35)).toEqual([[7, 0, 81], ...[29, 31, 33].map((first) => [8, first, first + 1])]);
      begin(log, batch(["after"], { baseSequence: 1 }));
      end(log, false);
      expect(aborted(store, 82)).toEqual([[7, 82, 83]]);
      expect([...store.abortedFrom(0)].map(({ lastStableOffset }) => lastStableOffset).slice(-3)).toEqual([0, 82, 84]);
    });

    onLog("go with their markers, when the log start passes those", (log, store) => {
      begin(log, batch(["a"]));
      end(log, false);
      begin(log, batch(["b"], { baseSequence: 1 }));
      end(log, false);
      log.advanceLogStart(1);
      expect(aborted(store)).toHaveLength(2);
      log.advanceLogStart(2);
      expect(aborted(store)).toEqual([[7, 2, 3]]);
    });
  });

  describe("the first batch of a transaction", () => {
    onLog("is not written without a guard, and with it once", (log) => {
      const refused = append(log, batch(["a"]));
      expect(refused).toMatchObject({ error: "INVALID_TXN_STATE" });
      expect(log.highWatermark).toBe(0);
      const verification = guardOf(refused);
      expect(append(log, { bytes: batch(["a"]), verification: verification + 1 })).toMatchObject({ error: "INVALID_TXN_STATE" });
      expect(append(log, { bytes: batch(["a"]), verification })).toMatchObject({ baseOffset: 0 });
      expect(append(log, batch(["b"], { baseSequence: 1 }))).toMatchObject({ baseOffset: 1 });
      end(log, true);
      const next = { bytes: batch(["c"], { baseSequence: 2 }), verification };
      expect(append(log, next), "the guard was for the transaction before").toMatchObject({ error: "INVALID_TXN_STATE" });
    });

    onLog("cannot come with a guard from before a marker, or of another epoch", (log) => {
      const late = guardOf(append(log, batch(["a"])));
      end(log, false);
      expect(append(log, { bytes: batch(["a"]), verification: late })).toMatchObject({ error: "INVALID_TXN_STATE" });
      const ofOldEpoch = guardOf(append(log, batch(["a"])));
      const ofNewEpoch = guardOf(append(log, batch(["a"], { producerEpoch: 1 })));
      expect(append(log, { bytes: batch(["a"]), verification: ofOldEpoch })).toMatchObject({ error: "INVALID_TXN_STATE" });
      expect(append(log, { bytes: batch(["a"], { producerEpoch: 1 }), verification: ofNewEpoch })).toMatchObject({ baseOffset: 1 });
    });

    test("cannot come with a guard from before a restart", () =>
      withStore((store) => {
        const verification = guardOf(append(open(store), batch(["a"])));
        const log = open(store);
        expect(append(log, { bytes: batch(["a"]), verification })).toMatchObject({ error: "INVALID_TXN_STATE" });
        expect(begin(log, batch(["a"]))).toMatchObject({ baseOffset: 0 });
      }));

    onLog("is the one with the lowest sequence that came, whichever is verified first", (log) => {
      const verification = guardOf(append(log, batch(["a"])));
      expect(guardOf(append(log, batch(["b"], { baseSequence: 1 })))).toBe(verification);
      const second = { bytes: batch(["b"], { baseSequence: 1 }), verification };
      expect(append(log, second)).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(append(log, { bytes: batch(["a"]), verification })).toMatchObject({ baseOffset: 0 });
      expect(append(log, second)).toMatchObject({ baseOffset: 1 });
    });

    onLog("has sequence 0 in an epoch of its own, of a producer that the partition does not know too", (log) => {
      const ownEpoch = (values: readonly string[], others: Batch) => {
        const bytes = batch(values, others);
        return append(log, { bytes, verification: guardOf(append(log, bytes.slice(0))), hasOwnEpoch: true });
      };
      expect(ownEpoch(["b"], { baseSequence: 1 })).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(ownEpoch(["a"], {})).toMatchObject({ baseOffset: 0 });
      expect(append(log, batch(["b"], { baseSequence: 1 }))).toMatchObject({ baseOffset: 1 });
      end(log, true, { producerEpoch: 1 });
      expect(append(log, batch(["late"], { baseSequence: 2 }))).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
      expect(ownEpoch(["d"], { producerEpoch: 1, baseSequence: 1 })).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      expect(ownEpoch(["c"], { producerEpoch: 1 })).toMatchObject({ baseOffset: 3 });
    });

    onLog("goes on with its sequences where the client takes to epochs of their own within one", (log) => {
      begin(log, batch(["a"]));
      end(log, true);
      const bytes = batch(["b"], { baseSequence: 1 });
      const verification = guardOf(append(log, bytes.slice(0)));
      expect(append(log, { bytes, verification, hasOwnEpoch: true })).toMatchObject({ baseOffset: 2 });
      end(log, true, { producerEpoch: 1 });
      expect(begin(log, batch(["c"], { producerEpoch: 1 }))).toMatchObject({ baseOffset: 4 });
    });

    onLog("does not leave a transaction open when its run is refused", (log) => {
      const run = joinRuns(batch(["a"]), batch(["b"], { baseSequence: 9 }));
      const verification = guardOf(append(log, run.slice(0)));
      expect(append(log, { bytes: run, verification })).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
      append(log, plain("c"));
      expect(log.lastStableOffset).toBe(1);
    });

    onLog("that is a repeat of one of a transaction which has ended is answered, not verified", (log) => {
      begin(log, batch(["a"]));
      end(log, true);
      expect(append(log, batch(["a"]))).toMatchObject({ baseOffset: 0 });
      expect(log.highWatermark).toBe(2);
    });
  });

  onLog("a producer with an open transaction writes nothing outside of it, and nobody a transaction without a producer id", (log) => {
    begin(log, batch(["a"]));
    const outside = batch(["b"], { baseSequence: 1, isTransactional: false });
    expect(append(log, outside)).toMatchObject({ error: "INVALID_TXN_STATE" });
    end(log, true);
    expect(append(log, outside)).toMatchObject({ baseOffset: 2 });
    const anonymous = batch(["c"], { producerId: -1, producerEpoch: -1, baseSequence: -1 });
    expect(append(log, anonymous)).toMatchObject({ error: "INVALID_PRODUCER_ID_MAPPING" });
  });

  test("a producer is forgotten after its time, but not with an open transaction", () =>
    withStore((store) => {
      nowMs = START_MS;
      const log = open(store);
      begin(log, batch(["a"]));
      append(log, batch(["b"], { producerId: 8, isTransactional: false }));
      nowMs += DAY_MS + 1;
      log.roll();
      expect(open(store).describeProducers()).toEqual([
        {
          ...{ producerId: 7, producerEpoch: 0, lastSequence: 0, lastTimestamp: START_MS },
          ...{ coordinatorEpoch: -1, currentTxnStartOffset: 0 },
        },
      ]);
      nowMs = START_MS;
    }));

  onLog("producers are described with their epochs, sequences and open transactions", (log) => {
    begin(log, batch(["a", "b"]));
    end(log, true, { coordinatorEpoch: 2, producerId: 9, producerEpoch: 3 });
    expect(log.describeProducers()).toEqual([
      { producerId: 7, producerEpoch: 0, lastSequence: 1, lastTimestamp: nowMs, coordinatorEpoch: -1, currentTxnStartOffset: 0 },
      { producerId: 9, producerEpoch: 3, lastSequence: -1, lastTimestamp: nowMs, coordinatorEpoch: 2, currentTxnStartOffset: -1 },
    ]);
  });
}
