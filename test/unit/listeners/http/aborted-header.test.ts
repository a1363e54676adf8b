import { expect, test } from "vitest";
import type { ReadResult } from "../../../../src/broker/ports.ts";
import { abortedHeader, cutToHeader } from "../../../../src/listeners/http/aborted-header.ts";
import { batchHeaders } from "../../../../src/record/record-batch.ts";
import { batchOf, joinRuns } from "../../../support/batches.ts";
import { loadCore } from "../../../support/core.ts";

const core = loadCore();

/** A read of batches of one record at offsets 0 to 9; the transactions of producers 0, 1, … begin at these. */
function readOf(...firstOffsets: readonly number[]): ReadResult {
  const batches = joinRuns(...Array.from({ length: 10 }, (_, baseOffset) => batchOf(core, ["v"], { baseOffset })));
  const abortedTransactions = firstOffsets.map((firstOffset, producerId) => ({ producerId, firstOffset, lastOffset: 20 }));
  const offsets = { logStartOffset: 0, highWatermark: 10, lastStableOffset: 10, leaderEpoch: 0 };
  return { ...offsets, startOffset: 0, nextOffset: 10, batches, abortedTransactions };
}

const partsOf = ({ batches, nextOffset, ...rest }: ReadResult) => [
  [...batchHeaders(new Uint8Array(batches))].length,
  nextOffset,
  abortedHeader({ batches, nextOffset, ...rest })["x-aborted-transactions"],
];

test("an answer has the batches of as many aborted transactions as its header can name", () => {
  expect(partsOf(cutToHeader(readOf(0, 4, 7), 3))).toEqual([10, 10, "0:0-20,1:4-20,2:7-20"]);
  expect(partsOf(cutToHeader(readOf(0, 4, 7), 2))).toEqual([7, 7, "0:0-20,1:4-20"]);
  expect(partsOf(cutToHeader(readOf(0, 4, 7), 1))).toEqual([4, 4, "0:0-20"]);
});

test("it has one batch at least, whatever its transactions", () => {
  expect(partsOf(cutToHeader(readOf(0, 0, 0, 1), 1))).toEqual([1, 1, "0:0-20,1:0-20,2:0-20"]);
  expect(partsOf(cutToHeader(readOf(0, 0, 0), 1))).toEqual([10, 10, "0:0-20,1:0-20,2:0-20"]);
});

test("nothing is said where nothing was aborted", () => {
  expect(abortedHeader(readOf())).toEqual({});
});
