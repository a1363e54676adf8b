// Zstd compression: the core against @bokuweb/zstd-wasm (the reference in C, compiled to Wasm) at level 1, which sets the goal (speed
// at least 1.0 of it, size within 15 %), and Node's native zstd at level 1, for information. Our figures include copying the input
// into the core's memory and the frame out of it.
//
//   node bench/core/zstd-compress.bench.ts [--smoke]        after `npm run build:core`

import { constants, zstdCompressSync } from "node:zlib";
import { init, compress as referenceCompress } from "@bokuweb/zstd-wasm";
import { loadCore, runCodec } from "../../test/support/core.ts";
import { dataset, records, symbols } from "../../test/support/zstd-inputs.ts";
import { measure } from "../support/measure.ts";

const core = loadCore();
const { zstdCompressBound } = core.exports as unknown as { zstdCompressBound(length: number): number };
const level1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const compressors: Record<string, (input: Uint8Array) => Uint8Array> = {
  core: (input) => runCodec(core, "zstdCompress", input, zstdCompressBound(input.length)).output,
  "zstd-wasm": (input) => referenceCompress(input, 1),
  "node (native)": (input) => zstdCompressSync(input, level1),
};

const inputs: Record<string, Uint8Array> = {
  "records, 1 KB": records(1000),
  "records, 100 KB": records(100_000),
  "flights JSON, 100 KB": dataset("flights-200k.json").slice(0, 100_000),
  "earthquakes JSON, 1 MB": dataset("earthquakes.json").slice(0, 1 << 20),
  "movies JSON, 1 MB": dataset("movies.json").slice(0, 1 << 20),
  "incompressible, 1 MB": symbols(1 << 20, 256, 1, 1),
};

await init();
console.log("input                     compressor        MB/s   ratio     bytes   size");
for (const [inputName, input] of Object.entries(inputs)) {
  const calls = Object.fromEntries(Object.entries(compressors).map(([name, compress]) => [name, () => void compress(input)]));
  const speeds = measure(input.length, calls);
  const referenceBytes = compressors["zstd-wasm"]!(input).length;
  for (const [name, compress] of Object.entries(compressors)) {
    const bytes = compress(input).length;
    const ratio = (speeds[name]! / speeds["zstd-wasm"]!).toFixed(2);
    const size = (bytes / referenceBytes).toFixed(3);
    console.log(
      `${inputName.padEnd(24)}  ${name.padEnd(14)} ${speeds[name]!.toFixed(0).padStart(7)} ${ratio.padStart(7)} ${String(bytes).padStart(9)}  ${size}`,
    );
  }
}
