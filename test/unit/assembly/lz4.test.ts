import { execFileSync, spawnSync } from "node:child_process";
import { compressFrameSync, decompressFrameSync } from "lz4-napi";
import * as lz4js from "lz4js";
import { describe, expect, test } from "vitest";
import { loadCore, runCodec } from "../../support/core.ts";
import {
  CHECKSUM_MISMATCH,
  CORRUPT,
  concat,
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
  UNSUPPORTED,
} from "../../support/lz-codec.ts";

interface Lz4Exports {
  lz4CompressBound(length: number): number;
  lz4DecompressBound(source: number, sourceLength: number): number;
  xxhash32(source: number, length: number, seed: number): number;
}

const core = loadCore();
const exports = core.exports as unknown as Lz4Exports;

const hasLz4Command = spawnSync("lz4", ["--version"]).status === 0;
if (!hasLz4Command)
  console.warn("SKIPPED: the lz4 command is not installed, so frames are not exchanged with the reference implementation");

function lz4Command(flags: string[], input: Uint8Array): Uint8Array {
  return execFileSync("lz4", ["-q", "-c", ...flags], { input, maxBuffer: 64 << 20 });
}

function compress(input: Uint8Array): Uint8Array {
  const { status, output } = runCodec(core, "lz4Compress", input, exports.lz4CompressBound(input.length));
  expect(status).toBe(output.length);
  return output;
}

function decompress(input: Uint8Array, capacity: number): Uint8Array {
  const { status, output } = runCodec(core, "lz4Decompress", input, capacity);
  expect(status).toBe(output.length);
  return output;
}

const statusOf = (input: Uint8Array, capacity = 1000) => runGuarded(core, "lz4Decompress", input, capacity).status;

function decompressBound(input: Uint8Array): number {
  core.exports.reserve(input.length);
  new Uint8Array(core.exports.memory.buffer).set(input, core.scratch);
  return exports.lz4DecompressBound(core.scratch, input.length);
}

function hash(bytes: Uint8Array): Uint8Array {
  core.exports.reserve(bytes.length);
  new Uint8Array(core.exports.memory.buffer).set(bytes, core.scratch);
  const word = Buffer.alloc(4);
  word.writeInt32LE(exports.xxhash32(core.scratch, bytes.length, 0));
  return word;
}

function word(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

interface FrameParts {
  flags?: number;
  blockDescriptor?: number;
  /** What stands between BD and HC. */
  options?: Uint8Array;
  blocks: Uint8Array[];
  end?: Uint8Array;
}

/** A frame put together by hand, with a right header checksum. */
function frame({ flags = 0x60, blockDescriptor = 0x40, options = new Uint8Array(0), blocks, end = word(0) }: FrameParts): Uint8Array {
  const descriptor = concat(Uint8Array.of(flags, blockDescriptor), options);
  return concat(word(0x184d2204), descriptor, hash(descriptor).subarray(1, 2), ...blocks, end);
}

const block = (data: number[]) => concat(word(data.length), Uint8Array.from(data));
const storedBlock = (data: Uint8Array) => concat(word(data.length | 0x80000000), data);

describe.each(shapes())("%s", (_name, input) => {
  test("comes back the same, in exactly enough room", () => {
    expectSameBytes(decompress(compress(input), input.length), input);
  });

  test("is read by other implementations, and read from them", () => {
    const compressed = compress(input);
    expectSameBytes(decompressFrameSync(Buffer.from(compressed)), input);
    expectSameBytes(Uint8Array.from(lz4js.decompress(compressed)), input);
    expectSameBytes(decompress(compressFrameSync(Buffer.from(input)), input.length), input);
    expectSameBytes(
      decompress(compressFrameSync(Buffer.from(input), { contentChecksum: true, blockChecksums: true }), input.length),
      input,
    );
    expectSameBytes(decompress(lz4js.compress(input), input.length), input);
  });

  test("compresses in exactly enough room, and not in a byte less", () => {
    const compressed = compress(input);
    const exact = runGuarded(core, "lz4Compress", input, compressed.length);
    expect(exact.status).toBe(compressed.length);
    expectSameBytes(exact.output, compressed);
    expect(runGuarded(core, "lz4Compress", input, compressed.length - 1).status).toBe(OUTPUT_LIMIT);
  });

  test("is measured, before it is decompressed, to within a block", () => {
    const bound = decompressBound(compress(input));
    expect(bound).toBeGreaterThanOrEqual(input.length);
    expect(bound).toBeLessThan(input.length + 65_536);
  });

  test("does not decompress into a byte too few", () => {
    if (input.length > 0) expect(statusOf(compress(input), input.length - 1)).toBe(OUTPUT_LIMIT);
  });
});

describe("the lz4 command", () => {
  // Block sizes, linked blocks, content size, checksums on and off, and the high-compression encoder.
  const flagSets = [
    [],
    ["-B4"],
    ["-B4", "-BD"],
    ["-B5", "-BD", "--no-frame-crc"],
    ["-B6", "-BX"],
    ["-B7", "--content-size"],
    ["-9", "-BD", "-BX"],
  ];
  const inputs: [string, Uint8Array][] = [
    ["JSON", json("earthquakes")],
    ["a mixture", mixture(500_000, 1)],
    ["noise", randomBytes(200_000, 2)],
    ["few bytes", mixture(40, 3)],
    ["nothing", new Uint8Array(0)],
  ];

  test.skipIf(!hasLz4Command).each(flagSets)("writes frames that are read here: %s %s %s", (...flags) => {
    for (const [, input] of inputs) expectSameBytes(decompress(lz4Command(["-z", ...flags], input), input.length), input);
  });

  test.skipIf(!hasLz4Command).each(inputs)("reads the frames written here: %s", (_name, input) => {
    expectSameBytes(lz4Command(["-d"], compress(input)), input);
  });
});

test("compresses about as small as other implementations, whose blocks are larger", () => {
  for (const input of [json("flights-200k").subarray(0, 1 << 20), json("earthquakes"), json("flights-200k").subarray(0, 100_000)]) {
    const size = compress(input).length;
    expect(size).toBeLessThan(lz4js.compress(input).length * 1.03);
    expect(size).toBeLessThan(compressFrameSync(Buffer.from(input)).length * 1.03);
  }
});

test("writes the header that Kafka's Java client writes, and stores what does not compress", () => {
  const input = randomBytes(70_000, 1);
  const header = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82);
  expectSameBytes(compress(input), concat(header, storedBlock(input.slice(0, 65_536)), storedBlock(input.slice(65_536)), word(0)));
  expectSameBytes(compress(new Uint8Array(0)), concat(header, word(0)));
});

