import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchBuilder, batchSizeBound, NO_PRODUCER, type RecordBytes } from "../../../src/record/batch-builder.ts";
import { isCrcRight, readRecords } from "../../../src/record/batch-reader.ts";
import { BATCH_HEADER_BYTES, readBatchHeader, viewOf } from "../../../src/record/record-batch.ts";
import { VarintReader, varintSize, writeVarint } from "../../../src/record/varint.ts";
import { encodeTwin } from "../../../src/wasm/twins/encode.ts";
import { writeVarintTwin } from "../../../src/wasm/twins/varint.ts";

const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: "binary", maxLength: 20 }).filter((string) => string.isWellFormed());
const record = fc.record({
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2_000_000_000_000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.record({ key: text, value: fc.option(bytes) }), { maxLength: 3 }),
});
type Generated = typeof record extends fc.Arbitrary<infer T> ? T : never;

const encode = (one: Generated): RecordBytes => ({
  ...one,
  headers: one.headers.map(({ key, value }) => ({ key: new TextEncoder().encode(key), value })),
});

function build(records: readonly Generated[]): BatchBuilder {
  const builder = new BatchBuilder(new Uint8Array(records.reduce((sum, one) => sum + batchSizeBound(encode(one)), 0)));
  for (const one of records) expect(builder.append(encode(one))).toBe(true);
  return builder;
}

test("a batch is byte for byte what the reference encoder makes", () => {
  const producer = { producerId: 77, producerEpoch: 3, baseSequence: 41, isTransactional: true };
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const expected = encodeTwin(records, { compression: "none", ...producer });
      expect(build(records).finish(producer)).toEqual(expected);
    }),
  );
});

test("a batch is read back as it was written, from any offset on", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat({ max: 20 }), (records, fromOffset) => {
      const batch = build(records).finish(NO_PRODUCER);
      expect(isCrcRight(batch)).toBe(true);
      const read = readRecords(readBatchHeader(viewOf(batch)), batch.subarray(BATCH_HEADER_BYTES), fromOffset);
      expect(read).toEqual(records.map((one, offset) => ({ ...one, offset })).slice(fromOffset));
    }),
  );
});

test("a record that has no room leaves the batch as it is", () => {
  const builder = new BatchBuilder(new Uint8Array(200));
  const of = (size: number): RecordBytes => ({ timestamp: 5, key: null, value: new Uint8Array(size), headers: [] });
  expect(builder.append(of(50))).toBe(true);
  const { sizeBytes } = builder;
  expect(builder.append(of(100))).toBe(false);
  expect(builder).toMatchObject({ sizeBytes, recordCount: 1 });
  expect(builder.append(of(200 - sizeBytes - 9))).toBe(true);
});

test("the header may be written again, over the same records", () => {
  const builder = build([{ timestamp: 1, key: null, value: Uint8Array.of(1), headers: [] }]);
  builder.finish({ ...NO_PRODUCER, producerId: 5, producerEpoch: 0, baseSequence: 9 });
  const again = builder.finish({ ...NO_PRODUCER, producerId: 5, producerEpoch: 1, baseSequence: 0 });
  expect(isCrcRight(again)).toBe(true);
  expect(readBatchHeader(viewOf(again))).toMatchObject({ producerEpoch: 1, baseSequence: 0, recordCount: 1 });
});

test("varints are those of the reference, in the size foretold", () => {
  const value = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, -1, 63, 64, -64, -65, 2 ** 31, -(2 ** 31) - 1));
  fc.assert(
    fc.property(value, (number) => {
      const buffer = new Uint8Array(12);
      const end = writeVarint(buffer, 1, number);
      expect([...buffer.subarray(1, end)]).toEqual(writeVarintTwin(number));
      expect(varintSize(number)).toBe(end - 1);
      expect(new VarintReader(buffer, 1).next()).toBe(number);
    }),
  );
});

test("bytes that are no records are refused, wherever they are cut or changed, and never read past", () => {
  const batch = build([
    { timestamp: 1, key: Uint8Array.of(1, 2), value: Uint8Array.of(3), headers: [{ key: "h", value: null }] },
    { timestamp: 2, key: null, value: null, headers: [] },
  ]).finish(NO_PRODUCER);
  const header = readBatchHeader(viewOf(batch));
  const records = batch.subarray(BATCH_HEADER_BYTES);
  for (let end = 0; end < records.length; end++) expect(() => readRecords(header, records.subarray(0, end), 0)).toThrow(RangeError);
  for (let position = 0; position < records.length; position++) {
    const changed = records.slice();
    changed[position]! ^= 0xff;
    try {
      readRecords(header, changed, 0);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    const whole = batch.slice();
    whole[BATCH_HEADER_BYTES + position]! ^= 1;
    expect(isCrcRight(whole)).toBe(false);
  }
});
