// Helpers shared by the tests of the byte-oriented codecs (snappy, lz4): inputs of many shapes, guarded runs, and a seeded fuzz.

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Core } from "../../src/wasm/core.ts";
import type { CodecExport } from "./core.ts";
import { seededBytes, seededRandom } from "./random.ts";

export { seededBytes as randomBytes, seededRandom };

export const CORRUPT = -1;
export const OUTPUT_LIMIT = -2;
export const UNSUPPORTED = -3;
export const CHECKSUM_MISMATCH = -4;
export const MEMORY_LIMIT = -5;

/** `length` bytes that repeat `period` random ones. */
export function repeats(length: number, period: number): Uint8Array {
  const pattern = seededBytes(period, period);
  return Uint8Array.from({ length }, (_, i) => pattern[i % period]!);
}

/** Short words and random bytes mixed, so that literals and matches of all lengths and distances come up. */
export function mixture(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(length);
  let position = 0;
  while (position < length) {
    const run = 1 + Math.floor(random() ** 4 * 400);
    const distance = 1 + Math.floor(random() ** 3 * Math.min(position, 70_000));
    const copies = position > 0 && random() < 0.6;
    for (let i = 0; i < run && position < length; i++, position++) {
      bytes[position] = copies ? bytes[position - Math.min(distance, position)]! : random() * 256;
    }
  }
  return bytes;
}

export function json(name: "flights-200k" | "earthquakes"): Uint8Array {
  return readFileSync(new URL(`../../node_modules/vega-datasets/data/${name}.json`, import.meta.url));
}

/** Named inputs: degenerate, compressible, incompressible, and sizes around every boundary of the block formats. */
export function shapes(): [string, Uint8Array][] {
  const boundaries = [12, 13, 15, 16, 17, 31, 32, 33, 255, 256, 257, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 200_001];
  return [
    ["nothing", new Uint8Array(0)],
    ["one byte", Uint8Array.of(7)],
    ["a megabyte of zeros", new Uint8Array(1 << 20)],
    ["incompressible bytes", seededBytes(300_000, 1)],
    ["text", new TextEncoder().encode("Sing, O goddess, the anger of Achilles son of Peleus. ".repeat(4000))],
    ["flat JSON, first 3 MB", json("flights-200k").subarray(0, 3 << 20)],
    ["nested JSON", json("earthquakes")],
    ["JSON, then noise, then JSON", concat(json("earthquakes").subarray(0, 90_000), seededBytes(90_000, 2), json("earthquakes"))],
    ...[1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 31, 40_000].map((period): [string, Uint8Array] => [`period ${period}`, repeats(100_000, period)]),
    ...boundaries.map((length): [string, Uint8Array] => [`a mixture of ${length} bytes`, mixture(length, length)]),
    ...boundaries.map((length): [string, Uint8Array] => [`${length} zeros`, new Uint8Array(length)]),
    ...boundaries.map((length): [string, Uint8Array] => [`${length} incompressible bytes`, seededBytes(length, length)]),
  ];
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Equality of long byte arrays, which `toEqual` takes seconds for. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

const GUARD_BYTES = 256;

/**
 * Runs a codec export with its input right before guard bytes and guards around its output, twice, with different bytes in the guards
 * and in the output area. Checks that no guard changes, and that the result does not depend on anything but the input.
 */
export function runGuarded(core: Core, name: string, input: Uint8Array, capacity: number): { status: number; output: Uint8Array } {
  const first = runBetweenGuards(core, name, input, capacity, 0x00);
  const second = runBetweenGuards(core, name, input, capacity, 0xa5);
  expect(second.status).toBe(first.status);
  expectSameBytes(second.output, first.output);
  return first;
}

function runBetweenGuards(core: Core, name: string, input: Uint8Array, capacity: number, guard: number) {
  const codec = (core.exports as unknown as Record<string, CodecExport>)[name]!;
  const source = core.scratch + GUARD_BYTES;
  const destination = source + input.length + GUARD_BYTES;
  const end = destination + capacity + GUARD_BYTES;
  expect(core.exports.reserve(end - core.scratch)).toBe(0);
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.fill(guard, core.scratch, end);
  memory.set(input, source);
  const status = codec(source, input.length, destination, capacity);
  const changed = (from: number, to: number) => memory.subarray(from, to).some((byte) => byte !== guard);
  if (changed(core.scratch, source) || changed(source + input.length, destination) || changed(destination + capacity, end)) {
    throw new Error(`${name} wrote outside its output: input ${Buffer.from(input).toString("base64")}, capacity ${capacity}`);
  }
  if (status > capacity) throw new Error(`${name} answers ${status} bytes in a capacity of ${capacity}`);
  return { status, output: memory.slice(destination, destination + Math.max(status, 0)) };
}

/** How long each fuzz test runs; FUZZ_SEED repeats a run whose seed was printed. */
const FUZZ_MS = Number(process.env.FUZZ_MS ?? 2000);

function fuzz(name: string, milliseconds: number, attempt: (random: () => number) => void): void {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`${name}: FUZZ_SEED=${seed}`);
  const random = seededRandom(seed);
  const end = performance.now() + milliseconds;
  let attempts = 0;
  for (; performance.now() < end; attempts++) attempt(random);
  expect(attempts).toBeGreaterThan(10);
}

/** Feeds `decode` mutations of valid inputs and random bytes, into any capacity; `check` may compare the result with another decoder's. */
export function fuzzDecoder(
  core: Core,
  decode: string,
  valid: Uint8Array[],
  check: (input: Uint8Array, status: number, output: Uint8Array) => void,
): void {
  fuzz(decode, FUZZ_MS, (random) => {
    const noise = random() < 0.1;
    const input = noise ? seededBytes(random() * 300, random() * 2 ** 31) : mutate(valid[Math.floor(random() * valid.length)]!, random);
    const { status, output } = runGuarded(core, decode, input, Math.floor(random() * 3000));
    check(input, status, output);
  });
}

/** Compresses inputs of any length up to three blocks, into the bound or any room, and decompresses them again. */
export function fuzzRoundTrip(core: Core, encode: string, decode: string, bound: (length: number) => number): void {
  fuzz(encode, FUZZ_MS / 2, (random) => {
    const input = mixture(Math.floor(random() ** 6 * 200_000), random() * 2 ** 31);
    const most = bound(input.length);
    const { status, output } = runGuarded(core, encode, input, random() < 0.5 ? most : Math.floor(random() * most));
    if (status === OUTPUT_LIMIT) return;
    expect(status).toBe(output.length);
    expectSameBytes(runGuarded(core, decode, output, input.length).output, input);
  });
}

/** A copy with a few bytes overwritten, removed, or repeated. */
function mutate(valid: Uint8Array, random: () => number): Uint8Array {
  const bytes = [...valid];
  const edits = 1 + Math.floor(random() ** 2 * 6);
  for (let i = 0; i < edits; i++) {
    const position = Math.floor(random() * bytes.length);
    const kind = random();
    if (kind < 0.5) bytes[position] = [0, 255, 254, 15, 240, 128, Math.floor(random() * 256)][Math.floor(random() * 7)]!;
    else if (kind < 0.7) bytes[position] = (bytes[position] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind < 0.85) bytes.splice(position, Math.floor(random() * 8));
    else bytes.splice(position, 0, ...bytes.slice(position, position + Math.floor(random() * 40)));
  }
  return Uint8Array.from(bytes);
}
