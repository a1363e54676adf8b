// The largest record there can be (16 MiB) through a core of its own: every codec must fit its memory in each direction.

import { describe, expect, test } from "vitest";
import { encodeRun } from "../../../src/broker/encode-run.ts";
import { MAX_BATCH_BYTES, MAX_DECOMPRESSED_BYTES } from "../../../src/common/limits/records.ts";
import { recompressBatch } from "../../../src/wasm/recompress-batch.ts";
import { COMPRESSIONS, type Compression, decodeBatches, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";
import { randomBytes, seededRandom } from "../../support/random.ts";

const SIZE = 16 << 20;
const LIMITS = { maxRecords: 100_000, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES };

/** Does not compress at all: the worst for room. */
const noise = randomBytes(SIZE, seededRandom(16));
const text = "a record of sixteen mebibytes ".repeat(SIZE / 30 + 1).slice(0, SIZE);

describe.each(COMPRESSIONS)("%s", (compression) => {
  test.each([
    ["noise", noise],
    ["text", text],
  ])("holds a record of 16 MiB of %s", (_, value) => {
    const core = loadCore();
    const batch = encodeBatch(core, [{ key: "k", value, timestamp: 1 }], { compression });
    expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(validateBatches(loadCore(), batch, LIMITS)).toMatchObject({ ok: true });
    const [record] = decodeBatches(loadCore(), batch, LIMITS);
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    expect(Buffer.compare(record!.value!, bytes)).toBe(0);
  });

  const others: Compression[] = compression === "none" ? ["gzip", "snappy", "lz4", "zstd"] : ["none", "zstd"];
  test.each(others.filter((to) => to !== compression))("becomes %s", (to) => {
    const batch = encodeBatch(loadCore(), [{ key: "k", value: noise, timestamp: 1 }], { compression });
    const made = recompressBatch(loadCore(), batch, to, MAX_BATCH_BYTES);
    expect(made.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    const [record] = decodeBatches(loadCore(), made, { ...LIMITS, checkCrc: true });
    expect(Buffer.compare(record!.value!, noise)).toBe(0);
  });

  test.each([
    ["bytes", new Uint8Array(24 << 20)],
    ["text", "x".repeat(24 << 20)],
    ["text of three bytes a character", "\u4e2d".repeat(8 << 20)],
  ])("refuses 24 MiB of %s with the limit, and is not disturbed", (_, value) => {
    const core = loadCore();
    const run = encodeRun(
      core,
      [
        { key: null, value, timestamp: 1 },
        { key: null, value: "small", timestamp: 1 },
      ],
      { compression, maxMessageBytes: MAX_BATCH_BYTES },
    );
    expect(run.refused).toMatchObject([{ index: 0, failure: { error: "MESSAGE_TOO_LARGE" } }]);
    expect(run.refused[0]!.failure.detail).toContain(String(MAX_BATCH_BYTES));
    expect(decodeBatches(core, new Uint8Array(run.bytes), LIMITS)).toHaveLength(1);
  });
});
