import { compressSync, uncompressSync } from "snappy";
import * as snappyjs from "snappyjs";
import { describe, expect, test } from "vitest";
import { loadCore, runCodec } from "../../support/core.ts";
import {
  CORRUPT,
  expectSameBytes,
  fuzzDecoder,
  fuzzRoundTrip,
  json,
  MEMORY_LIMIT,
  mixture,
  OUTPUT_LIMIT,
  randomBytes,
  repeats,
  runGuarded,
  shapes,
} from "../../support/lz-codec.ts";

interface SnappyExports {
  snappyCompressBound(length: number): number;
  snappyUncompressedLength(source: number, sourceLength: number): number;
}

const core = loadCore();
const exports = core.exports as unknown as SnappyExports;

function compress(input: Uint8Array): Uint8Array {
  const { status, output } = runCodec(core, "snappyCompress", input, exports.snappyCompressBound(input.length));
  expect(status).toBe(output.length);
  return output;
}

function decompress(input: Uint8Array, capacity: number): Uint8Array {
  const { status, output } = runCodec(core, "snappyDecompress", input, capacity);
  expect(status).toBe(output.length);
  return output;
}

function uncompressedLength(input: Uint8Array): number {
  new Uint8Array(core.exports.memory.buffer).set(input, core.scratch);
  return exports.snappyUncompressedLength(core.scratch, input.length);
}

/** What the native implementation makes of an input: its output, or null when it refuses it. */
function nativeDecompress(input: Uint8Array): Uint8Array | null {
  try {
    return uncompressSync(input) as Buffer;
  } catch {
    return null;
  }
}

describe.each(shapes())("%s", (_name, input) => {
  test("comes back the same from our own decoder, in exactly enough room", () => {
    const compressed = compress(input);
    expect(uncompressedLength(compressed)).toBe(input.length);
    expectSameBytes(decompress(compressed, input.length), input);
  });

  test("is read by other implementations, and read from them", () => {
    const compressed = compress(input);
    expectSameBytes(uncompressSync(compressed) as Buffer, input);
    expectSameBytes(snappyjs.uncompress(compressed), input);
    expectSameBytes(decompress(compressSync(input), input.length), input);
    expectSameBytes(decompress(snappyjs.compress(input), input.length), input);
  });

  test("compresses in exactly enough room, and not in a byte less", () => {
    const compressed = compress(input);
    const exact = runGuarded(core, "snappyCompress", input, compressed.length);
    expect(exact.status).toBe(compressed.length);
    expectSameBytes(exact.output, compressed);
    expect(runGuarded(core, "snappyCompress", input, compressed.length - 1).status).toBe(OUTPUT_LIMIT);
  });

  test("does not decompress into a byte too few", () => {
    if (input.length === 0) return;
    expect(runGuarded(core, "snappyDecompress", compress(input), input.length - 1).status).toBe(OUTPUT_LIMIT);
  });
});

test("compresses about as small as the native implementation", () => {
  for (const input of [json("flights-200k").subarray(0, 1 << 20), json("earthquakes"), json("flights-200k").subarray(0, 100_000)]) {
    expect(compress(input).length).toBeLessThan(compressSync(input).length * 1.03);
  }
});

test("keeps incompressible data within the bound, and close to its own size", () => {
  const input = randomBytes(1 << 20, 3);
  expect(compress(input).length).toBeLessThan(input.length + 100);
});

