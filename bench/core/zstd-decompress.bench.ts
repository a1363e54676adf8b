// zstd decompression: the core against C compiled to Wasm (@bokuweb/zstd-wasm), JavaScript (fzstd) and native code (node:zlib).
//
//   npm run build:core && node bench/core/zstd-decompress.bench.ts [--smoke]
//
// Speeds are MB/s of decompressed bytes; inputs and outputs are copied in and out of the Wasm memories as a caller would. Each call
// decodes another batch, since a batch that comes again and again teaches its branches to the processor. The ratio is to the C in
// Wasm, taken in turns in the same process: it is what counts on a machine that does other things too.

import { readFileSync } from "node:fs";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { decompress as cInWasm, init } from "@bokuweb/zstd-wasm";
import { decompress as javascript } from "fzstd";
import { type CodecExport, loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

const core = loadCore();
const zstdDecompress = (core.exports as unknown as Record<string, CodecExport>).zstdDecompress!;

function ours(input: Uint8Array, capacity: number): Uint8Array {
  const destination = (core.scratch + input.length + 63) & ~63;
  core.exports.reserve(destination + capacity - core.scratch);
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.set(input, core.scratch);
  const written = zstdDecompress(core.scratch, input.length, destination, capacity);
  return memory.slice(destination, destination + written);
}

/** Numbers in [0, 2^32), the same in every run. */
function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** Events as services log them: fields that repeat, numbers, and an identifier that does not compress. */
function events(bytes: number): Buffer {
  const random = congruential(1);
  const hex = () => random().toString(16).padStart(8, "0");
  const types = ["page_view", "add_to_cart", "purchase", "sign_in"];
  const lines: string[] = [];
  for (let length = 0, i = 0; length < bytes; i++) {
    const fields = `"type":"${types[random() >>> 30]}","user":${random() % 50000},"ts":${1790000000000 + i * 37}`;
    lines.push(`{"id":"${hex()}${hex()}",${fields},"amount":${(random() % 100000) / 100},"region":"eu-west-${random() % 3}"}\n`);
    length += lines.at(-1)!.length;
  }
  return Buffer.from(lines.join("")).subarray(0, bytes);
}

function incompressible(bytes: number): Buffer {
  const random = congruential(7);
  return Buffer.from(Array.from({ length: bytes }, () => random() >>> 24));
}

function file(path: string): Buffer {
  return readFileSync(new URL(`../../node_modules/${path}`, import.meta.url));
}

/** `count` batches of `bytes` from the start of `content`. */
function batches(content: Buffer, bytes: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => content.subarray(i * bytes, (i + 1) * bytes));
}

/** A function that calls `decode` with the next batch each time it is called. */
function inTurn<Batch>(list: Batch[], decode: (batch: Batch) => void): () => void {
  let next = 0;
  return () => {
    decode(list[next]!);
    next = (next + 1) % list.length;
  };
}

const flights = file("vega-datasets/data/flights-200k.json");
const inputs: Record<string, Buffer[]> = {
  "16 KB events": batches(events(1_600_000), 16_000, 100),
  "100 KB events": batches(events(2_000_000), 100_000, 20),
  "100 KB flights": batches(flights, 100_000, 20),
  "1 MB flights": batches(flights, 1_000_000, 4),
  "1 MB earthquakes": batches(file("vega-datasets/data/earthquakes.json"), 1_000_000, 1),
  "600 KB JavaScript": batches(file("assemblyscript/dist/assemblyscript.js"), 600_000, 2),
  "1 MB random": batches(incompressible(1_000_000), 1_000_000, 1),
};

await init();
console.log("input              level    size      ours   C/Wasm    fzstd     node   ratio to C/Wasm");
for (const [name, contents] of Object.entries(inputs)) {
  for (const level of [1, 3]) {
    const frames = contents.map((content) => zstdCompressSync(content, { params: { [constants.ZSTD_c_compressionLevel]: level } }));
    const bytes = contents[0]!.length;
    for (const [i, frame] of frames.entries()) {
      if (Buffer.compare(ours(frame, bytes), contents[i]!) !== 0) throw new Error(`${name}: wrong output`);
    }
    const speeds = measure(bytes, {
      ours: inTurn(frames, (frame) => ours(frame, bytes)),
      cInWasm: inTurn(frames, cInWasm),
      javascript: inTurn(frames, (frame) => javascript(frame)),
      native: inTurn(frames, (frame) => zstdDecompressSync(frame)),
    });
    const columns = [speeds.ours!, speeds.cInWasm!, speeds.javascript!, speeds.native!].map((speed) => speed.toFixed(0).padStart(8));
    const ratio = (speeds.ours! / speeds.cInWasm!).toFixed(2);
    console.log(`${name.padEnd(18)} ${String(level).padStart(5)} ${String(frames[0]!.length).padStart(7)} ${columns.join(" ")}   ${ratio}`);
  }
}
