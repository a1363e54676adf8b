// SegmentTimes finds what a look at every segment finds.

import { expect, test } from "vitest";
import { SegmentTimes } from "../../../src/storage/segment-times.ts";
import { seededRandom } from "../../support/random.ts";

const SEED = 20_261_122;

test("there is nothing in a partition without sealed segments", () => {
  expect(new SegmentTimes([]).firstAtOrAbove(-1, 0)).toBeNull();
});

test.each([
  ["rising", (place: number) => place * 10],
  ["falling", (place: number) => 1_000 - place * 10],
  ["the same", () => 500],
  ["without records among them", (place: number) => (place % 3 === 0 ? -1 : place * 10)],
])("finds the first segment with a timestamp or a later one: timestamps %s", (_, timestampAt) => {
  compareWithEach(Array.from({ length: 40 }, (_unused, place) => timestampAt(place)));
});

test(`finds it among timestamps in any order, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 50; round++) {
    compareWithEach(Array.from({ length: Math.floor(random() * 30) }, () => Math.floor(random() * 1_000)));
  }
});

function compareWithEach(timestamps: readonly number[]): void {
  const segments = timestamps.map((maxTimestamp, place) => ({ baseOffset: place * 100, maxTimestamp }));
  const times = new SegmentTimes(segments);
  for (const timestamp of [-1, 0, 1_001, ...timestamps.flatMap((at) => [at - 1, at, at + 1])]) {
    for (const from of [0, 1, 100, 1_050, 1_100, segments.length * 100]) {
      const first = segments.find(({ baseOffset, maxTimestamp }) => baseOffset >= from && maxTimestamp >= timestamp);
      expect(times.firstAtOrAbove(timestamp, from)).toBe(first?.baseOffset ?? null);
    }
  }
}
