// Stored batches as the doors see them: how far a decoding goes, and where the next one starts.

import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { type Failure, isFailure } from "../../../src/common/errors.ts";
import type { DecodedRecords } from "../../../src/record/codec.ts";
import { POSITION } from "../../../src/record/record-batch.ts";
import { encodeBatch, patchBatches } from "../../../src/wasm/record-batches.ts";
import { createRecordCodec } from "../../../src/wasm/record-codec.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const codec = createRecordCodec(core, 1 << 20);

/** Two batches of four records of 100 bytes each: key, value, header name and header value. */
const record = { key: "k".repeat(10), value: "v".repeat(60), headers: [{ key: "h".repeat(10), value: "w".repeat(20) }], timestamp: 0 };
const batch = encodeBatch(core, [record, record, record, record], { compression: "zstd" });
const run = patchBatches(core, concatBytes([batch, batch]), { baseOffset: 10, leaderEpoch: 0 }).batches;

function decoded(fromOffset: number, maxRecords: number, maxBytes: number) {
  return summary(codec.decode(run, fromOffset, { maxRecords, maxBytes }));
}

function summary(decoded: DecodedRecords | Failure) {
  if (isFailure(decoded)) return decoded;
  const { records, bytes, nextOffset } = decoded;
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

describe("of a run whose second batch is damaged", () => {
  const NO_LIMITS = { maxRecords: 100, maxBytes: 1000 };
  const flipped = (position: number): Uint8Array<ArrayBuffer> => {
    const damaged = new Uint8Array(run);
    damaged[batch.length + position]! ^= 1;
    return damaged;
  };

  test.each(["attributes", "baseTimestamp", "recordCount"] as const)("in its %s, the first is given, then it is told", (field) => {
    const damaged = flipped(POSITION[field]);
    expect(summary(codec.decode(damaged, 0, NO_LIMITS))).toEqual({ offsets: [10, 11, 12, 13], bytes: 400, nextOffset: 14 });
    expect(summary(codec.decode(damaged, 14, NO_LIMITS))).toMatchObject({
      error: "KAFKA_STORAGE_ERROR",
      detail: expect.stringContaining("at offset 14 is damaged"),
    });
  });

  test("in a number that no batch has, the first is given, then it is told", () => {
    const damaged = flipped(POSITION.maxTimestamp + 1);
    expect(summary(codec.decode(damaged, 0, NO_LIMITS))).toEqual({ offsets: [10, 11, 12, 13], bytes: 400, nextOffset: 14 });
    expect(summary(codec.decode(damaged.subarray(batch.length), 14, NO_LIMITS))).toMatchObject({ error: "KAFKA_STORAGE_ERROR" });
  });

  test("in its last byte, the first is given, then it is told", () => {
    const damaged = flipped(batch.length - 1);
    expect(summary(codec.decode(damaged, 0, NO_LIMITS))).toEqual({ offsets: [10, 11, 12, 13], bytes: 400, nextOffset: 14 });
    expect(summary(codec.decode(damaged, 14, NO_LIMITS))).toMatchObject({ error: "KAFKA_STORAGE_ERROR" });
  });

  test("in its length, nothing is made of what is left", () => {
    expect(summary(codec.decode(flipped(POSITION.batchLength).subarray(batch.length), 14, NO_LIMITS))).toMatchObject({
      error: "KAFKA_STORAGE_ERROR",
    });
  });
});