test("bounds the frame tightly, and what does not fit in an i32 with a status", () => {
  for (const length of [0, 1, 65_536, 65_537]) expect(exports.lz4CompressBound(length)).toBe(compress(randomBytes(length, 1)).length);
  expect(exports.lz4CompressBound(-1)).toBe(MEMORY_LIMIT);
});

test("reads frames that follow each other, and skips skippable ones", () => {
  const skippable = concat(word(0x184d2a5f), word(3), Uint8Array.of(1, 2, 3));
  const [first, second] = [mixture(70_000, 1), mixture(10, 2)];
  const joined = concat(skippable, compress(first), skippable, compress(new Uint8Array(0)), compress(second), skippable);
  expectSameBytes(decompress(joined, 70_010), concat(first, second));
  expect(statusOf(concat(compress(second), word(0x184d2a50), word(-1)))).toBe(CORRUPT);
  expect(statusOf(concat(compress(second), Uint8Array.of(0)))).toBe(CORRUPT);
  expect(statusOf(concat(compress(second), new Uint8Array(20)))).toBe(CORRUPT);
});

test("reads a match into the block before only where blocks are linked", () => {
  // One literal, then 4 bytes from `distance` back, then 5 literals.
  const reaching = (distance: number) => block([0x10, 9, distance, 0, 0x50, 1, 2, 3, 4, 5]);
  const stored = storedBlock(Uint8Array.of(5, 6, 7, 8));
  expect([...decompress(frame({ flags: 0x40, blocks: [stored, reaching(5)] }), 100)]).toEqual([5, 6, 7, 8, 9, 5, 6, 7, 8, 1, 2, 3, 4, 5]);
  expect(statusOf(frame({ flags: 0x60, blocks: [stored, reaching(5)] }))).toBe(CORRUPT);
  expect(statusOf(frame({ flags: 0x40, blocks: [stored, reaching(6)] }))).toBe(CORRUPT);
  expect(statusOf(concat(frame({ blocks: [stored] }), frame({ flags: 0x40, blocks: [reaching(5)] })))).toBe(CORRUPT);
});

test("rejects what the header may not say", () => {
  const blocks = [storedBlock(Uint8Array.of(1))];
  expect(statusOf(frame({ blocks }))).toBe(1);
  expect(statusOf(frame({ blocks, flags: 0xa0 })), "another version").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, flags: 0x62 })), "a reserved flag").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, blockDescriptor: 0x41 })), "a reserved bit").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, blockDescriptor: 0x30 })), "a block size that does not exist").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, flags: 0x61, options: word(1) })), "a dictionary").toBe(UNSUPPORTED);
  expect(statusOf(frame({ blocks, flags: 0x68, options: concat(word(2), word(0)) })), "another content size").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, flags: 0x68, options: concat(word(1), word(1)) })), "a content size of 64 bits").toBe(CORRUPT);
  expect(statusOf(frame({ blocks, flags: 0x68, options: concat(word(1), word(0)) }))).toBe(1);
});

