// What a program that uses the SDK carries: little, nothing of one platform alone, and only what it imports.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { SDK_BUILD, SDK_ENTRIES } from "../../../scripts/build-sdk.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const MAX_GZIPPED_BYTES = 25_000;

/** A program bundled for production: its text, and the sources in it. */
async function bundle(program: string) {
  const stdin = { contents: program, resolveDir: ROOT, loader: "ts" } as const;
  const result = await build({ ...SDK_BUILD, stdin, minify: true, write: false, metafile: true });
  const [output] = Object.values(result.metafile.outputs);
  const sources = Object.entries(output!.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
  return { gzippedBytes: gzipSync(result.outputFiles[0]!.contents, { level: 9 }).length, sources, imports: output!.imports };
}

test("the whole client has less than 25 KB gzipped, and imports nothing: neither Node, nor zod, nor the core", async () => {
  const { gzippedBytes, sources, imports } = await bundle(`export * from "./${SDK_ENTRIES.client}"`);
  expect(gzippedBytes).toBeLessThan(MAX_GZIPPED_BYTES);
  expect(imports).toEqual([]);
  expect(sources.filter((path) => /node_modules|src\/wasm|\.wasm/.test(path))).toEqual([]);
});

test("a program that only administers carries neither producer nor consumers", async () => {
  const { gzippedBytes, sources } = await bundle(`export { Admin, createClient } from "./${SDK_ENTRIES.client}"`);
  expect(sources.filter((path) => /producer|consumer|record/.test(path))).toEqual([]);
  expect(gzippedBytes).toBeLessThan(10_000);
});

test("a worker of a share group carries no producer and no other consumer, and who has none does not carry it", async () => {
  const { gzippedBytes, sources, imports } = await bundle(
    `export * from "./${SDK_ENTRIES.share}"; export { createClient } from "./${SDK_ENTRIES.client}"`,
  );
  expect(sources.filter((path) => /producer|consumer\/(?!records)|record\//.test(path.replace("share-consumer", "")))).toEqual([]);
  expect(gzippedBytes).toBeLessThan(10_000);
  expect(imports).toEqual([]);
  const client = await bundle(`export * from "./${SDK_ENTRIES.client}"`);
  expect(client.sources.filter((path) => path.includes("sdk/share/"))).toEqual([]);
});

test("a program that only produces carries no consumer and no admin, and is the smaller for it", async () => {
  const whole = await bundle(`export * from "./${SDK_ENTRIES.client}"`);
  const { gzippedBytes, sources } = await bundle(`export { createClient, Producer } from "./${SDK_ENTRIES.client}"`);
  expect(sources.filter((path) => /consumer|admin|tail/.test(path))).toEqual([]);
  expect(gzippedBytes).toBeLessThan(whole.gzippedBytes * 0.8);
});

test("the outbox carries no producer's queues and no consumer", async () => {
  const { sources, imports } = await bundle(`export * from "./${SDK_ENTRIES.outbox}"`);
  expect(sources.filter((path) => /buffer-pool|accumulator|sender|consumer/.test(path))).toEqual([]);
  expect(imports).toEqual([]);
});
