import { compressSync, uncompressSync } from "snappy";
import { describe, expect, test } from "vitest";
import { loadCore, runCodec } from "../../support/core.ts";
import {
  CORRUPT,
  concat,
  expectSameBytes,
  fuzzDecoder,
  fuzzRoundTrip,
  MEMORY_LIMIT,
  mixture,
  OUTPUT_LIMIT,
  runGuarded,
  shapes,
  UNSUPPORTED,
} from "../../support/lz-codec.ts";

interface SnappyJavaExports {
  snappyJavaCompressBound(length: number): number;
  snappyKafkaUncompressedLength(source: number, sourceLength: number): number;
}

const core = loadCore();
const exports = core.exports as unknown as SnappyJavaExports;

// The framing written a second time, over the native raw codec, from snappy-java's description of it.
const header = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1);

function referenceCompress(input: Uint8Array, blockBytes = 32_768): Uint8Array {
  const parts: Uint8Array[] = [header];
  for (let position = 0; position < input.length; position += blockBytes) {
    const block = compressSync(input.subarray(position, position + blockBytes));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return concat(...parts);
}

function referenceDecompress(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(input);
  expectSameBytes(bytes.subarray(0, 16), header);
  const parts: Uint8Array[] = [];
  let position = 16;
  while (position < bytes.length) {
    const length = bytes.readUInt32BE(position);
    const block = uncompressSync(bytes.subarray(position + 4, position + 4 + length)) as Buffer;
    expect(block.length).toBeLessThanOrEqual(32_768);
    parts.push(block);
    position += 4 + length;
  }
  return concat(...parts);
}

function compress(input: Uint8Array): Uint8Array {
  const { status, output } = runCodec(core, "snappyJavaCompress", input, exports.snappyJavaCompressBound(input.length));
  expect(status).toBe(output.length);
  return output;
}

function decompress(name: string, input: Uint8Array, capacity: number): Uint8Array {
  const { status, output } = runCodec(core, name, input, capacity);
  expect(status).toBe(output.length);
  return output;
}

function uncompressedLength(input: Uint8Array): number {
  new Uint8Array(core.exports.memory.buffer).set(input, core.scratch);
  return exports.snappyKafkaUncompressedLength(core.scratch, input.length);
}

const statusOf = (name: string, input: Uint8Array, capacity = 1000) => runGuarded(core, name, input, capacity).status;

describe.each(shapes())("%s", (_name, input) => {
  test("is exchanged with an independent implementation of the framing, in both directions", () => {
    const compressed = compress(input);
    expectSameBytes(referenceDecompress(compressed), input);
    expectSameBytes(decompress("snappyJavaDecompress", compressed, input.length), input);
    expectSameBytes(decompress("snappyJavaDecompress", referenceCompress(input), input.length), input);
    expectSameBytes(decompress("snappyJavaDecompress", referenceCompress(input, 100_000), input.length), input);
  });

  test("is recognised in a Kafka batch, framed or raw, and measured", () => {
    for (const compressed of [compress(input), compressSync(input)]) {
      expect(uncompressedLength(compressed)).toBe(input.length);
      expectSameBytes(decompress("snappyKafkaDecompress", compressed, input.length), input);
    }
  });

  test("fits in exactly enough room, and not in a byte less", () => {
    const compressed = compress(input);
    expectSameBytes(runGuarded(core, "snappyJavaCompress", input, compressed.length).output, compressed);
    expect(statusOf("snappyJavaCompress", input, compressed.length - 1)).toBe(OUTPUT_LIMIT);
    if (input.length > 0) expect(statusOf("snappyJavaDecompress", compressed, input.length - 1)).toBe(OUTPUT_LIMIT);
  });
});

test("reads streams that follow each other", () => {
  const parts = [mixture(70_000, 1), new Uint8Array(0), mixture(10, 2)];
  const joined = concat(...parts.map((part) => referenceCompress(part)));
  expect(uncompressedLength(joined)).toBe(70_010);
  expectSameBytes(decompress("snappyKafkaDecompress", joined, 70_010), concat(...parts));
});

test("wants the framing where it is asked for", () => {
  expect(statusOf("snappyJavaDecompress", compressSync(mixture(100, 1)))).toBe(CORRUPT);
  expect(statusOf("snappyJavaDecompress", new Uint8Array(0))).toBe(CORRUPT);
});

test("knows a magic that is cut short for a corrupt raw block", () => {
  for (let length = 0; length < 8; length++) expect(statusOf("snappyKafkaDecompress", header.slice(0, length))).toBe(CORRUPT);
});

test("refuses version 0, and takes later ones as the Java library does", () => {
  const framed = referenceCompress(mixture(100, 1));
  const withVersion = (version: number) => framed.map((byte, i) => (i === 11 ? version : byte));
  expect(statusOf("snappyKafkaDecompress", withVersion(0))).toBe(UNSUPPORTED);
  expect(statusOf("snappyKafkaDecompress", withVersion(2))).toBe(100);
});

test("rejects a block length that is past the end", () => {
  for (const length of [
    [0, 0, 0, 4],
    [0xff, 0xff, 0xff, 0xff],
    [0x7f, 0xff, 0xff, 0xff],
  ]) {
    expect(statusOf("snappyJavaDecompress", concat(header, Uint8Array.from([...length, 1, 0, 7])))).toBe(CORRUPT);
  }
});

test("bounds what does not fit in an i32 with a status", () => {
  expect(exports.snappyJavaCompressBound(0)).toBe(16);
  expect(exports.snappyJavaCompressBound(-1)).toBe(MEMORY_LIMIT);
});

test("rejects a stream cut at any byte but between blocks", () => {
  const first = referenceCompress(mixture(300, 3));
  const whole = concat(first, referenceCompress(mixture(300, 4)).subarray(16));
  for (let length = 0; length < whole.length; length++) {
    const status = statusOf("snappyKafkaDecompress", whole.slice(0, length));
    expect(status).toBe(length === 16 ? 0 : length === first.length ? 300 : CORRUPT);
  }
});

test("survives any flipped bit", () => {
  const framed = compress(mixture(300, 5));
  for (let bit = 0; bit < framed.length * 8; bit++) {
    const flipped = framed.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const { status } = runGuarded(core, "snappyKafkaDecompress", flipped, 1000);
    expect(status === 300 || status === CORRUPT || status === OUTPUT_LIMIT || status === UNSUPPORTED).toBe(true);
  }
});

test("compresses arbitrary input inside its ranges, and loses nothing", () => {
  fuzzRoundTrip(core, "snappyJavaCompress", "snappyKafkaDecompress", exports.snappyJavaCompressBound);
});

test("stays inside its ranges on arbitrary input", () => {
  const valid = [0, 20, 200, 1000, 2500].map((length) => referenceCompress(mixture(length, length), 700));
  fuzzDecoder(core, "snappyKafkaDecompress", valid, (input, status) => {
    if (status < 0) return;
    expect(uncompressedLength(input)).toBe(status);
  });
});
