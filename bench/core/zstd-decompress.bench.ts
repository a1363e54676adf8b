// zstd decompression: the core against C compiled to Wasm (@bokuweb/zstd-wasm), JavaScript (fzstd) and native code (node:zlib).
//
//   npm run build:core && node bench/core/zstd-decompress.bench.ts [--smoke]
//
// Speeds are MB/s of decompressed bytes, inputs and outputs copied in and out of the Wasm memories for all. The ratio is to the C in
// Wasm, taken in turns in the same process: it is what counts on a machine that does other things too.

import { readFileSync } from "node:fs";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { decompress as cInWasm, init } from "@bokuweb/zstd-wasm";
import { decompress as javascript } from "fzstd";
import { loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

const core = loadCore();
const codec = (core.exports as unknown as Record<string, (source: number, length: number, to: number, capacity: number) => number>)
  .zstdDecompress!;

function ours(input: Uint8Array, capacity: number): Uint8Array {
  const destination = (core.scratch + input.length + 63) & ~63;
  core.exports.reserve(destination + capacity - core.scratch);
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.set(input, core.scratch);
  const written = codec(core.scratch, input.length, destination, capacity);
  return memory.slice(destination, destination + written);
}

function data(name: string): Buffer {
  return readFileSync(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
}

/** Records as services log them: some fields that repeat, some numbers, an identifier that does not compress. */
function kafkaRecords(bytes: number): Buffer {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  let text = "";
  for (let i = 0; text.length < bytes; i++) {
    const id = random().toString(16).padStart(8, "0") + random().toString(16).padStart(8, "0");
    const type = ["page_view", "add_to_cart", "purchase", "sign_in"][random() >>> 30];
    text += `{"id":"${id}","type":"${type}","user":${random() % 50000},"ts":${1790000000000 + i * 37},"amount":${(random() % 100000) / 100},"region":"eu-west-${random() % 3}"}\n`;
  }
  return Buffer.from(text).subarray(0, bytes);
}

/** The plain text of a Wasm module: a stand-in for prose and code, 1 MB. */
function incompressible(bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  let state = 7;
  for (let i = 0; i < bytes; i++) out[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  return out;
}

const inputs: Record<string, Buffer> = {
  "100 KB records": kafkaRecords(100_000),
  "100 KB flights": data("flights-200k.json").subarray(0, 100_000),
  "1 MB flights": data("flights-200k.json").subarray(0, 1_000_000),
  "1 MB earthquakes": data("earthquakes.json").subarray(0, 1_000_000),
  "1 MB random": incompressible(1_000_000),
};

await init();
console.log("input              level    size      ours   C/Wasm    fzstd     node   ratio to C/Wasm");
for (const [name, input] of Object.entries(inputs)) {
  for (const level of [1, 3]) {
    const compressed = zstdCompressSync(input, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    if (Buffer.compare(ours(compressed, input.length), input) !== 0) throw new Error(`${name}: wrong output`);
    const speeds = measure(input.length, {
      ours: () => ours(compressed, input.length),
      cInWasm: () => cInWasm(compressed),
      javascript: () => javascript(compressed),
      native: () => zstdDecompressSync(compressed),
    });
    const columns = [speeds.ours!, speeds.cInWasm!, speeds.javascript!, speeds.native!].map((speed) => speed.toFixed(0).padStart(8));
    const ratio = (speeds.ours! / speeds.cInWasm!).toFixed(2);
    console.log(`${name.padEnd(18)} ${String(level).padStart(5)} ${String(compressed.length).padStart(7)} ${columns.join(" ")}   ${ratio}`);
  }
}
