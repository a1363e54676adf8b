import { readFileSync } from "node:fs";
import { crc32c as nativeCrc32c } from "@node-rs/crc32";
import { expect, test } from "vitest";
import { foldSource } from "../../../scripts/generate-crc32c-fold.ts";
import { plainCrc32c } from "../../../src/record/crc32c.ts";
import { crc32c } from "../../../src/wasm/crc32c.ts";
import { loadCore } from "../../support/core.ts";
import { seededNumbers } from "../../support/record-batches.ts";

const core = loadCore();

function someBytes(length: number, seed: number): Uint8Array {
  const next = seededNumbers(seed);
  return Uint8Array.from({ length }, () => next(256));
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
const vectors: [string, Uint8Array, number][] = [
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 increasing bytes", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 decreasing bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
];

test.each(vectors)("agrees with the published value of %s", (_, bytes, expected) => {
  expect(crc32c(core, bytes)).toBe(expected);
  expect(plainCrc32c(bytes)).toBe(expected);
});

test("agrees with the twin and a native implementation at every length over several blocks", () => {
  const bytes = someBytes(1200, 1);
  for (let length = 0; length <= bytes.length; length++) {
    const part = bytes.subarray(0, length);
    const expected = nativeCrc32c(Buffer.from(part));
    if (crc32c(core, part) !== expected || plainCrc32c(part) !== expected) expect.fail(`length ${length}`);
  }
});

test("does not depend on where the bytes stand", () => {
  const bytes = someBytes(700, 2);
  const expected = plainCrc32c(bytes);
  core.reserve(core.scratch, 1000);
  for (let shift = 0; shift < 130; shift++) {
    core.bytes.fill(0xa5, core.scratch, core.scratch + 1000);
    core.bytes.set(bytes, core.scratch + shift);
    if (core.exports.crc32c(core.scratch + shift, bytes.length, 0) >>> 0 !== expected) expect.fail(`shift ${shift}`);
  }
});

test("goes on from a seed wherever the bytes are cut", () => {
  const bytes = someBytes(900, 3);
  const expected = plainCrc32c(bytes);
  for (let cut = 0; cut <= bytes.length; cut += 7) {
    const seed = crc32c(core, bytes.subarray(0, cut));
    if (crc32c(core, bytes.subarray(cut), seed) !== expected) expect.fail(`cut at ${cut}`);
    if (plainCrc32c(bytes.subarray(cut), plainCrc32c(bytes.subarray(0, cut))) !== expected) expect.fail(`twin cut at ${cut}`);
  }
});

test("agrees on megabytes", () => {
  const bytes = someBytes(3_000_001, 4);
  expect(crc32c(core, bytes)).toBe(nativeCrc32c(Buffer.from(bytes)));
});

test("changes with every single bit of a folded input", () => {
  const bytes = someBytes(300, 5);
  const seen = new Set([crc32c(core, bytes)]);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = new Uint8Array(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    seen.add(crc32c(core, flipped));
  }
  expect(seen.size).toBe(1 + bytes.length * 8);
});

test("the folding tables are those that the generator makes", () => {
  expect(readFileSync(new URL("../../../assembly/crc32c-fold.ts", import.meta.url), "utf8")).toBe(foldSource());
});