test("checks every checksum that is there", () => {
  const data = Uint8Array.of(1, 2, 3);
  const withSums = (blockSum: Uint8Array, contentSum: Uint8Array) =>
    frame({ flags: 0x74, blocks: [concat(storedBlock(data), blockSum)], end: concat(word(0), contentSum) });
  expect(statusOf(withSums(hash(data), hash(data)))).toBe(3);
  expect(statusOf(withSums(word(0), hash(data)))).toBe(CHECKSUM_MISMATCH);
  expect(statusOf(withSums(hash(data), word(0)))).toBe(CHECKSUM_MISMATCH);
  const wrongHeader = frame({ blocks: [] }).map((byte, i) => (i === 6 ? byte ^ 1 : byte));
  expect(statusOf(wrongHeader)).toBe(CHECKSUM_MISMATCH);
});

test("rejects blocks that the format forbids", () => {
  const cases: [string, Uint8Array][] = [
    ["a block above the block size", storedBlock(new Uint8Array(65_537))],
    ["a block that is longer than the input", word(100)],
    ["a block that decodes to more than the block size", block([0x1f, 7, 1, 0, ...Array(260).fill(255), 0, 0x50, 1, 2, 3, 4, 5])],
    ["offset 0", block([0x10, 7, 0, 0, 0x10, 7])],
    ["an offset before the first byte", block([0x10, 7, 2, 0, 0x10, 7])],
    ["half an offset", block([0x10, 7, 1])],
    ["an end after a match", block([0x10, 7, 1, 0])],
    ["an unfinished literal length", block([0xf0, 255, 255])],
    ["an unfinished match length", block([0x1f, 7, 1, 0, 255])],
    ["literals past the end", block([0x50, 1, 2, 3, 4])],
  ];
  for (const [name, bytes] of cases) expect(statusOf(frame({ blocks: [bytes] }), 200_000), name).toBe(CORRUPT);
});

test("measures frames of any make, and answers the status of a bad header", () => {
  const checked = compressFrameSync(Buffer.from(mixture(200_000, 1)), { contentChecksum: true, blockChecksums: true });
  expect(decompressBound(concat(checked, compress(new Uint8Array(10))))).toBeGreaterThanOrEqual(200_010);
  expect(decompressBound(frame({ blocks: [], flags: 0x61, options: word(1) }))).toBe(UNSUPPORTED);
  expect(decompressBound(checked.subarray(0, checked.length - 1))).toBe(CORRUPT);
  expect(decompressBound(new Uint8Array(0))).toBe(CORRUPT);
  const block4MiB = block(Array(17_000).fill(1));
  expect(decompressBound(frame({ blockDescriptor: 0x70, blocks: Array(511).fill(block4MiB) }))).toBe(511 * (4 << 20));
  expect(decompressBound(frame({ blockDescriptor: 0x70, blocks: Array(512).fill(block4MiB) }))).toBe(MEMORY_LIMIT);
});

test("stops at its capacity when 20 KB ask for 5 MB", () => {
  const bomb = lz4js.compress(new Uint8Array(4 << 20));
  expect(bomb.length).toBeLessThan(20_000);
  expect(statusOf(bomb, 100_000)).toBe(OUTPUT_LIMIT);
  expect(statusOf(frame({ blockDescriptor: 0x70, blocks: [block([0x1f, 7, 1, 0, ...Array(20_000).fill(255), 0, 0x10, 1])] }))).toBe(
    OUTPUT_LIMIT,
  );
});

test("rejects a frame cut at any byte", () => {
  const whole = compressFrameSync(Buffer.from(mixture(2000, 4)), { contentChecksum: true, blockChecksums: true });
  for (let length = 0; length < whole.length; length++) expect(statusOf(whole.subarray(0, length), 2000)).toBe(CORRUPT);
});

test("rejects a frame with checksums in which any bit is flipped", () => {
  const whole = compressFrameSync(Buffer.from(repeats(700, 90)), { contentChecksum: true, blockChecksums: true });
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Uint8Array.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(statusOf(flipped, 2000)).toBeLessThan(0);
  }
});

test("gives nothing but the content when a bit is flipped in a frame without checksums, or a status", () => {
  const input = mixture(700, 6);
  const whole = compress(input);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const { status, output } = runGuarded(core, "lz4Decompress", flipped, 2000);
    if (status >= 0) expectSameBytes(output, decompressFrameSync(Buffer.from(flipped)));
  }
});

test("compresses arbitrary input inside its ranges, and loses nothing", () => {
  fuzzRoundTrip(core, "lz4Compress", "lz4Decompress", exports.lz4CompressBound);
});

test("stays inside its ranges on arbitrary input, and agrees with another implementation", () => {
  const valid = [0, 20, 200, 1000, 2500].flatMap((length) => [
    compress(mixture(length, length)),
    compressFrameSync(Buffer.from(repeats(length, 19))),
  ]);
  fuzzDecoder(core, "lz4Decompress", valid, (input, status, output) => {
    if (status <= 0) return;
    expect(decompressBound(input)).toBeGreaterThanOrEqual(status);
    // It reads the first frame only; a mutation may have made two.
    const expected = decompressFrameSync(Buffer.from(input));
    expectSameBytes(output.subarray(0, expected.length), expected);
  });
});
