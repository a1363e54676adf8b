import { expect, test } from "vitest";
import { parseTopicConfigs, type TopicConfig } from "../../../../src/common/configs.ts";
import { findDirt } from "../../../../src/log/compaction/dirt.ts";
import { groupSegments } from "../../../../src/log/compaction/group-segments.ts";
import { toLogConfig } from "../../../../src/log/log-config.ts";
import { type Segment, SegmentPlace } from "../../../../src/log/segment.ts";

const NOW_MS = 100_000;

const configOf = (configs: Record<string, string>) =>
  toLogConfig(parseTopicConfigs({ "cleanup.policy": "compact", ...configs }) as TopicConfig);

/** A sealed segment of ten offsets, created and written at `atMs`. */
function segment(baseOffset: number, sizeBytes: number, atMs = 0, others: Partial<Segment> = {}): Segment {
  return {
    ...{ baseOffset, endOffset: baseOffset + 10, generation: 0, place: SegmentPlace.local, sizeBytes },
    ...{ createdAtMs: atMs, maxTimestamp: atMs, sealedAtMs: atMs, crc32c: null, archive: null, deleteHorizonMs: null },
    ...others,
  };
}

const dirtOf = (segments: readonly Segment[], firstDirtyOffset: number, configs: Record<string, string> = {}, lastStableOffset = 1e6) =>
  findDirt(segments, { firstDirtyOffset, round: null }, { config: configOf(configs), lastStableOffset, nowMs: NOW_MS });

test("is due when more of the log is dirty than min.cleanable.dirty.ratio says, the active segment aside", () => {
  const active = segment(20, 1e9, 0, { place: SegmentPlace.active });
  expect(dirtOf([segment(0, 100), segment(10, 100), active], 10)).toMatchObject({ isDue: false, endOffset: 20, dueMs: null });
  expect(dirtOf([segment(0, 100), segment(10, 101), active], 10)).toMatchObject({ isDue: true, endOffset: 20 });
  expect(dirtOf([segment(0, 100), segment(10, 100), active], 20)).toMatchObject({ isDue: false, endOffset: 20 });
  expect(dirtOf([active], 0)).toMatchObject({ isDue: false, endOffset: 0 });
});

test("ends before the first segment that min.compaction.lag.ms protects, and says when that ends", () => {
  const lag = { "min.compaction.lag.ms": "5000" };
  const segments = [segment(0, 100, NOW_MS - 5000), segment(10, 100, NOW_MS - 4000), segment(20, 100, NOW_MS - 6000)];
  expect(dirtOf(segments, 0, lag)).toMatchObject({ isDue: true, endOffset: 10, dueMs: NOW_MS + 1000 });
});

test("is due when a dirty segment waited for max.compaction.lag.ms", () => {
  const lag = { "min.cleanable.dirty.ratio": "1", "max.compaction.lag.ms": "5000" };
  expect(dirtOf([segment(0, 100, NOW_MS - 5000)], 0, lag)).toMatchObject({ isDue: true, dueMs: null });
  expect(dirtOf([segment(0, 100, NOW_MS - 4000)], 0, lag)).toMatchObject({ isDue: false, dueMs: NOW_MS + 1000 });
});

test("tells of the segments whose tombstones are over, and when the next are", () => {
  const over = segment(0, 100, 0, { deleteHorizonMs: NOW_MS });
  const waiting = segment(10, 100, 0, { deleteHorizonMs: NOW_MS + 7 });
  expect(dirtOf([over, waiting], 20)).toMatchObject({ expired: [over], dueMs: NOW_MS + 7 });
});

test("neighbours are grouped up to segment.bytes, by offsets and index sizes too", () => {
  const sizes = (groups: Segment[][]) => groups.map((group) => group.map(({ sizeBytes }) => sizeBytes));
  const segments = [40, 50, 10, 1, 200, 0, 0].map((sizeBytes, index) => segment(index * 10, sizeBytes));
  expect(sizes(groupSegments(segments, configOf({ "segment.bytes": "100" })))).toEqual([[40, 50, 10], [1], [200], [0, 0]]);
  const far = [segment(0, 1), segment(2 ** 31 - 20, 1), segment(2 ** 31 - 10, 1)];
  expect(sizes(groupSegments(far, configOf({})))).toEqual([[1, 1], [1]]);
  const indexed = { "segment.index.bytes": "16", "index.interval.bytes": "50" };
  expect(sizes(groupSegments(segments.slice(0, 4), configOf(indexed)))).toEqual([[40, 50, 10], [1]]);
});

test("ends before the first segment with an undecided transaction, whatever its age, and rings for none of it", () => {
  const late = { "max.compaction.lag.ms": "5000", "min.cleanable.dirty.ratio": "0" };
  const segments = [segment(0, 100), segment(10, 100), segment(20, 100)];
  expect(dirtOf(segments, 0, late, 20)).toMatchObject({ isDue: true, endOffset: 20 });
  expect(dirtOf(segments, 0, late, 19)).toMatchObject({ isDue: true, endOffset: 10 });
  expect(dirtOf(segments, 10, late, 19)).toMatchObject({ isDue: false, endOffset: 10, dueMs: null });
});
