// What a subscription keeps of what it has read: views while they are few and new, copies of what waits longer, nothing once all is settled.

import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_FRESH_READ_BYTES, MAX_FRESH_READS } from "../../../src/common/limits/subscriptions.ts";
import { FreshReads } from "../../../src/subscription/fresh-reads.ts";
import type { HeldRecord } from "../../../src/subscription/lane.ts";
import { encodeBatch, patchBatches } from "../../../src/wasm/record-batches.ts";
import { createRecordCodec } from "../../../src/wasm/record-codec.ts";
import { TableRecord } from "../../../src/wasm/record-table.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const codec = createRecordCodec(core, 1 << 24);
const ORIGIN = { topic: "a", partition: 0 };

/** Records of one batch, as a track holds them. */
function read(baseOffset: number, values: readonly string[]): HeldRecord[] {
  const headers = [{ key: "h", value: "w" }];
  const records = values.map((value, index) => ({ timestamp: index, key: `k${index}`, value, headers }));
  const { batches } = patchBatches(core, encodeBatch(core, records, { compression: "none" }), { baseOffset, leaderEpoch: 0 });
  const decoded = codec.decode(batches, baseOffset, { maxRecords: 1e6, maxBytes: 1e9 });
  if (isFailure(decoded)) throw new Error(decoded.detail);
  const lane = null;
  return decoded.records.map((record) => ({
    ...{ offset: record.offset, origin: ORIGIN, record, sizeBytes: 1, lane, arrivedMs: 0, readyMs: 0, isSettled: false },
  }));
}

const isView = ({ record }: HeldRecord): boolean => record instanceof TableRecord;

function contents({ record: { offset, timestamp, key, value, headers } }: HeldRecord): unknown {
  return {
    offset,
    timestamp,
    key: String(key),
    value: String(value),
    headers: headers.map((header) => [header.key, String(header.value)]),
  };
}

test("what waits while more reads come than are kept is copied, and is what it was", () => {
  const fresh = new FreshReads();
  const first = read(0, ["one", "x".repeat(5_000), ""]);
  const before = first.map(contents);
  first[1]!.isSettled = true;
  fresh.add(first);
  for (let index = 1; index < MAX_FRESH_READS; index++) fresh.add(read(10 * index, ["more"]));
  expect(first.map(isView)).toEqual([true, true, true]);
  fresh.add(read(1_000, ["more"]));
  expect(first.map(isView)).toEqual([false, true, false]);
  expect(first.map(contents)).toEqual(before);
  const [copied] = first;
  expect(copied!.record.value!.buffer.byteLength).toBeLessThan(5_000);
});

test("a read that is larger than what is kept is copied at once", () => {
  const fresh = new FreshReads();
  const large = read(0, ["x".repeat(MAX_FRESH_READ_BYTES)]);
  fresh.add(large);
  expect(large.map(isView)).toEqual([false]);
});

test("reads that are settled make room", () => {
  const fresh = new FreshReads();
  const half = "x".repeat(MAX_FRESH_READ_BYTES / 2 - 1_000);
  const [one, two, three] = [read(0, [half]), read(1, [half]), read(2, [half])];
  fresh.add(one!);
  fresh.add(two!);
  one![0]!.isSettled = true;
  fresh.release();
  fresh.add(three!);
  expect([two!, three!].flat().map(isView)).toEqual([true, true]);
});
