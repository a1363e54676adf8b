import { expect, test } from "vitest";
import { expiredOffsets, nextOffsetExpiryMs, offsetExpiryMs } from "../../../src/coordinator/offset-expiry.ts";
import { anOffset } from "../../conformance/offset-store.ts";

const RETENTION_MS = 1_000;
const committedAt = (committedAtMs: number) => anOffset({ committedAtMs });

test("a group with members keeps its offsets", () => {
  const idleness = { emptySinceMs: null, hadMembers: true };
  expect(expiredOffsets([committedAt(0)], idleness, RETENTION_MS, 1e12)).toEqual([]);
  expect(nextOffsetExpiryMs([committedAt(0)], idleness, RETENTION_MS)).toBeNull();
});

test("a group that lost its members keeps them for the retention from then, or from a later commit", () => {
  const idleness = { emptySinceMs: 5_000, hadMembers: true };
  expect([10, 4_999, 7_000].map((ms) => offsetExpiryMs(committedAt(ms), idleness, RETENTION_MS))).toEqual([6_000, 6_000, 8_000]);
});

test("a group that never had members keeps each for the retention from its commit", () => {
  const idleness = { emptySinceMs: 5_000, hadMembers: false };
  expect([10, 7_000].map((ms) => offsetExpiryMs(committedAt(ms), idleness, RETENTION_MS))).toEqual([1_010, 8_000]);
});

test("an offset goes when its time has come, and not a millisecond before", () => {
  const idleness = { emptySinceMs: 0, hadMembers: false };
  const offsets = [committedAt(10), committedAt(20), committedAt(5)];
  expect(expiredOffsets(offsets, idleness, RETENTION_MS, 1_009)).toEqual([offsets[2]]);
  expect(expiredOffsets(offsets, idleness, RETENTION_MS, 1_010)).toEqual([offsets[0], offsets[2]]);
  expect(nextOffsetExpiryMs(offsets, idleness, RETENTION_MS)).toBe(1_005);
});
