// What the gzip tests share: sample inputs, a guarded call of a codec, and gzip members put together by hand.

import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Core } from "../../src/wasm/core.ts";
import type { CodecExport } from "./core.ts";
import { seededBytes, seededIntegers } from "./random.ts";

export { seededBytes as randomBytes, seededIntegers as seededRandom };

const vegaData = new URL("../../node_modules/vega-datasets/data/", import.meta.url);

/** The first `length` bytes of a real JSON file of several megabytes. */
export function jsonSample(name: "flights-200k" | "earthquakes", length: number): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.json`, vegaData)).subarray(0, length));
}

/** Bytes with structure: runs, repeats of earlier parts at any distance, and literals from a small alphabet. */
export function structuredBytes(length: number, seed: number): Uint8Array {
  const next = seededIntegers(seed);
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const span = Math.min(length - at, 1 + (next() % [4, 20, 300, 2000][next() % 4]!));
    const kind = next() % 3;
    if (kind === 0) bytes.fill(next(), at, at + span);
    else if (kind === 1) for (let index = 0; index < span; index++) bytes[at + index] = 97 + (next() % 20);
    else {
      const distance = 1 + (next() % Math.max(at, 1));
      for (let index = 0; index < span; index++) bytes[at + index] = bytes[at + index - distance] ?? 0;
    }
    at += span;
  }
  return bytes;
}

const GUARD_BYTES = 512;
const GUARD = 0xa5;

/**
 * Calls a codec with its input right before poisoned bytes and its output between guards, at places that are not aligned.
 * @throws if a byte outside the output, or behind what the codec says that it wrote and its capacity, has changed
 */
export function runGuarded(core: Core, name: string, input: Uint8Array, capacity: number): { status: number; output: Uint8Array } {
  const codec = (core.exports as unknown as Record<string, CodecExport>)[name]!;
  const source = core.scratch + 3;
  const destination = source + input.length + GUARD_BYTES;
  const end = destination + capacity + GUARD_BYTES;
  if (core.exports.reserve(end - core.scratch) < 0) throw new Error("not enough memory for the test");
  const memory = new Uint8Array(core.exports.memory.buffer);
  memory.fill(GUARD, core.scratch, end);
  memory.set(input, source);
  const status = codec(source, input.length, destination, capacity);
  const isGuard = (byte: number) => byte === GUARD;
  const before = memory.subarray(source + input.length, destination);
  const behind = memory.subarray(destination + capacity, end);
  if (!before.every(isGuard) || !behind.every(isGuard)) throw new Error(`${name} wrote outside its output`);
  if (Buffer.compare(memory.subarray(source, source + input.length), input) !== 0) throw new Error(`${name} changed its input`);
  if (status > capacity) throw new Error(`${name} says ${status} bytes for a capacity of ${capacity}`);
  return { status, output: memory.slice(destination, destination + Math.max(status, 0)) };
}

/** Fields of a member's header (RFC 1952 section 2.3). */
export interface MemberHeader {
  method?: number;
  reservedFlags?: number;
  extra?: Uint8Array;
  name?: string;
  comment?: string;
  headerCrc?: "right" | "wrong";
}

/** A gzip member around a DEFLATE stream, with a trailer for `data`. */
export function gzipMember(deflated: Uint8Array, data: Uint8Array, header: MemberHeader = {}): Uint8Array {
  const { extra, name, comment } = header;
  const flags =
    (header.headerCrc ? 2 : 0) |
    (extra ? 4 : 0) |
    (name !== undefined ? 8 : 0) |
    (comment !== undefined ? 16 : 0) |
    (header.reservedFlags ?? 0);
  const parts = [Buffer.from([0x1f, 0x8b, header.method ?? 8, flags, 1, 2, 3, 4, 0, 3])];
  if (extra) parts.push(Buffer.from([extra.length & 255, extra.length >> 8]), Buffer.from(extra));
  if (name !== undefined) parts.push(Buffer.from(`${name}\0`, "latin1"));
  if (comment !== undefined) parts.push(Buffer.from(`${comment}\0`, "latin1"));
  if (header.headerCrc) {
    const crc = (crc32(Buffer.concat(parts)) & 0xffff) ^ (header.headerCrc === "right" ? 0 : 1);
    parts.push(Buffer.from([crc & 255, crc >> 8]));
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length, 4);
  return new Uint8Array(Buffer.concat([...parts, deflated, trailer]));
}

/** Packs fields of `[value, bits]` into bytes from the lowest bit up, as DEFLATE does. */
export function packBits(...fields: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const bits = fields.flatMap(([value, count]) => Array.from({ length: count }, (_, index) => (value >> index) & 1));
  const bytes = new Uint8Array((bits.length + 7) >> 3);
  bits.forEach((bit, index) => {
    bytes[index >> 3]! |= bit << (index & 7);
  });
  return bytes;
}
