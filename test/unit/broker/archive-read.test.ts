// Reads of an archived segment: what they answer is a matter of their limits alone, and what they fetch of what the index says.

import { describe, expect, test } from "vitest";
import { readArchive } from "../../../src/broker/archive-read.ts";
import type { ArchivedRead, ArchivePort } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { batchHeaders, lastOffset } from "../../../src/record/record-batch.ts";
import { encodePlainBatch } from "../../support/plain-batches.ts";
import { seededRandom } from "../../support/random.ts";

const KEY = "segment.log";

/** What is read beyond maxBytes; the index leads to a batch that is less than this before the one that is wanted. */
const INDEX_SLACK_BYTES = 64 * 1024;

/** A segment of batches of a record each, of the sizes given. */
class OneRecordBatches implements ArchivePort {
  readonly bytes: Uint8Array;
  readonly readLengths: number[] = [];

  constructor(valueBytes: readonly number[]) {
    const batches = valueBytes.map((size, offset) => encodePlainBatch(offset, [{ ...RECORD, value: new Uint8Array(size) }]));
    this.bytes = new Uint8Array(Buffer.concat(batches));
  }

  async read(_key: string, position: number, length: number): Promise<ArrayBuffer> {
    this.readLengths.push(length);
    return this.bytes.slice(position, position + length).buffer;
  }

  get headers() {
    return [...batchHeaders(this.bytes)];
  }

  /** A read that the index has led to the batch of `position`, and that has its last record before `endPosition`. */
  readAt(startOffset: number, position: number, endPosition = this.bytes.length): ArchivedRead {
    const endOffset = this.headers.length;
    const offsets = { logStartOffset: 0, highWatermark: endOffset, lastStableOffset: endOffset, leaderEpoch: 0 };
    return {
      ...offsets,
      startOffset,
      archived: { key: KEY, position, endPosition, sizeBytes: this.bytes.length, endOffset, readableEndOffset: endOffset },
    };
  }
}

const RECORD = { timestamp: 0, key: null, headers: [] };

/** The offsets that limits allow, by their definition: the first batch in any case. */
function expectedOffsets({ headers }: OneRecordBatches, start: number, maxBytes: number, maxRecords: number): number[] {
  const taken: number[] = [];
  let bytes = 0;
  for (const batch of headers.slice(start)) {
    if (taken.length > 0 && (bytes + batch.sizeBytes > maxBytes || taken.length >= maxRecords)) break;
    taken.push(lastOffset(batch));
    bytes += batch.sizeBytes;
  }
  return taken;
}

describe("a read of an archived segment", () => {
  test("of few records fetches what the index has around them, not maxBytes", async () => {
    const segment = new OneRecordBatches(Array.from({ length: 40 }, () => 100_000));
    const [from, to] = [segment.headers[9]!.position, segment.headers[13]!.position];
    const read = await readArchive(segment, segment.readAt(10, from, to), { maxBytes: 1 << 20, maxRecords: 2 });
    if (isFailure(read)) throw new Error(read.detail);
    expect(read.nextOffset).toBe(12);
    expect(segment.readLengths).toEqual([to - from]);
  });

  test("of many records fetches no more than maxBytes and what the index leads astray", async () => {
    const segment = new OneRecordBatches(Array.from({ length: 40 }, () => 100_000));
    const read = await readArchive(segment, segment.readAt(3, 0), { maxBytes: 1 << 20, maxRecords: 30 });
    if (isFailure(read)) throw new Error(read.detail);
    expect(read.nextOffset).toBe(11);
    expect(segment.readLengths).toEqual([(1 << 20) + INDEX_SLACK_BYTES]);
  });

  test("answers by its limits, whatever the sizes of the batches", async () => {
    const random = seededRandom(7);
    const segment = new OneRecordBatches(Array.from({ length: 60 }, () => (random() < 0.2 ? 300_000 : 20_000) * random()));
    for (let round = 0; round < 200; round++) {
      const start = Math.floor(random() * 60);
      const before = segment.headers[start - 1];
      const from = before !== undefined && before.sizeBytes < INDEX_SLACK_BYTES ? start - 1 : start;
      const limits = {
        maxBytes: Math.floor(random() * 1e6),
        maxRecords: random() < 0.2 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() * 30),
      };
      const behind = segment.headers[start + limits.maxRecords + Math.floor(random() * 3)]?.position;
      const read = await readArchive(segment, segment.readAt(start, segment.headers[from]!.position, behind), limits);
      if (isFailure(read)) throw new Error(read.detail);
      const offsets = [...batchHeaders(new Uint8Array(read.batches))].map(lastOffset);
      expect(offsets).toEqual(expectedOffsets(segment, start, limits.maxBytes, limits.maxRecords));
      expect(read.nextOffset).toBe(offsets.at(-1)! + 1);
    }
  });
});
