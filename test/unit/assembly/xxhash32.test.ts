import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { loadCore } from "../../support/core.ts";
import { randomBytes } from "../../support/lz-codec.ts";

// The xxHash32 of lz4js (hash(seed, bytes, from, to)), which has no entry of its own in that package.
const reference = createRequire(import.meta.url)("lz4js/xxh32.js") as {
  hash(seed: number, bytes: Uint8Array, from: number, length: number): number;
};

const core = loadCore();
const xxhash32 = (core.exports as unknown as { xxhash32(source: number, length: number, seed: number): number }).xxhash32;

function hash(input: Uint8Array, seed: number): number {
  core.exports.reserve(input.length);
  new Uint8Array(core.exports.memory.buffer).set(input, core.scratch);
  return xxhash32(core.scratch, input.length, seed) >>> 0;
}

test("gives the published values", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  expect(hash(text(""), 0)).toBe(0x02cc5d05);
  expect(hash(text(""), 0x9e3779b1)).toBe(0x36b78ae7);
  expect(hash(text("abc"), 0)).toBe(0x32d153ff);
  expect(hash(text("Nobody inspects the spammish repetition"), 0)).toBe(0xe2293b2f);
});

test("agrees with another implementation at every length of a tail, and for other seeds", () => {
  const bytes = randomBytes(100_000, 1);
  for (const length of [...Array(70).keys(), 1000, 65_536, 99_999]) {
    for (const seed of [0, 1, 0xdeadbeef]) {
      const input = bytes.slice(0, length);
      expect(hash(input, seed), `${length} bytes, seed ${seed}`).toBe(reference.hash(seed, input, 0, length) >>> 0);
    }
  }
});
