import { expect, test } from "vitest";
import { readBatchHeader, viewOf } from "../../../src/record/record-batch.ts";
import { compressionOf, recompressBatch } from "../../../src/wasm/recompress-batch.ts";
import { COMPRESSIONS, decodeBatches, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { CoreError } from "../../../src/wasm/status.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const MAX_PLAIN_BYTES = 1 << 20;

const records = Array.from({ length: 50 }, (_, index) => ({
  key: index % 3 === 0 ? null : `k${index}`,
  value: index % 7 === 0 ? null : "v".repeat(index * 10),
  headers: index % 5 === 0 ? [{ key: "h", value: new Uint8Array([index]) }] : [],
  timestamp: 1_760_000_000_000 + ((index * 31) % 50),
  offsetDelta: index * 2,
}));

const OPTIONS = {
  baseOffset: 77,
  partitionLeaderEpoch: 4,
  producerId: 9,
  producerEpoch: 2,
  baseSequence: 40,
  lastOffsetDelta: 120,
  isTransactional: true,
};

const PAIRS = COMPRESSIONS.flatMap((from) => COMPRESSIONS.map((to) => [from, to] as const));

test.each(PAIRS)("from %s to %s, all but the codec, the length and the CRC stays", (from, to) => {
  const batch = encodeBatch(core, records, { ...OPTIONS, compression: from });
  const made = recompressBatch(core, batch, to, MAX_PLAIN_BYTES);
  expect(validateBatches(core, made, { maxRecords: 1000, maxDecompressedBytes: MAX_PLAIN_BYTES, isFromClient: false }).ok).toBe(true);
  const [before, after] = [readBatchHeader(viewOf(batch)), readBatchHeader(viewOf(made))];
  expect(compressionOf(after.attributes)).toBe(to);
  expect({ ...after, attributes: after.attributes & ~7 }).toEqual({
    ...before,
    attributes: before.attributes & ~7,
    sizeBytes: made.length,
  });
  const decode = (bytes: Uint8Array) => decodeBatches(core, bytes, { maxDecompressedBytes: MAX_PLAIN_BYTES, checkCrc: true });
  expect(decode(made)).toEqual(decode(batch));
});

test("keeps the time of the append", () => {
  const batch = encodeBatch(core, records, { compression: "lz4", logAppendTimeMs: 1_770_000_000_000 });
  const made = recompressBatch(core, batch, "zstd", MAX_PLAIN_BYTES);
  const times = decodeBatches(core, made, { maxDecompressedBytes: MAX_PLAIN_BYTES }).map(({ timestamp }) => timestamp);
  expect(new Set(times)).toEqual(new Set([1_770_000_000_000]));
});

test("refuses more decompressed bytes than it may hold", () => {
  const batch = encodeBatch(core, [{ key: null, value: "v".repeat(5000), timestamp: 0 }], { compression: "gzip" });
  expect(() => recompressBatch(core, batch, "none", 4999)).toThrow(CoreError);
});
