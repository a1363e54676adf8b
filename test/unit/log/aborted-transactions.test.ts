import { expect, test } from "vitest";
import { type AbortedEntry, abortedBetween, abortedWithin, encodeTxnIndex } from "../../../src/log/aborted-transactions.ts";
import { abortedFilter } from "../../../src/record/aborted-batches.ts";
import { batchHeaders } from "../../../src/record/record-batch.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { batchOf, joinRuns } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();

/** Entries as `producerId:first-last`; their last stable offsets as a log with only these transactions has them. */
function storeOf(...texts: readonly string[]): MemoryLogStore {
  const all = texts.map((text) => text.split(/[:-]/).map(Number) as [number, number, number]);
  const store = new MemoryLogStore();
  for (const [producerId, firstOffset, lastOffset] of all) {
    const open = all.filter(([, first, last]) => first < lastOffset && last > lastOffset).map(([, first]) => first);
    store.addAborted({ producerId, firstOffset, lastOffset, lastStableOffset: Math.min(lastOffset + 1, ...open) });
  }
  return store;
}

const textOf = ({ producerId, firstOffset, lastOffset }: Pick<AbortedEntry, "producerId" | "firstOffset" | "lastOffset">) =>
  `${producerId}:${firstOffset}-${lastOffset}`;

test("those of a range are found, however long they are, and no entry beyond the first that says there are no more is looked at", () => {
  const store = storeOf("1:0-50", "2:10-12", "3:20-60", "2:61-62", "2:70-71", "2:80-81");
  const found = (start: number, end: number) => abortedBetween(store, start, end).map(textOf);
  expect(found(0, 10)).toEqual(["1:0-50"]);
  expect(found(12, 20)).toEqual(["1:0-50", "2:10-12"]);
  expect(found(13, 61)).toEqual(["1:0-50", "3:20-60"]);
  expect(found(51, 62)).toEqual(["3:20-60", "2:61-62"]);
  expect(found(63, 70)).toEqual([]);
  const looked: number[] = [];
  const counted = {
    *abortedFrom(offset: number) {
      for (const entry of store.abortedFrom(offset)) {
        looked.push(entry.lastOffset);
        yield entry;
      }
    },
  };
  abortedBetween(counted, 55, 60);
  expect(looked).toEqual([60]);
});

test("a range with more than may be told ends where the first begins that is not told, but after its start", () => {
  const store = storeOf("1:0-50", "2:10-12", "3:10-60", "4:20-30", "5:25-40");
  const within = (start: number, maxCount: number) => {
    const { aborted, endOffset } = abortedWithin(store, start, 45, maxCount);
    return [aborted.map(textOf), endOffset];
  };
  expect(within(0, 5)).toEqual([["1:0-50", "2:10-12", "3:10-60", "4:20-30", "5:25-40"], 45]);
  expect(within(0, 3)).toEqual([["1:0-50", "2:10-12", "3:10-60"], 20]);
  expect(within(0, 1)).toEqual([["1:0-50"], 10]);
  expect(within(15, 1)).toEqual([["1:0-50", "3:10-60"], 20]);
  expect(within(31, 1)).toEqual([["1:0-50", "3:10-60", "5:25-40"], 45]);
});

test("an index holds the entries whose markers are in its segment, as Kafka writes them", () => {
  const store = storeOf("1:0-50", "258:55-60", "2:61-62");
  const bytes = Buffer.from(encodeTxnIndex(store, 51, 62));
  expect(bytes.toString("hex")).toBe("0000" + "0000000000000102" + "0000000000000037" + "000000000000003c" + "000000000000003d");
  expect(encodeTxnIndex(store, 63, 100).byteLength).toBe(0);
});

test("a batch is aborted if its producer's transaction around it is", () => {
  const transactional = (producerId: number, baseOffset: number, isControl = false) =>
    batchOf(core, ["v"], { producerId, producerEpoch: 0, baseSequence: 0, baseOffset, isTransactional: true, isControl });
  const isAborted = abortedFilter([
    { producerId: 1, firstOffset: 0, lastOffset: 5 },
    { producerId: 2, firstOffset: 3, lastOffset: 4 },
    { producerId: 1, firstOffset: 10, lastOffset: 12 },
  ]);
  const judged = (run: ArrayBuffer) => [...batchHeaders(new Uint8Array(run))].map(isAborted);
  expect(judged(joinRuns(...[0, 4, 5, 6, 9, 10, 11, 12, 13].map((offset) => transactional(1, offset))))).toEqual([
    ...[true, true, false, false, false],
    ...[true, true, false, false],
  ]);
  expect(judged(joinRuns(transactional(2, 2), transactional(2, 3), transactional(3, 3), transactional(1, 4, true)))).toEqual([
    ...[false, true, false, false],
  ]);
  expect(judged(batchOf(core, ["v"], { producerId: 1, producerEpoch: 0, baseSequence: 0, baseOffset: 3 }))).toEqual([false]);
});
