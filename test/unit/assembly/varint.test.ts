import { expect, test } from "vitest";
import { CORRUPT, OUTPUT_LIMIT } from "../../../src/wasm/status.ts";
import { readUnsignedTwin, readVarintTwin, writeUnsignedTwin, writeVarintTwin } from "../../../src/wasm/twins/varint.ts";
import { loadCore } from "../../support/core.ts";
import { seededNumbers } from "../../support/record-batches.ts";

type Decode = (source: number, sourceLength: number, target: number) => number;
type Encode = (low: number, high: number, destination: number, capacity: number) => number;

const core = loadCore();
const exports = core.exports as unknown as Record<"varintDecode" | "unsignedVarintDecode" | "varlongDecode", Decode> &
  Record<"varintEncode" | "unsignedVarintEncode", Encode>;
const source = core.scratch + 64;
const target = core.scratch;
core.reserve(core.scratch, 256);

/** Decodes `bytes`, which a byte that looks like more of a varint follows. */
function decode(name: keyof typeof exports, bytes: readonly number[]): { size: number; value: bigint } {
  core.bytes.fill(0x81, source, source + 64);
  core.bytes.set(bytes, source);
  const size = (exports[name] as Decode)(source, bytes.length, target);
  const value =
    name === "varlongDecode"
      ? core.view.getBigInt64(target, true)
      : BigInt(name === "varintDecode" ? core.view.getInt32(target, true) : core.view.getUint32(target, true));
  return { size, value };
}

function encode(name: "varintEncode" | "unsignedVarintEncode", value: bigint, capacity: number): number[] | number {
  core.bytes.fill(0xa5, source, source + 32);
  const low = Number(BigInt.asUintN(32, value));
  const high = Number(BigInt.asUintN(32, value >> 32n));
  const size = exports[name](low, high, source, capacity);
  const written = Math.max(size, 0);
  expect([...core.bytes.subarray(source + written, source + 32)]).toEqual(new Array(32 - written).fill(0xa5));
  return size < 0 ? size : [...core.bytes.slice(source, source + size)];
}

/** Both sides of every boundary between sizes. */
function edges(bits: number): bigint[] {
  const values = [0n, 1n, 2n, 150n];
  for (let bit = 6n; bit < bits; bit++) values.push((1n << bit) - 1n, 1n << bit, (1n << bit) + 1n);
  return values.filter((value) => value < 1n << BigInt(bits));
}

test.each([
  ["varintDecode", 31, 32],
  ["varlongDecode", 63, 64],
] as const)("%s reads what the twin writes, at both sides of every size", (name, magnitudeBits, bits) => {
  for (const edge of edges(magnitudeBits)) {
    for (const value of [edge, -edge, -edge - 1n]) {
      const bytes = writeVarintTwin(value);
      expect(decode(name, bytes)).toEqual({ size: bytes.length, value });
      expect(readVarintTwin(Uint8Array.from(bytes), 0, bytes.length, bits)).toEqual({ value, position: bytes.length });
      expect(encode("varintEncode", value, bytes.length)).toEqual(bytes);
      expect(encode("varintEncode", value, bytes.length - 1)).toBe(OUTPUT_LIMIT);
    }
  }
});

test("unsigned varints round-trip at both sides of every size", () => {
  for (const value of edges(64)) {
    const bytes = writeUnsignedTwin(value);
    expect(encode("unsignedVarintEncode", value, 10)).toEqual(bytes);
    if (value < 1n << 32n) expect(decode("unsignedVarintDecode", bytes)).toEqual({ size: bytes.length, value });
  }
});

test.each(["varintDecode", "unsignedVarintDecode", "varlongDecode"] as const)("%s refuses a varint cut at any byte", (name) => {
  const bytes = writeVarintTwin(name === "varlongDecode" ? -(1n << 62n) : -(1n << 30n));
  for (let length = 0; length < bytes.length; length++) expect(decode(name, bytes.slice(0, length)).size).toBe(CORRUPT);
});

test("reads a varint that is longer than need be, as Kafka does", () => {
  expect(decode("varintDecode", [0x82, 0x80, 0x00])).toEqual({ size: 3, value: 1n });
  expect(decode("varlongDecode", [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00])).toEqual({ size: 7, value: 1n });
});

test("refuses bits beyond the width", () => {
  const ones = (count: number, last: number) => [...new Array(count).fill(0xff), last];
  expect(decode("varintDecode", ones(4, 0x0f))).toEqual({ size: 5, value: -(1n << 31n) });
  expect(decode("varintDecode", ones(4, 0x10)).size).toBe(CORRUPT);
  expect(decode("unsignedVarintDecode", ones(4, 0x1f)).size).toBe(CORRUPT);
  expect(decode("unsignedVarintDecode", ones(5, 0x00)).size).toBe(CORRUPT);
  expect(decode("varlongDecode", ones(9, 0x01))).toEqual({ size: 10, value: -(1n << 63n) });
  expect(decode("varlongDecode", ones(9, 0x02)).size).toBe(CORRUPT);
  expect(decode("varlongDecode", ones(10, 0x00)).size).toBe(CORRUPT);
});

test("agrees with the twin on random bytes", () => {
  const next = seededNumbers(7);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Array.from({ length: next(12) }, () => (next(3) === 0 ? next(128) : 128 + next(128)));
    const array = Uint8Array.from(bytes);
    const twins = {
      varintDecode: readVarintTwin(array, 0, bytes.length, 32),
      unsignedVarintDecode: readUnsignedTwin(array, 0, bytes.length, 32),
      varlongDecode: readVarintTwin(array, 0, bytes.length, 64),
    };
    for (const [name, twin] of Object.entries(twins)) {
      const { size, value } = decode(name as keyof typeof twins, bytes);
      if (twin === null ? size !== CORRUPT : size !== twin.position || value !== twin.value) expect.fail(`${name} of ${bytes}`);
    }
  }
});
