import { describe, expect, test } from "vitest";
import { recompressRun, storedCompression } from "../../../src/broker/store-compression.ts";
import { parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_RPC_BYTES } from "../../../src/common/limits/platform.ts";
import { MAX_BATCH_BYTES } from "../../../src/common/limits/records.ts";
import { compressionOf } from "../../../src/wasm/recompress-batch.ts";
import { COMPRESSIONS, type Compression, encodeBatch, validateBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();

function config(set: Record<string, string>): TopicConfig {
  const parsed = parseTopicConfigs(set);
  if (isFailure(parsed)) throw new Error(parsed.detail);
  return parsed;
}

function batch(compression: Compression, value: string | Uint8Array = "v".repeat(2000)): Uint8Array<ArrayBuffer> {
  return encodeBatch(core, [{ key: null, value, timestamp: 1 }], { compression });
}

function joined(...batches: Uint8Array[]): Uint8Array {
  return new Uint8Array(batches.flatMap((bytes) => [...bytes]));
}

const infos = (run: Uint8Array) => {
  const checked = validateBatches(core, run, { maxRecords: 10, maxDecompressedBytes: 32 << 20 });
  if (!checked.ok) throw new Error(checked.statusName);
  return checked.batches;
};

const recompress = (run: Uint8Array, set: Record<string, string>) => recompressRun(core, run, infos(run), config(set));

test("producer keeps the producer's codec, any other value is the codec of all", () => {
  for (const chosen of COMPRESSIONS) {
    expect(storedCompression(config({}), chosen)).toBe(chosen);
    expect(storedCompression(config({ "compression.type": "uncompressed" }), chosen)).toBe("none");
    expect(storedCompression(config({ "compression.type": "zstd" }), chosen)).toBe("zstd");
  }
});

describe("a run", () => {
  test.each(["producer", "gzip"])("is not touched where all of it is as %s wants it", (type) => {
    const run = joined(batch("gzip"), batch("gzip"));
    expect(recompress(run, { "compression.type": type })).toBe(run);
  });

  test("changes only the batches that are in another codec", () => {
    const run = joined(batch("gzip"), batch("lz4"), batch("none"));
    const made = recompress(run, { "compression.type": "lz4" }) as Uint8Array;
    const batches = infos(made);
    expect(batches.map(({ attributes }) => compressionOf(attributes))).toEqual(["lz4", "lz4", "lz4"]);
    const [, before] = infos(run);
    const kept = (bytes: Uint8Array, at: typeof before) => bytes.slice(at!.position, at!.position + at!.sizeBytes);
    expect(kept(made, batches[1])).toEqual(kept(run, before));
  });

  test("is refused where a batch is too large as it came, even if it would be stored smaller", () => {
    const refused = recompress(batch("none"), { "compression.type": "zstd", "max.message.bytes": "1000" });
    expect(refused).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
    expect(refused).toHaveProperty("detail", expect.stringMatching(/as it came.*max\.message\.bytes is 1000/));
  });

  test("is refused where a batch is too large as it is stored, though it came smaller", () => {
    const refused = recompress(batch("zstd"), { "compression.type": "uncompressed", "max.message.bytes": "1000" });
    expect(refused).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
    expect(refused).toHaveProperty("detail", expect.stringMatching(/as uncompressed.*max\.message\.bytes is 1000/));
  });

  test("is refused with the limit where its records are too many bytes to be stored in another codec", () => {
    const refused = recompress(batch("zstd", new Uint8Array(17 << 20)), { "compression.type": "gzip", "max.message.bytes": "1000000" });
    expect(refused).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
    expect(refused).toHaveProperty("detail", expect.stringContaining(String(MAX_BATCH_BYTES)));
  });

  test("is refused with the limit where it would be more than a call carries", () => {
    const large = batch("zstd", new Uint8Array(9 << 20));
    const run = joined(large, large, large);
    const refused = recompress(run, { "compression.type": "uncompressed", "max.message.bytes": String(MAX_BATCH_BYTES) });
    expect(refused).toMatchObject({ error: "RECORD_LIST_TOO_LARGE" });
    expect(refused).toHaveProperty("detail", expect.stringContaining(String(MAX_RPC_BYTES)));
  });
});