test("decodes every kind of element, by hand", () => {
  const literal = (bytes: number[]) => [((bytes.length - 1) << 2) | 0, ...bytes];
  const cases: [string, number[], number[]][] = [
    ["literal", [3, ...literal([1, 2, 3])], [1, 2, 3]],
    ["literal with a 1-byte length", [3, 60 << 2, 2, 1, 2, 3], [1, 2, 3]],
    ["literal with a 2-byte length", [3, 61 << 2, 2, 0, 1, 2, 3], [1, 2, 3]],
    ["literal with a 3-byte length", [3, 62 << 2, 2, 0, 0, 1, 2, 3], [1, 2, 3]],
    ["literal with a 4-byte length", [3, 63 << 2, 2, 0, 0, 0, 1, 2, 3], [1, 2, 3]],
    ["copy with a 1-byte offset", [6, ...literal([1, 2]), 0x01, 2], [1, 2, 1, 2, 1, 2]],
    ["copy with a 2-byte offset", [3, ...literal([1, 2]), 0x02, 2, 0], [1, 2, 1]],
    ["copy with a 4-byte offset", [3, ...literal([1, 2]), 0x03, 2, 0, 0, 0], [1, 2, 1]],
  ];
  for (const [name, block, expected] of cases) {
    expect([...decompress(Uint8Array.from(block), expected.length)], name).toEqual(expected);
  }
});

test("rejects what the format forbids", () => {
  const cases: [string, number[]][] = [
    ["no length", []],
    ["an unfinished length", [0x80]],
    ["a length of six bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["a length above what the elements give", [2, 0, 7]],
    ["a length below what the elements give", [1, 0, 7, 0, 8]],
    ["no elements", [1]],
    ["a literal past the end", [3, 2 << 2, 1, 2]],
    ["a literal of 2^32 bytes", [3, 63 << 2, 255, 255, 255, 255, 1, 2, 3]],
    ["a copy before the first byte", [4, 0x01, 1]],
    ["a copy with offset 0", [5, 0, 7, 0x01, 0]],
    ["a copy with an unfinished offset", [2, 0, 7, 0x02, 1]],
    ["a copy with an offset of 2^32 - 1", [2, 0, 7, 0x03, 255, 255, 255, 255]],
  ];
  for (const [name, block] of cases) {
    expect(runGuarded(core, "snappyDecompress", Uint8Array.from(block), 100).status, name).toBe(CORRUPT);
  }
});

test("refuses a length that so few bytes cannot yield, before anybody makes room for it", () => {
  expect(uncompressedLength(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07))).toBe(CORRUPT);
  expect(uncompressedLength(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1))).toBe(CORRUPT);
  expect(uncompressedLength(compress(new Uint8Array(20 << 20)))).toBe(20 << 20);
});

test("bounds what does not fit in an i32 with a status", () => {
  expect(exports.snappyCompressBound(0)).toBe(32);
  expect(exports.snappyCompressBound(-1)).toBe(MEMORY_LIMIT);
});

test("rejects a block cut at any byte", () => {
  const compressed = compress(mixture(2000, 4));
  for (let length = 0; length < compressed.length; length++) {
    expect(runGuarded(core, "snappyDecompress", compressed.slice(0, length), 2000).status).toBe(CORRUPT);
  }
});

test("judges a block with any bit flipped as the native implementation does", () => {
  const compressed = compress(repeats(700, 90));
  for (let bit = 0; bit < compressed.length * 8; bit++) {
    const flipped = compressed.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const { status, output } = runGuarded(core, "snappyDecompress", flipped, 2000);
    if (status === OUTPUT_LIMIT) continue;
    const expected = nativeDecompress(flipped);
    expect(status).toBe(expected?.length ?? CORRUPT);
    if (expected) expectSameBytes(output, expected);
  }
});

test("compresses arbitrary input inside its ranges, and loses nothing", () => {
  fuzzRoundTrip(core, "snappyCompress", "snappyDecompress", exports.snappyCompressBound);
});

test("stays inside its ranges on arbitrary input, and agrees with the native implementation", () => {
  const valid = [0, 20, 200, 1000, 2500].map((length) => compress(mixture(length, length)));
  fuzzDecoder(core, "snappyDecompress", [...valid, compress(repeats(2500, 11))], (input, status, output) => {
    if (status === OUTPUT_LIMIT) return;
    const expected = nativeDecompress(input);
    expect(status).toBe(expected?.length ?? CORRUPT);
    if (expected) expectSameBytes(output, expected);
  });
});
