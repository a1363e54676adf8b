// Where the local log begins and what the archive ends with, by the places of segments.

import { expect, test } from "vitest";
import type { Ports, SegmentDescription } from "../../../src/broker/ports.ts";
import { queryTierOffset } from "../../../src/broker/tier-offsets.ts";

const OFFSETS = { highWatermark: 50, lastStableOffset: 50, leaderEpoch: 3 };

/** Segments of ten offsets each, in these places. */
async function query(places: readonly SegmentDescription["place"][], which: "earliestLocal" | "latestTiered", logStartOffset = 0) {
  const segments = places.map((place, index) => ({ place, baseOffset: index * 10, endOffset: index * 10 + 10 }));
  const partition = {
    segments: async () => segments,
    offset: async () => ({ ...OFFSETS, logStartOffset, offset: logStartOffset, timestamp: -1 }),
  };
  const ports = { partition: () => partition } as unknown as Ports;
  const topic = { name: "t", topicId: "id", partitionCount: 1, configs: {}, version: 1, createdAtMs: 0 };
  const topics = { topic: async () => topic, invalidate: () => undefined };
  return queryTierOffset(ports, topics, "t", 0, which);
}

test.each([
  [["active"], 0, -1],
  [["local", "local", "active"], 0, -1],
  [["both", "both", "active"], 0, 19],
  [["archived", "both", "local", "active"], 10, 19],
  [["archived", "archived", "active"], 20, 19],
  [["deleting", "archived", "both", "active"], 20, 29],
  [[], 0, -1],
] as const)("segments that are %j: local from %i, archived up to %i", async (places, local, tiered) => {
  expect(await query(places, "earliestLocal")).toEqual({ ...OFFSETS, logStartOffset: 0, timestamp: -1, offset: local });
  expect(await query(places, "latestTiered")).toMatchObject({ offset: tiered });
});

test("what is before the log's start does not count", async () => {
  expect(await query(["both", "local", "active"], "earliestLocal", 5)).toMatchObject({ offset: 5 });
  expect(await query(["both", "local", "active"], "latestTiered", 10)).toMatchObject({ offset: -1 });
});
