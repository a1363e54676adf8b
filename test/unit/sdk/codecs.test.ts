// What producers and consumers do with each codec: by the platform, by the core, and without either.

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { loadCodecs } from "../../../src/codecs.ts";
import { BatchBuilder, NO_PRODUCER } from "../../../src/record/batch-builder.ts";
import { COMPRESSIONS } from "../../../src/record/compression-type.ts";
import { createClient } from "../../../src/sdk/client.ts";
import { decompressRecords, PLATFORM_CODECS } from "../../../src/sdk/compression.ts";
import { Producer } from "../../../src/sdk/producer/producer.ts";
import { decodeBatches } from "../../../src/wasm/record-batches.ts";
import { loadCore } from "../../support/core.ts";
import { FlakyBroker } from "../../support/flaky-broker.ts";

const core = () => readFile(new URL("../../../build/core.wasm", import.meta.url));

test.each(COMPRESSIONS)("records compressed by %s are read by the broker's core, and come back", async (compression) => {
  const codecs = await loadCodecs(await core());
  const builder = new BatchBuilder(new Uint8Array(10_000));
  for (let i = 0; i < 50; i++) builder.append({ timestamp: i, key: null, value: new TextEncoder().encode(`value ${i % 3}`), headers: [] });
  const compressed = compression === "none" ? undefined : await codecs.compress(compression, builder.records);
  const batch = builder.finish(NO_PRODUCER, compression, compressed);
  const records = decodeBatches(loadCore(), batch, { maxDecompressedBytes: 1 << 20, checkCrc: true });
  expect(records.map(({ value }) => new TextDecoder().decode(value!))).toEqual(Array.from({ length: 50 }, (_, i) => `value ${i % 3}`));
  const stored = compressed === undefined ? builder.records : new Uint8Array(compressed);
  expect(await decompressRecords(codecs, compression, stored)).toEqual(builder.records);
});

test("gzip needs no codecs, and a batch that expands beyond its limit is refused, by either", async () => {
  const plain = new Uint8Array(200_000);
  const compressed = new Uint8Array(await PLATFORM_CODECS.compress("gzip", plain));
  expect(compressed.length).toBeLessThan(1_000);
  expect(await PLATFORM_CODECS.decompress("gzip", compressed, 200_000)).toEqual(plain);
  for (const codecs of [PLATFORM_CODECS, await loadCodecs(await core())]) {
    await expect((async () => codecs.decompress("gzip", compressed, 100_000))()).rejects.toThrow(RangeError);
    await expect((async () => codecs.decompress("gzip", compressed.subarray(0, 100), 200_000))()).rejects.toThrow();
  }
});

test("a producer sends what its codecs made, and refuses a codec that it has not", async () => {
  const broker = new FlakyBroker();
  const client = createClient({ fetch: broker.fetch });
  for (const compression of ["gzip", "zstd"] as const) {
    const producer = new Producer(client, { compression, codecs: await loadCodecs(await core()) });
    await producer.send({ topic: "t", value: compression });
    await producer.close();
  }
  const platform = new Producer(client, { compression: "gzip" });
  await platform.send({ topic: "t", value: "platform" });
  await platform.close();
  expect(broker.values()).toEqual(["gzip", "zstd", "platform"]);
  expect(() => new Producer(client, { compression: "lz4" })).toThrow("sluice/codecs");
});
