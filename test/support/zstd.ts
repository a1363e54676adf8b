// What the tests of the zstd decoder share: inputs of many shapes, frames from the reference encoder, and a guarded call.

import { readFileSync } from "node:fs";
import { constants, zstdCompressSync } from "node:zlib";
import type { Core } from "../../src/wasm/core.ts";
import type { CodecExport } from "./core.ts";
import { seededIntegers } from "./random.ts";

export interface FrameOptions {
  level?: number;
  checksum?: boolean;
  /** Log2 of the window size. */
  windowLog?: number;
  /** Declares the content size, as the reference does when it knows it. */
  contentSize?: boolean;
  strategy?: number;
  minMatch?: number;
}

/** A frame by the reference encoder. */
export function referenceFrame(content: Uint8Array, options: FrameOptions = {}): Buffer {
  const params: Record<number, number> = {
    [constants.ZSTD_c_compressionLevel]: options.level ?? 3,
    [constants.ZSTD_c_checksumFlag]: options.checksum ? 1 : 0,
    [constants.ZSTD_c_contentSizeFlag]: options.contentSize === false ? 0 : 1,
  };
  if (options.windowLog !== undefined) params[constants.ZSTD_c_windowLog] = options.windowLog;
  if (options.strategy !== undefined) params[constants.ZSTD_c_strategy] = options.strategy;
  if (options.minMatch !== undefined) params[constants.ZSTD_c_minMatch] = options.minMatch;
  return zstdCompressSync(content, { params });
}

export function datasetFile(name: string): Buffer {
  return readFileSync(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
}

export function randomBytes(length: number, seed = 1, symbols = 256): Buffer {
  const random = seededIntegers(seed);
  return Buffer.from(Array.from({ length }, () => (random() >>> 8) % symbols));
}

/** Content of many shapes, by name; none over 3 MB. */
export function contentShapes(): Record<string, Buffer> {
  const flights = datasetFile("flights-200k.json");
  const shapes: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    "one byte": Buffer.from("a"),
    "one zero": Buffer.alloc(1),
    "a sentence": Buffer.from("the quick brown fox jumps over the lazy dog; the lazy dog sleeps over the quick brown fox"),
    "a thousand zeros": Buffer.alloc(1000),
    "a million zeros": Buffer.alloc(1_000_000),
    "random bytes": randomBytes(200_000),
    "random, 2 symbols": randomBytes(150_000, 2, 2),
    "random, 17 symbols": randomBytes(150_000, 3, 17),
    "random, 200 symbols": randomBytes(150_000, 4, 200),
    "random, then the same": Buffer.concat([randomBytes(200_000, 5), randomBytes(200_000, 5)]),
    "records of JSON": flights.subarray(0, 100_000),
    "megabytes of JSON": flights.subarray(0, 3_000_000),
    "larger JSON": datasetFile("earthquakes.json"),
    "a PNG": datasetFile("ffox.png"),
    "a table": datasetFile("stocks.csv"),
  };
  for (let period = 1; period <= 34; period++) {
    const unit = randomBytes(period, period);
    shapes[`period ${period}`] = Buffer.concat(Array.from({ length: 500 }, () => unit)).subarray(0, 40 * period + 7);
  }
  for (const size of [127, 128, 255, 256, 257, 1023, 1024, 16383, 16384, 65535, 65536, 65791, 65792, 131071, 131072, 131073, 262144]) {
    shapes[`JSON of ${size}`] = flights.subarray(1000, 1000 + size);
  }
  return shapes;
}

const GUARD_BYTES = 64;

/**
 * Runs a codec export with `poison` all around. The input ends where the memory ends, so that a read past it traps, and the output lies
 * between guards, which must not change.
 */
export function runGuarded(
  core: Core,
  name: string,
  input: Uint8Array,
  capacity: number,
  poison: number,
): { status: number; output: Buffer } {
  const codec = (core.exports as unknown as Record<string, CodecExport>)[name]!;
  const destination = core.scratch + GUARD_BYTES;
  const reserved = core.exports.reserve(2 * GUARD_BYTES + capacity + GUARD_BYTES + input.length);
  if (reserved < 0) throw new Error(`cannot reserve: ${reserved}`);
  const memory = Buffer.from(core.exports.memory.buffer);
  const source = memory.length - input.length;
  const outputEnd = destination + capacity;
  memory.fill(poison, core.scratch, outputEnd + GUARD_BYTES);
  memory.fill(poison, source - GUARD_BYTES, source);
  memory.set(input, source);
  const status = codec(source, input.length, destination, capacity);
  for (let i = 0; i < GUARD_BYTES; i++) {
    if (memory[core.scratch + i] !== poison) throw new Error(`wrote ${GUARD_BYTES - i} bytes before the output`);
    if (memory[outputEnd + i] !== poison) throw new Error(`wrote ${i} bytes past the capacity`);
  }
  if (status > capacity) throw new Error(`claims ${status} bytes in a capacity of ${capacity}`);
  return { status, output: Buffer.from(memory.subarray(destination, destination + Math.max(status, 0))) };
}
