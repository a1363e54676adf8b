import { expect, test } from "vitest";
import { BATCH_HEADER_BYTES, POSITION } from "../../../src/record/record-batch.ts";
import { encodeBatch } from "../../../src/wasm/record-batches.ts";
import { RecordList } from "../../../src/wasm/record-list.ts";
import { BAD_ATTRIBUTES, BAD_COUNT, BAD_LENGTH, CORRUPT, OUTPUT_LIMIT, TOO_MANY_RECORDS } from "../../../src/wasm/status.ts";
import { loadCore } from "../../support/core.ts";
import { seededNumbers, someRecords } from "../../support/record-batches.ts";

const core = loadCore();
const GUARD = 0xa5;
const AREA = 1 << 16;

/** A list of records as the host writes it. */
function listOf(count: number, seed: number): Uint8Array {
  const list = new RecordList(core);
  for (const [index, record] of someRecords(count, seed).entries()) list.add(record, index);
  return core.bytes.slice(core.scratch, core.scratch + list.length);
}

interface EncodeCall {
  readonly list: Uint8Array;
  readonly count: number;
  readonly attributes?: number;
  readonly plainCapacity?: number;
  readonly capacity?: number;
}

/** Calls the encoder with its list right before poison and poison around its outputs, which must stay. */
function encode({ list, count, attributes = 0, plainCapacity = AREA, capacity = AREA }: EncodeCall): number {
  const plain = core.scratch + 256;
  const destination = plain + AREA + 256;
  const source = destination + AREA + 256;
  core.reserve(source, list.length + 256);
  core.bytes.fill(GUARD, core.scratch, source + list.length + 256);
  core.bytes.set(list, source);
  if (capacity >= BATCH_HEADER_BYTES) {
    core.bytes.fill(0, destination, destination + BATCH_HEADER_BYTES);
    core.view.setInt16(destination + POSITION.attributes, attributes);
  }
  const status = core.exports.batchEncode(source, list.length, count, plain, plainCapacity, destination, capacity);
  const isPoisoned = (from: number, to: number) => core.bytes.subarray(from, to).every((byte) => byte === GUARD);
  expect(isPoisoned(core.scratch, plain)).toBe(true);
  expect(isPoisoned(plain + plainCapacity, destination)).toBe(true);
  expect(isPoisoned(destination + capacity, source)).toBe(true);
  expect(isPoisoned(source + list.length, source + list.length + 256)).toBe(true);
  return status;
}

test("writes nothing past any capacity that is too small, and fits one that is exact", () => {
  const list = listOf(4, 3);
  const size = encode({ list, count: 4 });
  expect(size).toBeGreaterThan(BATCH_HEADER_BYTES);
  for (let capacity = 0; capacity < size; capacity++) {
    if (encode({ list, count: 4, capacity }) !== OUTPUT_LIMIT) expect.fail(`capacity ${capacity}`);
  }
  expect(encode({ list, count: 4, capacity: size })).toBe(size);
  for (const codec of [1, 2, 3, 4]) {
    const plainCapacity = size - BATCH_HEADER_BYTES;
    expect(encode({ list, count: 4, attributes: codec, plainCapacity })).toBeGreaterThan(BATCH_HEADER_BYTES);
    expect(encode({ list, count: 4, attributes: codec, plainCapacity: plainCapacity - 1 })).toBe(OUTPUT_LIMIT);
    expect(encode({ list, count: 4, attributes: codec, capacity: BATCH_HEADER_BYTES + 5 })).toBe(OUTPUT_LIMIT);
  }
});

test("refuses a list that is cut at any byte, or goes on after its records", () => {
  const list = listOf(4, 5);
  for (let length = 0; length < list.length; length++) {
    if (![CORRUPT, BAD_COUNT].includes(encode({ list: list.subarray(0, length), count: 4 }))) expect.fail(`length ${length}`);
  }
  expect(encode({ list, count: 3 })).toBe(CORRUPT);
  expect(encode({ list, count: 5 })).toBe(CORRUPT);
});

test("refuses counts and codecs that cannot be", () => {
  const list = listOf(2, 5);
  for (const count of [0, -1, 0x7fffffff, list.length]) expect(encode({ list, count })).toBe(BAD_COUNT);
  for (const attributes of [5, 6, 7]) expect(encode({ list, count: 2, attributes })).toBe(BAD_ATTRIBUTES);
});

test("lengths that lie are refused or harmless, wherever they stand (seeded)", () => {
  const next = seededNumbers(17);
  for (let round = 0; round < 2000; round++) {
    const count = 1 + next(4);
    const list = listOf(count, round);
    for (let change = 1 + next(3); change > 0; change--) {
      const position = next(list.length);
      list[position] = [0, 1, 0x7f, 0x80, 0xff, next(256)][next(6)]!;
    }
    const status = encode({ list, count });
    expect(status === CORRUPT || status === OUTPUT_LIMIT || status > BATCH_HEADER_BYTES).toBe(true);
  }
});

test("a batch decodes within its table and its own bytes", () => {
  const batch = encodeBatch(core, someRecords(9, 2), { compression: "snappy" });
  const decode = (length: number, tableCapacity: number, plainCapacity: number): number => {
    const table = core.load(batch);
    const plain = table + 9 * 40 + 256;
    core.reserve(plain, AREA + 256);
    core.bytes.fill(GUARD, table, plain + AREA + 256);
    const status = core.exports.batchDecode(core.scratch, length, 1, table, tableCapacity, plain, plainCapacity);
    expect(core.bytes.subarray(table + tableCapacity * 40, plain).every((byte) => byte === GUARD)).toBe(true);
    expect(core.bytes.subarray(plain + plainCapacity, plain + AREA + 256).every((byte) => byte === GUARD)).toBe(true);
    return status;
  };
  expect(decode(batch.length, 9, AREA)).toBe(9);
  expect(decode(batch.length, 8, AREA)).toBe(TOO_MANY_RECORDS);
  expect(decode(batch.length, 9, 100)).toBe(OUTPUT_LIMIT);
  for (let length = 0; length < batch.length; length++) expect(decode(length, 9, AREA)).toBe(BAD_LENGTH);
});
