// Snappy and lz4: the core against the portable packages on npm (snappyjs, lz4js), which set the goal, and the native ones (snappy,
// lz4-napi), for information. Our figures include copying the input into the core's memory and the result out of it.
//
//   node bench/core/lz-codecs.bench.ts [--smoke]        after `npm run build:core`
//
// `ratio` is our speed over the contender's. Our lz4 blocks are 64 KiB each, as Kafka's Java client writes them; lz4js and lz4-napi write
// blocks of 4 MiB. Native snappy is told to copy its results into the JavaScript heap, which is many times faster than its default of
// handing out outside buffers; lz4-napi has no such option, so its figures say little about native lz4.

import { readFileSync } from "node:fs";
import { compressFrameSync, decompressFrameSync } from "lz4-napi";
import * as lz4js from "lz4js";
import { compressSync, uncompressSync } from "snappy";
import * as snappyjs from "snappyjs";
import { loadCore, runCodec } from "../../test/support/core.ts";
import { randomBytes, seededRandom } from "../../test/support/lz-codec.ts";
import { measure } from "../support/measure.ts";

interface Codec {
  compress(input: Uint8Array): Uint8Array;
  decompress(input: Uint8Array, length: number): Uint8Array;
}

const core = loadCore();

function coreCodec(compress: string, decompress: string): Codec {
  return {
    compress: (input) => runCodec(core, compress, input, input.length + (input.length >> 2) + 100).output,
    decompress: (input, length) => runCodec(core, decompress, input, length).output,
  };
}

const groups: Record<string, Record<string, Codec>> = {
  snappy: {
    core: coreCodec("snappyCompress", "snappyDecompress"),
    snappyjs: { compress: snappyjs.compress, decompress: snappyjs.uncompress },
    "snappy (native)": {
      compress: (input) => compressSync(input, { copyOutputData: true }),
      decompress: (input) => uncompressSync(input, { copyOutputData: true }) as Buffer,
    },
  },
  lz4: {
    core: coreCodec("lz4Compress", "lz4Decompress"),
    lz4js: { compress: (input) => lz4js.compress(input), decompress: (input, length) => lz4js.decompress(input, length) },
    "lz4-napi (native)": {
      compress: (input) => compressFrameSync(input as Buffer),
      decompress: (input) => decompressFrameSync(input as Buffer),
    },
  },
};

/** JSON records such as an application produces: the same keys, some values from small sets, some unique. */
function records(length: number): Buffer {
  const random = seededRandom(1);
  const pick = (values: string[]) => values[Math.floor(random() * values.length)]!;
  const lines: string[] = [];
  for (let bytes = 0; bytes < length; bytes += lines.at(-1)!.length) {
    const id = Math.floor(random() * 2 ** 48).toString(16);
    const event = {
      type: pick(["order.created", "order.paid", "order.shipped"]),
      id,
      timestamp: 1_800_000_000_000 + Math.floor(random() * 1e7),
    };
    const customer = { name: pick(["Ada", "Grace", "Edsger", "Barbara"]), city: pick(["Oslo", "Lima", "Kyoto", "Accra"]), score: random() };
    lines.push(JSON.stringify({ ...event, customer, amount: Math.floor(random() * 100_000) / 100, currency: pick(["EUR", "USD", "JPY"]) }));
  }
  return Buffer.from(lines.join("").slice(0, length));
}

const flights = readFileSync(new URL("../../node_modules/vega-datasets/data/flights-200k.json", import.meta.url));
const earthquakes = readFileSync(new URL("../../node_modules/vega-datasets/data/earthquakes.json", import.meta.url));
const inputs: Record<string, Buffer> = {
  "100 KB of records": records(100_000),
  "1 MB of flat JSON": flights.subarray(0, 1_000_000),
  "1 MB of nested JSON": earthquakes.subarray(0, 1_000_000),
  "1 MB of noise": Buffer.from(randomBytes(1_000_000, 1)),
};

for (const [group, codecs] of Object.entries(groups)) {
  for (const [inputName, input] of Object.entries(inputs)) {
    const compressed = new Map(Object.entries(codecs).map(([name, codec]) => [name, codec.compress(input)]));
    const contenders = (run: (codec: Codec, name: string) => unknown) =>
      Object.fromEntries(Object.entries(codecs).map(([name, codec]) => [name, () => void run(codec, name)]));
    const compressing = measure(
      input.length,
      contenders((codec) => codec.compress(input)),
    );
    // Every decoder reads the same bytes: those of the first reference.
    const shared = Buffer.from([...compressed.values()][1]!);
    const decompressing = measure(
      input.length,
      contenders((codec) => codec.decompress(shared, input.length)),
    );

    console.log(`\n${group}, ${inputName}`);
    for (const name of Object.keys(codecs)) {
      const speed = (speeds: Record<string, number>) =>
        `${speeds[name]!.toFixed(0).padStart(6)} MB/s  ratio ${(speeds.core! / speeds[name]!).toFixed(2).padStart(5)}`;
      const size = compressed.get(name)!.length;
      const larger = `${((compressed.get("core")!.length / size - 1) * 100).toFixed(1)} %`;
      console.log(
        `  ${name.padEnd(18)} compress ${speed(compressing)}   decompress ${speed(decompressing)}   ${size} bytes (core ${larger})`,
      );
    }
  }
}
