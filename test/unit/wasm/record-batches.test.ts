import { expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { POSITION, readBatchHeader, viewOf } from "../../../src/record/record-batch.ts";
import {
  COMPRESSIONS,
  type Compression,
  type DecodedRecord,
  decodeBatches,
  type EncodeOptions,
  encodeBatch,
  type RecordInput,
  setMaxTimestamp,
  validateBatches,
} from "../../../src/wasm/record-batches.ts";
import { CoreError } from "../../../src/wasm/status.ts";
import { encodeTwin } from "../../../src/wasm/twins/encode.ts";
import { loadCore } from "../../support/core.ts";
import { LIMITS, someRecords, utf8, withChange } from "../../support/record-batches.ts";

const core = loadCore();

function expected(records: readonly RecordInput[], baseOffset = 0): DecodedRecord[] {
  return records.map(({ key, value, headers = [], timestamp, offsetDelta }, index) => ({
    offset: baseOffset + (offsetDelta ?? index),
    timestamp,
    key: utf8(key),
    value: utf8(value),
    headers: headers.map((header) => ({ key: header.key as string, value: utf8(header.value) })),
  }));
}

const optionSets: [string, Omit<EncodeOptions, "compression">][] = [
  ["no options", {}],
  ["an idempotent producer", { producerId: 2 ** 45 + 7, producerEpoch: 0x7fff, baseSequence: 0x7fffffff }],
  ["a transaction", { producerId: 0, producerEpoch: 0, baseSequence: 0, isTransactional: true }],
  ["a control batch", { producerId: 1, producerEpoch: 2, isTransactional: true, isControl: true }],
  ["log append time", { logAppendTimeMs: 1_800_000_000_000 }],
  ["a delete horizon", { deleteHorizonMs: 1_800_000_000_123 }],
  ["an offset, an epoch and room after the last record", { baseOffset: 2 ** 51 + 1, partitionLeaderEpoch: 12, lastOffsetDelta: 1000 }],
];

test.each(optionSets)("encodes byte for byte as the twin does, with %s", (_, options) => {
  for (const count of [1, 2, 70, 200]) {
    const records = someRecords(count, count);
    const batch = encodeBatch(core, records, { compression: "none", ...options });
    expect(Buffer.compare(batch, encodeTwin(records, { compression: "none", ...options }))).toBe(0);
    expect(batch.buffer.byteLength).toBe(batch.length);
    expect(validateBatches(core, batch, { ...LIMITS, isFromClient: false })).toMatchObject({ ok: true });
  }
});

test.each(COMPRESSIONS)("what it encodes with compression %s validates and decodes to the same records", (compression) => {
  for (const count of [1, 3, 1000]) {
    const records = someRecords(count, count + 50);
    const batch = encodeBatch(core, records, { compression, baseOffset: 500 });
    const result = validateBatches(core, batch, LIMITS);
    const timestamps = records.map(({ timestamp }) => timestamp);
    const max = Math.max(...timestamps);
    expect(result).toMatchObject({
      ok: true,
      batches: [
        {
          position: 0,
          sizeBytes: batch.length,
          baseOffset: 500,
          recordCount: count,
          lastOffsetDelta: count - 1,
          attributes: COMPRESSIONS.indexOf(compression),
          baseTimestamp: timestamps[0],
          maxTimestamp: max,
          recordsMaxTimestamp: max,
          recordsMinTimestamp: Math.min(...timestamps),
          maxTimestampOffsetDelta: timestamps.indexOf(max),
          nullKeyCount: records.filter(({ key }) => key === null).length,
          recordsBytes: encodeTwin(records, { compression: "none" }).length - 61,
        },
      ],
    });
    expect(decodeBatches(core, batch, LIMITS)).toEqual(expected(records, 500));
  }
});

test("a run of batches with different compressions decodes in order", () => {
  const parts = COMPRESSIONS.map((compression, index) => ({ compression, records: someRecords(30, index), baseOffset: index * 30 }));
  const run = concatBytes(parts.map(({ compression, records, baseOffset }) => encodeBatch(core, records, { compression, baseOffset })));
  expect(decodeBatches(core, run, { ...LIMITS, checkCrc: true })).toEqual(
    parts.flatMap(({ records, baseOffset }) => expected(records, baseOffset)),
  );
  const result = validateBatches(core, run, LIMITS);
  if (!result.ok) throw new Error(result.statusName);
  expect(result.batches.map(({ baseOffset }) => baseOffset)).toEqual(parts.map(({ baseOffset }) => baseOffset));
  expect(result.batches.reduce((position, batch) => (batch.position === position ? position + batch.sizeBytes : Number.NaN), 0)).toBe(
    run.length,
  );
});

test("decoding starts at an offset, stops at a count, and leaves out what it is told to", () => {
  const parts = COMPRESSIONS.map((compression, index) =>
    encodeBatch(core, someRecords(10, index), { compression, baseOffset: index * 10 }),
  );
  const marker = encodeBatch(core, someRecords(1, 9), {
    compression: "none",
    baseOffset: 50,
    producerId: 1,
    producerEpoch: 0,
    isControl: true,
  });
  const run = concatBytes([...parts, marker]);
  const offsets = (options: object) => decodeBatches(core, run, { ...LIMITS, ...options }).map(({ offset }) => offset);
  expect(offsets({ fromOffset: 17, maxRecords: 5 })).toEqual([17, 18, 19, 20, 21]);
  expect(offsets({ fromOffset: 48 })).toEqual([48, 49]);
  expect(offsets({ fromOffset: 48, skipBatch: () => false })).toEqual([48, 49, 50]);
  expect(offsets({ skipBatch: ({ baseOffset }: { baseOffset: number }) => baseOffset !== 30 })).toEqual([
    30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
  ]);
});

test("a compacted batch keeps its gaps", () => {
  const records = someRecords(4, 3).map((record, index) => ({ ...record, offsetDelta: [2, 3, 70, 9000][index]! }));
  for (const compression of COMPRESSIONS) {
    const batch = encodeBatch(core, records, { compression, baseOffset: 10, lastOffsetDelta: 9999 });
    expect(decodeBatches(core, batch, LIMITS)).toEqual(expected(records, 10));
    expect(validateBatches(core, batch, LIMITS)).toMatchObject({ ok: false, statusName: "BAD_COUNT" });
    expect(validateBatches(core, batch, { ...LIMITS, isFromClient: false })).toMatchObject({ ok: true });
  }
});

test("log append time is every record's timestamp, and setting it keeps the batch valid", () => {
  const records = someRecords(5, 8);
  for (const compression of COMPRESSIONS) {
    const batch = encodeBatch(core, records, { compression });
    const stamped = setMaxTimestamp(core, batch, { maxTimestamp: 1_900_000_000_000, isLogAppendTime: true });
    expect(validateBatches(core, stamped, LIMITS)).toMatchObject({ ok: false, statusName: "BAD_TIMESTAMP" });
    expect(validateBatches(core, stamped, { ...LIMITS, isFromClient: false })).toMatchObject({
      ok: true,
      batches: [{ maxTimestamp: 1_900_000_000_000, recordsMaxTimestamp: 1_900_000_000_000, maxTimestampOffsetDelta: 0 }],
    });
    expect(decodeBatches(core, stamped, LIMITS).map(({ timestamp }) => timestamp)).toEqual(new Array(5).fill(1_900_000_000_000));
    const { maxTimestamp } = readBatchHeader(viewOf(batch));
    expect(setMaxTimestamp(core, stamped, { maxTimestamp, isLogAppendTime: false })).toEqual(batch);
  }
});

test("a maxTimestamp that is not the largest is no fault, but shows", () => {
  const batch = withChange(encodeBatch(core, someRecords(5, 8), { compression: "none" }), (view) =>
    view.setBigInt64(POSITION.maxTimestamp, 5n),
  );
  const result = validateBatches(core, batch, LIMITS);
  const largest = Math.max(...someRecords(5, 8).map(({ timestamp }) => timestamp));
  expect(result).toMatchObject({ ok: true, batches: [{ maxTimestamp: 5, recordsMaxTimestamp: largest }] });
});

test("records without a timestamp keep having none", () => {
  const records = someRecords(3, 1).map((record) => ({ ...record, timestamp: -1 }));
  const batch = encodeBatch(core, records, { compression: "zstd" });
  expect(validateBatches(core, batch, LIMITS)).toMatchObject({ ok: true, batches: [{ recordsMaxTimestamp: -1, recordsMinTimestamp: -1 }] });
  expect(decodeBatches(core, batch, LIMITS).map(({ timestamp }) => timestamp)).toEqual([-1, -1, -1]);
});

test("strings of every length and script are stored as UTF-8", () => {
  const texts = Array.from({ length: 120 }, (_, length) => "a".repeat(length));
  texts.push("é", "日本語".repeat(10), "🐎".repeat(40), "\ud800", `${"a".repeat(19)}é`, `${"a".repeat(20)}é`, "\u0000\u007f\u0080");
  const records = texts.map((text) => ({ key: text, value: text, timestamp: 0 }));
  expect(decodeBatches(core, encodeBatch(core, records, { compression: "none" }), LIMITS)).toEqual(expected(records));
});

test("records of many megabytes grow the memory as they are listed", () => {
  const fresh = loadCore();
  const records = [1, 2, 3].map((seed) => ({ key: "k", value: `${seed}`.repeat(3_000_000), timestamp: seed }));
  for (const compression of ["none", "lz4", "snappy"] as const) {
    const batch = encodeBatch(fresh, records, { compression });
    expect(validateBatches(fresh, batch, { ...LIMITS, maxDecompressedBytes: 16 << 20 })).toMatchObject({ ok: true });
    expect(decodeBatches(fresh, batch, { maxDecompressedBytes: 16 << 20 }).map(({ value }) => value?.length)).toEqual([3e6, 3e6, 3e6]);
  }
});

test("records too large for the core are refused, and it works on", () => {
  const fresh = loadCore();
  const huge = { key: null, value: new Uint8Array(60 << 20), timestamp: 0 };
  expect(() => encodeBatch(fresh, [huge], { compression: "none" })).toThrow(CoreError);
  expect(decodeBatches(fresh, encodeBatch(fresh, someRecords(2, 1), { compression: "none" }), LIMITS)).toEqual(expected(someRecords(2, 1)));
});

test("refuses what no batch can hold", () => {
  const encode =
    (records: RecordInput[], options: Partial<EncodeOptions> = {}) =>
    () =>
      encodeBatch(core, records, { compression: "none", ...options });
  const record = { key: null, value: null, timestamp: 0 };
  expect(encode([])).toThrow(RangeError);
  for (const timestamp of [-2, 0.5, Number.NaN, 2 ** 53]) expect(encode([{ ...record, timestamp }])).toThrow(RangeError);
  for (const offsetDeltas of [[-1], [1, 1], [2, 1], [2 ** 31]]) {
    expect(encode(offsetDeltas.map((offsetDelta) => ({ ...record, offsetDelta })))).toThrow(RangeError);
  }
  expect(encode([record, record], { lastOffsetDelta: 0 })).toThrow(RangeError);
  expect(encode([record], { producerId: 2 ** 53 })).toThrow(RangeError);
});

test("a corrupt stored batch throws when it is decoded, naming its offset", () => {
  const batch = encodeBatch(core, someRecords(5, 2), { compression: "none", baseOffset: 42 });
  batch[batch.length - 1]! ^= 1;
  expect(() => decodeBatches(core, batch, { ...LIMITS, checkCrc: true })).toThrow(/BAD_CRC.*42/);
});

test.each(COMPRESSIONS.slice(1) as Compression[])("decompressed %s records stay within the caller's limit", (compression) => {
  const fresh = loadCore();
  const batch = encodeBatch(fresh, [{ key: null, value: new Uint8Array(5_000_000), timestamp: 0 }], { compression });
  expect(batch.length).toBeLessThan(500_000);
  const limit = 5_000_000 + 16;
  const limits = (maxDecompressedBytes: number) => ({ maxRecords: 10, maxDecompressedBytes });
  expect(validateBatches(fresh, batch, limits(limit))).toMatchObject({ ok: true });
  expect(validateBatches(fresh, batch, limits(5_000_000))).toMatchObject({ ok: false, statusName: "OUTPUT_LIMIT", batchIndex: 0 });
  expect(validateBatches(fresh, batch, limits(0))).toMatchObject({ ok: false, statusName: "OUTPUT_LIMIT" });
  expect(validateBatches(fresh, concatBytes([batch, batch]), limits(limit))).toMatchObject({
    ok: false,
    statusName: "OUTPUT_LIMIT",
    batchIndex: 1,
  });
  expect(() => decodeBatches(fresh, batch, limits(5_000_000))).toThrow(CoreError);
});

test("records that decompress to more than the core's memory are refused by a status, and it works on", () => {
  const fresh = loadCore();
  const bomb = encodeBatch(fresh, [{ key: null, value: new Uint8Array(12 << 20), timestamp: 0 }], { compression: "zstd" });
  const run = concatBytes(new Array(8).fill(bomb));
  expect(validateBatches(fresh, run, { maxRecords: 10, maxDecompressedBytes: 2 ** 30 })).toMatchObject({
    ok: false,
    statusName: "MEMORY_LIMIT",
  });
  expect(validateBatches(fresh, bomb, { maxRecords: 10, maxDecompressedBytes: 16 << 20 })).toMatchObject({ ok: true });
});

test("a run with more batches than the table has room for is refused", () => {
  const tiny = encodeBatch(core, [{ key: null, value: null, timestamp: 0 }], { compression: "none" });
  const run = concatBytes(new Array(65_537).fill(tiny));
  expect(validateBatches(core, run, LIMITS)).toMatchObject({ ok: false, statusName: "TOO_MANY_BATCHES", batchIndex: 65_536 });
  expect(validateBatches(core, run.subarray(tiny.length), LIMITS)).toMatchObject({ ok: true });
});
