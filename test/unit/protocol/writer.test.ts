// What the writer makes is read by the reader; here is what they do not share: segments, chunks, and values that do not fit.

import { describe, expect, test } from "vitest";
import { EncodingError } from "../../../src/protocol/protocol-error.ts";
import { Reader } from "../../../src/protocol/reader.ts";
import { joinSegments, Writer } from "../../../src/protocol/writer.ts";

function written(write: (writer: Writer) => void, chunkBytes?: number): number[] {
  const writer = new Writer(chunkBytes);
  write(writer);
  return [...joinSegments(writer.finish())];
}

test("writes integers big endian", () => {
  expect(written((w) => w.int8(-2))).toEqual([0xfe]);
  expect(written((w) => w.int16(-3))).toEqual([0xff, 0xfd]);
  expect(written((w) => w.uint16(65533))).toEqual([0xff, 0xfd]);
  expect(written((w) => w.int32(-4))).toEqual([0xff, 0xff, 0xff, 0xfc]);
  expect(written((w) => w.uint32(4294967292))).toEqual([0xff, 0xff, 0xff, 0xfc]);
  expect(written((w) => w.int64(-2))).toEqual([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
  expect(written((w) => w.int64(2 ** 32 + 5))).toEqual([0, 0, 0, 1, 0, 0, 0, 5]);
  expect(written((w) => w.opaqueInt64(-(2n ** 63n)))).toEqual([0x80, 0, 0, 0, 0, 0, 0, 0]);
  expect(written((w) => w.float64(Math.PI))).toEqual([0x40, 9, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18]);
  expect(written((w) => [true, false].map((value) => w.bool(value)))).toEqual([1, 0]);
});

test.for([0, 1, 127, 128, 16383, 16384, 2 ** 21 - 1, 2 ** 21, 2 ** 28, 2 ** 31 - 1, 2 ** 32 - 1])(
  "writes the varint %d in the fewest bytes",
  (value) => {
    const bytes = written((w) => w.unsignedVarint(value));
    expect(bytes).toHaveLength(Math.max(1, Math.ceil(Math.log2(value + 1) / 7)));
    expect(new Reader(Uint8Array.from(bytes)).unsignedVarint()).toBe(value);
  },
);

test("writes half a surrogate pair as a replacement character, with the length to go with it", () => {
  for (const text of ["\ud83e", "a\udd8a", "\ud83e\ud83e\udd8a", `${"x".repeat(50)}\ud83e!`]) {
    const reader = new Reader(Uint8Array.from(written((w) => w.compactString(text))));
    expect(reader.compactString()).toBe(text.toWellFormed());
    expect(reader.remaining).toBe(0);
  }
});

describe("values that do not fit are refused, and not cut to size", () => {
  test.for<[string, (writer: Writer) => void]>([
    ["int8", (w) => w.int8(128)],
    ["int16", (w) => w.int16(-32769)],
    ["uint16", (w) => w.uint16(65536)],
    ["int32", (w) => w.int32(2 ** 31)],
    ["a fraction", (w) => w.int32(1.5)],
    ["nothing", (w) => w.int32(undefined as unknown as number)],
    ["uint32", (w) => w.uint32(-1)],
    ["varint", (w) => w.unsignedVarint(2 ** 32)],
    ["int64", (w) => w.int64(2 ** 53)],
    ["opaqueInt64", (w) => w.opaqueInt64(2n ** 63n)],
    ["uuid", (w) => w.uuid("123e4567e89b12d3a456426614174000")],
    ["null", (w) => w.string(null as unknown as string)],
    ["a string of 32,768 bytes", (w) => w.compactString("x".repeat(32768))],
    ["bytes that are none", (w) => w.bytes("x" as unknown as Uint8Array)],
  ])("%s", ([, write]) => {
    expect(() => written(write)).toThrow(EncodingError);
  });
});

describe("segments", () => {
  const large = new Uint8Array(5000).fill(7);

  test("large bytes are not copied, small ones are", () => {
    const writer = new Writer();
    const small = Uint8Array.from([1, 2, 3]);
    writer.int16(1);
    writer.bytes(large);
    writer.bytes(small);
    writer.int16(2);
    const segments = writer.finish();
    expect(segments).toHaveLength(3);
    expect(segments[1]).toBe(large);
    expect([...segments[0]!]).toEqual([0, 1, 0, 0, 0x13, 0x88]);
    expect([...segments[2]!]).toEqual([0, 0, 0, 3, 1, 2, 3, 0, 2]);
  });

  test("bytes in several pieces are one value", () => {
    const bytes = written((w) => w.compactBytes([Uint8Array.from([1]), large, Uint8Array.from([2])]));
    const reader = new Reader(Uint8Array.from(bytes));
    expect([...reader.compactBytes()]).toEqual([1, ...large, 2]);
    expect(reader.remaining).toBe(0);
  });

  test("a message goes on in a new chunk where the last one is full, in order and complete", () => {
    const write = (writer: Writer) => {
      for (let i = 0; i < 40; i++) {
        writer.int8(i);
        writer.int16(i);
        writer.int32(i);
        writer.int64(i);
        writer.bool(i % 2 === 0);
        writer.unsignedVarint(i * 1000);
        writer.uuid("123e4567-e89b-12d3-a456-426614174000");
        writer.string("x".repeat(i * 3));
        writer.append(new Uint8Array(i).fill(i));
        if (i % 7 === 0) writer.append(large);
      }
    };
    const whole = written(write, 1 << 20);
    for (const chunkBytes of [1, 7, 64, 1000]) expect(written(write, chunkBytes)).toEqual(whole);
  });

  test("what was finished stays as it is while the next messages are written", () => {
    const writer = new Writer(64);
    const messages = Array.from({ length: 50 }, (_, i) => {
      writer.int32(i);
      writer.string("m".repeat(i));
      expect(writer.length).toBe(6 + i);
      return writer.finish();
    });
    expect(writer.length).toBe(0);
    expect(writer.finish()).toEqual([]);
    for (const [i, segments] of messages.entries()) {
      const reader = new Reader(joinSegments(segments));
      expect([reader.int32(), reader.string(), reader.remaining]).toEqual([i, "m".repeat(i), 0]);
    }
  });

  test("a number that is only known at the end is set where room was left for it, though chunks and segments follow", () => {
    const writer = new Writer(8);
    writer.int8(1);
    const set = writer.reserveInt32();
    writer.append(large);
    writer.int64(5);
    set(writer.length);
    expect(joinSegments(writer.finish()).subarray(0, 5)).toEqual(Uint8Array.from([1, 0, 0, 0x13, 0x95]));
  });
});
