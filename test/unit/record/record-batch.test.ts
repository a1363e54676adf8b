import { expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { readInt64, writeInt64 } from "../../../src/record/int64.ts";
import {
  batchHeaders,
  incrementSequence,
  lastOffset,
  lastSequence,
  patchRun,
  readBatchHeader,
  viewOf,
} from "../../../src/record/record-batch.ts";
import { encodeBatch, patchBatches, validateBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";
import { LIMITS, someRecords } from "../../support/record-batches.ts";

const core = loadCore();
const producer = { producerId: 2 ** 40 + 1, producerEpoch: 3, baseSequence: 0x7fffffff };
const batches = [
  encodeBatch(core, someRecords(3, 1), { compression: "none", baseOffset: 2 ** 50, partitionLeaderEpoch: 9, ...producer }),
  encodeBatch(core, someRecords(1, 2), { compression: "lz4", isTransactional: true, ...producer }),
  encodeBatch(core, someRecords(20, 3), { compression: "none" }),
];

test("reads the same header as the core", () => {
  const run = concatBytes(batches);
  const result = validateBatches(core, run, LIMITS);
  if (!result.ok) throw new Error(result.statusName);
  expect([...batchHeaders(run)]).toEqual(
    result.batches.map(
      ({ recordsMaxTimestamp, recordsMinTimestamp, maxTimestampOffsetDelta, nullKeyCount, recordsBytes, crc, ...header }) => header,
    ),
  );
});

test("iterates the whole batches of a run cut at any byte", () => {
  const run = concatBytes(batches);
  const ends = [batches[0]!.length, batches[0]!.length + batches[1]!.length, run.length];
  for (let length = 0; length <= run.length; length++) {
    const count = [...batchHeaders(run.subarray(0, length))].length;
    if (count !== ends.filter((end) => end <= length).length) expect.fail(`length ${length}`);
  }
});

test("patches a run in place as the core does in a copy", () => {
  const run = concatBytes(batches);
  const before = new Uint8Array(run);
  const patched = patchBatches(core, run, { baseOffset: 2 ** 52, leaderEpoch: 77 });
  expect(run).toEqual(before);
  expect(patchRun(run, 2 ** 52, 77)).toBe(2 ** 52 + 24);
  expect(patched).toEqual({ batches: run, nextOffset: 2 ** 52 + 24 });
  const headers = [...batchHeaders(run)];
  expect(headers.map(({ baseOffset }) => baseOffset)).toEqual([2 ** 52, 2 ** 52 + 3, 2 ** 52 + 4]);
  expect(headers.map(({ partitionLeaderEpoch }) => partitionLeaderEpoch)).toEqual([77, 77, 77]);
  expect(headers.map(lastOffset)).toEqual([2 ** 52 + 2, 2 ** 52 + 3, 2 ** 52 + 23]);
  expect(validateBatches(core, run, LIMITS).ok).toBe(true);
});

test("refuses to patch a run that is cut short, and leaves it alone", () => {
  const run = concatBytes(batches).subarray(0, -1);
  const before = new Uint8Array(run);
  expect(() => patchRun(run, 5, 1)).toThrow(RangeError);
  expect(() => patchBatches(core, run, { baseOffset: 5, leaderEpoch: 1 })).toThrow("BAD_LENGTH");
  expect(run).toEqual(before);
});

test("sequences run on from 0 after the largest", () => {
  expect(incrementSequence(0x7fffffff, 1)).toBe(0);
  expect(incrementSequence(5, 10)).toBe(15);
  expect(lastSequence(readBatchHeader(viewOf(batches[0]!)))).toBe(1);
  expect(lastSequence(readBatchHeader(viewOf(batches[2]!)))).toBe(-1);
});

test("int64 round-trips to the edges of the safe integers, both byte orders, and no further", () => {
  const view = new DataView(new ArrayBuffer(8));
  for (const value of [0, 1, -1, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    for (const littleEndian of [true, false]) {
      writeInt64(view, 0, value, littleEndian);
      expect(view.getBigInt64(0, littleEndian)).toBe(BigInt(value));
      expect(readInt64(view, 0, littleEndian)).toBe(value);
    }
  }
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    view.setBigInt64(0, value);
    expect(() => readInt64(view, 0)).toThrow(RangeError);
  }
  for (const value of [2 ** 53, 0.5, Number.NaN]) expect(() => writeInt64(view, 0, value)).toThrow(RangeError);
});
