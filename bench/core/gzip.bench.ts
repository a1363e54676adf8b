// gzip of the core against fflate (the fastest portable package) and, for information, node's native zlib: MB/s of uncompressed bytes, both
// directions, and compressed sizes. Every reader reads zlib's output at level 6. The core's figures include copying in and out of its memory
// and checking the CRC, which fflate leaves out.
//
//   node bench/core/gzip.bench.ts [--smoke]

import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { gunzipSync as fflateGunzip, gzipSync as fflateGzip } from "fflate";
import { loadCore, runCodec } from "../../test/support/core.ts";
import { jsonSample, randomBytes, seededRandom } from "../../test/support/gzip.ts";
import { measure } from "../support/measure.ts";

/** 100 KB of small JSON records, one to a line, as producers of events send them. */
function eventRecords(): Uint8Array {
  const next = seededRandom(1);
  let lines = "";
  for (let index = 0; lines.length < 100_000; index++) {
    const record = {
      id: next().toString(16) + next().toString(16),
      timestamp: 1_790_000_000_000 + index * 137 + (next() % 100),
      user: `user-${next() % 5000}`,
      event: ["click", "view", "purchase", "signup"][next() % 4],
      amount: (next() % 100_000) / 100,
      page: `/products/${next() % 900}`,
      ok: next() % 7 !== 0,
    };
    lines += `${JSON.stringify(record)}\n`;
  }
  return new TextEncoder().encode(lines).slice(0, 100_000);
}

const inputs: [name: string, data: Uint8Array][] = [
  ["100 KB event records", eventRecords()],
  ["100 KB earthquakes.json", jsonSample("earthquakes", 100_000)],
  ["1 MB flights-200k.json", jsonSample("flights-200k", 1 << 20)],
  [
    "1 MB source text",
    new Uint8Array(readFileSync(new URL("../../node_modules/assemblyscript/dist/asc.js", import.meta.url)).subarray(0, 1 << 20)),
  ],
  ["1 MB random bytes", randomBytes(1 << 20, 1)],
];

const core = loadCore();

function report(title: string, speeds: Record<string, number>, sizes: Map<string, number>): void {
  console.log(title);
  for (const [name, speed] of Object.entries(speeds)) {
    const ratio = speeds.core! / speed;
    const size = sizes.has(name) ? `  ${sizes.get(name)!.toString().padStart(8)} bytes` : "";
    console.log(`  ${name.padEnd(8)} ${speed.toFixed(0).padStart(6)} MB/s${size}  core is ${ratio.toFixed(2)}x`);
  }
}

for (const [name, data] of inputs) {
  const level = 6;
  const sizes = new Map([
    ["core", runCodec(core, "gzipCompress", data, data.length + 4096).status],
    ["fflate", fflateGzip(data, { level }).length],
    ["zlib", gzipSync(data, { level }).length],
  ]);
  const compressing = measure(data.length, {
    core: () => runCodec(core, "gzipCompress", data, data.length + 4096),
    fflate: () => fflateGzip(data, { level }),
    zlib: () => gzipSync(data, { level }),
  });
  report(`compress ${name}`, compressing, sizes);

  const compressed = gzipSync(data, { level });
  const decompressing = measure(data.length, {
    core: () => runCodec(core, "gzipDecompress", compressed, data.length),
    fflate: () => fflateGunzip(compressed),
    zlib: () => gunzipSync(compressed),
  });
  report(`decompress ${name}`, decompressing, new Map());
}
