// Records as the core writes them from a table, against the same records written one by one, and against JSON.stringify.

import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { isFailure } from "../../../src/common/errors.ts";
import type { DecodedRecord } from "../../../src/record/codec.ts";
import { autoJson } from "../../../src/record/json-text.ts";
import { decodeBatches } from "../../../src/wasm/decode-batches.ts";
import { JsonWriter } from "../../../src/wasm/json-writer.ts";
import { COMPRESSIONS, encodeBatch, patchBatches, type RecordInput } from "../../../src/wasm/record-batches.ts";
import { createRecordCodec } from "../../../src/wasm/record-codec.ts";
import { writeRecords } from "../../../src/wasm/record-json.ts";
import { TableRecord } from "../../../src/wasm/record-table.ts";
import { loadCore } from "../../support/core.ts";
import { someRecords, withChange } from "../../support/record-batches.ts";

const core = loadCore();
const json = new JsonWriter(core);
const codec = createRecordCodec(core, 1 << 24);
const PREFIX = '{"topic":"a","partition":3,';

function written(records: readonly DecodedRecord[]): string {
  json.begin();
  writeRecords(json, records, new TextEncoder().encode(PREFIX));
  return json.takeText();
}

function expected({ offset, timestamp, key, value, headers }: DecodedRecord): string {
  const auto = (bytes: Uint8Array | null): string => (bytes === null ? "null" : autoJson(bytes));
  const list = headers.map((header) => `{"key":${JSON.stringify(header.key)},"value":${auto(header.value)}}`).join();
  return `${PREFIX}"offset":${offset},"timestamp":${timestamp},"key":${auto(key)},"value":${auto(value)},"headers":[${list}]}`;
}

/** The records of some batches, from `fromOffset` on, as a door gets them: all of them from tables. */
function decoded(batches: Uint8Array, fromOffset = 0): readonly DecodedRecord[] {
  const found = codec.decode(batches, fromOffset, { maxRecords: 1e6, maxBytes: 1e9 });
  if (isFailure(found)) throw new Error(found.detail);
  const { records } = found;
  expect(records.every((record) => record instanceof TableRecord)).toBe(true);
  return records;
}

function batch(records: readonly RecordInput[], baseOffset = 0): Uint8Array {
  return patchBatches(core, encodeBatch(core, records, { compression: "none" }), { baseOffset, leaderEpoch: 0 }).batches;
}

const one = (record: Partial<RecordInput>): readonly DecodedRecord[] =>
  decoded(batch([{ timestamp: 1, key: null, value: null, headers: [], ...record }]));

test.each(COMPRESSIONS)("records of all shapes, of batches in %s, from any of them on", (compression) => {
  const parts = [1, 2, 3].map((seed) => encodeBatch(core, someRecords(60, seed), { compression }));
  const run = patchBatches(core, concatBytes(parts), { baseOffset: 2 ** 40, leaderEpoch: 0 }).batches;
  const plain = decodeBatches(core, run, { maxDecompressedBytes: 1 << 24 });
  for (const skip of [0, 1, 59, 60, 61, 179]) {
    const records = decoded(run, 2 ** 40 + skip);
    expect(written(records)).toBe(plain.slice(skip).map(expected).join());
  }
});

test("records that were picked out of a table", () => {
  const records = decoded(batch(someRecords(50, 4), 7)).filter((_, index) => index % 3 !== 1);
  expect(written(records)).toBe(records.map(expected).join());
});

test("records of tables among others", () => {
  const records = decoded(batch(someRecords(9, 5))).map((record, index) => (index % 4 === 2 ? { ...plainCopy(record) } : record));
  expect(written(records)).toBe(records.map(expected).join());
});

function plainCopy({ offset, timestamp, key, value, headers }: DecodedRecord): DecodedRecord {
  return { offset, timestamp, key, value, headers };
}

test.each([0, 1, 9, 10, 99, 100, 1e9 - 1, 1e9, 1e9 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 1e15, Number.MAX_SAFE_INTEGER - 1])(
  "offset and timestamp %d",
  (number) => {
    const records = decoded(batch([{ timestamp: number, key: null, value: null, headers: [] }], number));
    expect(written(records)).toBe(records.map(expected).join());
    expect(JSON.parse(written(records))).toMatchObject({ offset: number, timestamp: number });
  },
);

test("a record without a timestamp has -1", () => {
  expect(JSON.parse(written(one({ timestamp: -1 })))).toMatchObject({ timestamp: -1 });
});

test.each([0, 1, 2, 3, 4, 5, 6, 255])("%i bytes that are no UTF-8 are base64", (length) => {
  const bytes = Uint8Array.from({ length: length + 1 }, (_, index) => 255 - index);
  const [record] = one({ key: bytes, value: bytes.slice(1), headers: [{ key: "h", value: bytes }] });
  expect(written([record!])).toBe(expected(record!));
});

describe("headers", () => {
  test("names are escaped, values are null, text or base64", () => {
    const headers = [
      { key: "", value: null },
      { key: 'quo"te\n', value: "text" },
      { key: "é🐎", value: Uint8Array.of(0xc0) },
    ];
    const [record] = one({ headers });
    expect(written([record!])).toBe(expected(record!));
  });

  test("a name that is no UTF-8 is given with U+FFFD, and the records around it as ever", () => {
    const records = [0, 1, 2].map((timestamp) => ({ timestamp, key: "k", value: "v", headers: [{ key: "name", value: "w" }] }));
    const bytes = batch(records);
    const name = new TextDecoder("latin1").decode(bytes).indexOf("name", new TextDecoder("latin1").decode(bytes).indexOf("name") + 1);
    const all = decoded(withChange(bytes, (view) => view.setUint8(name, 0xff)));
    expect(written(all)).toBe(all.map(expected).join());
    expect(JSON.parse(written([all[1]!])).headers[0].key).toBe("\ufffdame");
  });
});

test("everything is to be escaped, and the memory of the core does not have room for it yet", () => {
  const fresh = new JsonWriter(loadCore());
  const records = decoded(
    batch(Array.from({ length: 40 }, () => ({ timestamp: 1, key: null, value: "\u0001".repeat(60_000), headers: [] }))),
  );
  fresh.begin();
  writeRecords(fresh, records, new TextEncoder().encode(PREFIX));
  expect(fresh.takeText()).toBe(records.map(expected).join());
});

test("a record larger than a run of the core", () => {
  const records = one({ value: "x".repeat(300_000), key: "y".repeat(70_000) });
  expect(written(records)).toBe(records.map(expected).join());
});
