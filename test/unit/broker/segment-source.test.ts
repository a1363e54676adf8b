// The local copy of a segment where compaction left offsets without records.

import { expect, test } from "vitest";
import type { ArchivedRead, PartitionPort, ReadResult, SegmentDescription } from "../../../src/broker/ports.ts";
import { beginCheck } from "../../../src/broker/segment-check.ts";
import { localSource } from "../../../src/broker/segment-source.ts";
import { isFailure } from "../../../src/common/errors.ts";

const OFFSETS = { logStartOffset: 0, highWatermark: 30, lastStableOffset: 30, leaderEpoch: 0, startOffset: 5 };

/** Offsets 0 to 9, the last five of them without records. */
const SEGMENT: SegmentDescription = {
  ...{ baseOffset: 0, endOffset: 10, sizeBytes: 100, maxTimestamp: 0, createdAtMs: 0, sealedAtMs: 0, crc32c: null },
  ...{ place: "local", key: null, generation: 1, isCompacted: true },
};

const read = (answer: ReadResult | ArchivedRead) =>
  localSource(
    { read: async () => answer } as unknown as PartitionPort,
    { topicId: "t", partition: 0, topicVersion: 0 },
    SEGMENT,
  )({ ...beginCheck(0), nextOffset: 5 });

const archivedTo = (endOffset: number): ArchivedRead => ({
  ...OFFSETS,
  archived: { key: "k", position: 0, endPosition: 50, sizeBytes: 50, endOffset, readableEndOffset: endOffset },
});

test("a segment whose last records are gone ends where the next begins, in the archive or not", async () => {
  const next = new ArrayBuffer(61);
  const view = new DataView(next);
  view.setBigInt64(0, 10n);
  view.setInt32(8, next.byteLength - 12);
  expect(await read({ ...OFFSETS, batches: next, nextOffset: 11 })).toHaveLength(0);
  expect(await read(archivedTo(20))).toHaveLength(0);
});

test("a segment that is only in the archive by now has no local copy", async () => {
  const answer = await read(archivedTo(10));
  expect(isFailure(answer) && answer.error).toBe("KAFKA_STORAGE_ERROR");
});
