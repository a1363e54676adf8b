// Stored batches as the doors see them: how far a decoding goes, and where the next one starts.

import { expect, test } from "vitest";
import { encodeBatch, patchBatches } from "../../../src/wasm/record-batches.ts";
import { createRecordCodec } from "../../../src/wasm/record-codec.ts";
import { loadCore } from "../../support/core.ts";
import { concat } from "../../support/record-batches.ts";

const core = loadCore();
const codec = createRecordCodec(core, 1 << 20);

/** Two batches of four records of 100 bytes each: key, value, header name and header value. */
const record = { key: "k".repeat(10), value: "v".repeat(60), headers: [{ key: "h".repeat(10), value: "w".repeat(20) }], timestamp: 0 };
const batch = encodeBatch(core, [record, record, record, record], { compression: "zstd" });
const run = patchBatches(core, concat([batch, batch]), { baseOffset: 10, leaderEpoch: 0 }).batches;

function decoded(fromOffset: number, maxRecords: number, maxBytes: number) {
  const { records, bytes, nextOffset } = codec.decode(run, fromOffset, { maxRecords, maxBytes });
  return { offsets: records.map(({ offset }) => offset), bytes, nextOffset };
}

test.each([
  [1000, [10, 11, 12, 13, 14, 15, 16, 17], 18],
  [800, [10, 11, 12, 13, 14, 15, 16, 17], 18],
  [401, [10, 11, 12, 13, 14], 15],
  [400, [10, 11, 12, 13], 14],
  [101, [10, 11], 12],
  [1, [10], 11],
])("of %d bytes, as many records are given as it takes to have them", (maxBytes, offsets, nextOffset) => {
  expect(decoded(0, 100, maxBytes)).toEqual({ offsets, bytes: 100 * offsets.length, nextOffset });
});

test("records before the start do not count", () => {
  expect(decoded(12, 100, 201)).toEqual({ offsets: [12, 13, 14], bytes: 300, nextOffset: 15 });
});

test("the limit that is met first ends it", () => {
  expect(decoded(0, 3, 800)).toEqual({ offsets: [10, 11, 12], bytes: 300, nextOffset: 13 });
});

test("goes on after the last batch when there is nothing left in it", () => {
  expect(decoded(18, 100, 100)).toEqual({ offsets: [], bytes: 0, nextOffset: 18 });
});
