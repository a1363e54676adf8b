import { expect, test } from "vitest";
import { concatBytes } from "../../../src/common/bytes.ts";
import { viewOf } from "../../../src/record/record-batch.ts";
import { encodeBatch } from "../../../src/wasm/record-batches.ts";
import { findBatchByOffset, findBatchByTimestamp, findOffsetIndexEntry, findTimeIndexEntry } from "../../../src/wasm/search.ts";
import { CoreError } from "../../../src/wasm/status.ts";
import { batchTwin, offsetIndexTwin, timeIndexTwin } from "../../../src/wasm/twins/search.ts";
import { loadCore } from "../../support/core.ts";
import { seededNumbers, someRecords } from "../../support/record-batches.ts";

const core = loadCore();
const counts = [0, 1, 2, 3, 7, 100, 681, 682, 683, 684, 1023, 1024, 1025, 1026, 3000];

function offsetIndex(count: number, seed: number): { bytes: Uint8Array; offsets: number[] } {
  const next = seededNumbers(seed);
  const bytes = new Uint8Array(count * 8);
  const offsets: number[] = [];
  let offset = next(5);
  for (let entry = 0; entry < count; entry++, offset += 1 + next(9)) {
    offsets.push(offset);
    viewOf(bytes).setUint32(entry * 8, offset);
    viewOf(bytes).setUint32(entry * 8 + 4, entry * 4096);
  }
  return { bytes, offsets };
}

function timeIndex(count: number, seed: number): { bytes: Uint8Array; timestamps: number[] } {
  const next = seededNumbers(seed);
  const bytes = new Uint8Array(count * 12);
  const timestamps: number[] = [];
  let timestamp = 1_700_000_000_000;
  for (let entry = 0; entry < count; entry++, timestamp += next(4)) {
    timestamps.push(timestamp);
    viewOf(bytes).setBigInt64(entry * 12, BigInt(timestamp));
    viewOf(bytes).setUint32(entry * 12 + 8, entry * 10);
  }
  return { bytes, timestamps };
}

test.each(counts)("finds the largest offset index entry at or below any offset, of %i entries", (count) => {
  const { bytes, offsets } = offsetIndex(count, count);
  const around = [0, 1, 0xffffffff, ...sample(offsets).flatMap((offset) => [Math.max(offset - 1, 0), offset, offset + 1])];
  for (const offset of around) {
    const entry = offsetIndexTwin(viewOf(bytes), offset);
    const expected = entry < 0 ? null : { index: entry, relativeOffset: offsets[entry], position: entry * 4096 };
    expect(findOffsetIndexEntry(core, bytes, offset)).toEqual(expected);
  }
});

test.each(counts)("finds the first time index entry at or above any timestamp, of %i entries", (count) => {
  const { bytes, timestamps } = timeIndex(count, count);
  const around = [-1, 0, Number.MAX_SAFE_INTEGER, ...sample(timestamps).flatMap((timestamp) => [timestamp - 1, timestamp, timestamp + 1])];
  for (const timestamp of around) {
    const entry = timeIndexTwin(viewOf(bytes), BigInt(timestamp));
    const expected = entry < 0 ? null : { index: entry, timestamp: timestamps[entry], relativeOffset: entry * 10 };
    expect(findTimeIndexEntry(core, bytes, timestamp)).toEqual(expected);
  }
});

/** The ends and the surroundings of the warm section's start, and some between. */
function sample(values: readonly number[]): number[] {
  const last = values.length - 1;
  const places = [0, 1, last - 1025, last - 1024, last - 1023, last - 683, last - 682, last - 681, last - 1, last];
  for (let place = 0; place < last; place += 211) places.push(place);
  return places.filter((place) => place >= 0 && place <= last).map((place) => values[place]!);
}

/** Batches with gaps between them, as compaction leaves, and maxTimestamps that go back and forth. */
function gappedRun(): Uint8Array {
  const next = seededNumbers(11);
  let baseOffset = 100;
  return concatBytes(
    Array.from({ length: 60 }, (_, index) => {
      const count = 1 + next(5);
      const batch = encodeBatch(core, someRecords(count, index), { compression: "none", baseOffset, lastOffsetDelta: count + next(3) });
      baseOffset += count + 10;
      return batch;
    }),
  );
}

test("finds the batch that holds an offset, or the next one", () => {
  const run = gappedRun();
  for (let offset = 90; offset < 1000; offset++) {
    const expected = batchTwin(viewOf(run), ({ lastOffset }) => lastOffset >= BigInt(offset));
    expect(findBatchByOffset(core, run, offset)).toBe(expected < 0 ? null : expected);
  }
});

test("finds the first batch with a maxTimestamp at or above a time", () => {
  const run = gappedRun();
  for (let timestamp = 1_699_999_950_000; timestamp < 1_700_000_101_000; timestamp += 997) {
    const expected = batchTwin(viewOf(run), ({ maxTimestamp }) => maxTimestamp >= BigInt(timestamp));
    expect(findBatchByTimestamp(core, run, timestamp)).toBe(expected < 0 ? null : expected);
  }
});

test("a search meets a batch that is cut short with an error, unless it found its batch before", () => {
  const run = gappedRun();
  const cut = run.subarray(0, run.length - 1);
  expect(() => findBatchByOffset(core, cut, 1_000_000)).toThrow(CoreError);
  expect(() => findBatchByTimestamp(core, cut, Number.MAX_SAFE_INTEGER)).toThrow(CoreError);
  expect(findBatchByOffset(core, cut, 100)).toBe(0);
});
