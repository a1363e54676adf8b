// The protocol's types, read from bytes written by hand from kafka.apache.org/protocol.

import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../src/protocol/protocol-error.ts";
import { MAX_ELEMENTS, Reader } from "../../../src/protocol/reader.ts";

function reader(...bytes: number[]): Reader {
  return new Reader(Uint8Array.from(bytes));
}

const utf8 = (text: string) => [...new TextEncoder().encode(text)];

test("reads integers big endian, signed and unsigned", () => {
  const all = reader(
    0xfe,
    0xff,
    0xfd,
    0xff,
    0xfd,
    0xff,
    0xff,
    0xff,
    0xfc,
    0xff,
    0xff,
    0xff,
    0xfc,
    1,
    0,
    0x40,
    9,
    0x21,
    0xfb,
    0x54,
    0x44,
    0x2d,
    0x18,
  );
  expect(all.int8()).toBe(-2);
  expect(all.int16()).toBe(-3);
  expect(all.uint16()).toBe(65533);
  expect(all.int32()).toBe(-4);
  expect(all.uint32()).toBe(4294967292);
  expect(all.bool()).toBe(true);
  expect(all.bool()).toBe(false);
  expect(all.float64()).toBe(Math.PI);
  expect(all.remaining).toBe(0);
});

test("takes every byte but 0 for true", () => {
  expect(reader(2).bool()).toBe(true);
});

describe("int64", () => {
  const int64 = (value: bigint) => new Reader(new Uint8Array(new BigInt64Array([value]).buffer).reverse());

  test.for([0n, -1n, -2n, 1n, 0xffff_ffffn, 0x1_0000_0000n, -0x1_0000_0000n, 2n ** 53n - 1n, -(2n ** 53n) + 1n])(
    "reads %s as a number",
    (value) => {
      expect(int64(value).int64()).toBe(Number(value));
    },
  );

  test.for([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])("refuses %s, which a number would round", (value) => {
    expect(() => int64(value).int64()).toThrow(new RegExp(`${value} is beyond`));
    expect(int64(value).opaqueInt64()).toBe(value);
  });
});

describe("unsigned varint", () => {
  test.for<[number, number[]]>([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [300, [0xac, 2]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 7]],
    [0xffff_ffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("reads %d", ([value, bytes]) => {
    expect(reader(...bytes).unsignedVarint()).toBe(value);
  });

  test("refuses more than 32 bits, whether in the fifth byte or after it", () => {
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0x10).unsignedVarint()).toThrow(ProtocolError);
    expect(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0).unsignedVarint()).toThrow(ProtocolError);
  });
});

test("reads a UUID as text", () => {
  const bytes = [0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00];
  expect(reader(...bytes).uuid()).toBe("123e4567-e89b-12d3-a456-426614174000");
});

describe("strings", () => {
  const texts = [
    "",
    "t",
    "orders",
    "a name of more than forty-eight characters, which is read otherwise",
    "zwölf",
    "日本",
    "🦊",
    "\ufeffmark",
    "\0",
  ];

  test.for(texts)("reads %j in all four forms", (text) => {
    const bytes = utf8(text);
    expect(reader(0, bytes.length, ...bytes).string()).toBe(text);
    expect(reader(0, bytes.length, ...bytes).nullableString()).toBe(text);
    expect(reader(bytes.length + 1, ...bytes).compactString()).toBe(text);
    expect(reader(bytes.length + 1, ...bytes).compactNullableString()).toBe(text);
  });

  test("reads null only where it is allowed", () => {
    expect(reader(0xff, 0xff).nullableString()).toBeNull();
    expect(reader(0).compactNullableString()).toBeNull();
    expect(() => reader(0xff, 0xff).string()).toThrow("null is not allowed here");
    expect(() => reader(0).compactString()).toThrow("null is not allowed here");
  });

  test("reads malformed UTF-8 as replacement characters, as Kafka does", () => {
    expect(reader(0, 3, 0x61, 0xff, 0x62).string()).toBe("a\ufffdb");
  });
});

describe("bytes", () => {
  test("are views of the input, wherever that lies in its buffer", () => {
    const input = Uint8Array.from([9, 9, 0, 0, 0, 2, 5, 6, 7]).subarray(2);
    const bytes = new Reader(input).bytes();
    expect([...bytes]).toEqual([5, 6]);
    expect(bytes.buffer).toBe(input.buffer);
    expect(bytes.byteOffset).toBe(6);
  });

  test("read in all four forms, null only where it is allowed", () => {
    expect([...reader(0, 0, 0, 1, 5).nullableBytes()!]).toEqual([5]);
    expect([...reader(2, 5).compactBytes()]).toEqual([5]);
    expect([...reader(2, 5).compactNullableBytes()!]).toEqual([5]);
    expect(reader(0xff, 0xff, 0xff, 0xff).nullableBytes()).toBeNull();
    expect(reader(0).compactNullableBytes()).toBeNull();
    expect(() => reader(0xff, 0xff, 0xff, 0xff).bytes()).toThrow("null is not allowed here");
    expect(() => reader(0).compactBytes()).toThrow("null is not allowed here");
  });
});

describe("lengths that lie", () => {
  test.for<[string, (reader: Reader) => unknown, number[]]>([
    ["a string longer than the rest", (r) => r.string(), [0x7f, 0xff, 1]],
    ["a negative string", (r) => r.nullableString(), [0xff, 0xfe, 1]],
    ["a compact string longer than the rest", (r) => r.compactString(), [0xff, 0xff, 0xff, 0xff, 0x0f, 1]],
    ["bytes longer than the rest", (r) => r.bytes(), [0x7f, 0xff, 0xff, 0xff, 1]],
    ["negative bytes", (r) => r.nullableBytes(), [0x80, 0, 0, 0, 1]],
    ["compact bytes longer than the rest", (r) => r.compactNullableBytes(), [0xff, 0xff, 0xff, 0xff, 0x0f, 1]],
    ["more elements than the rest can hold", (r) => r.arrayCount(4), [0x7f, 0xff, 0xff, 0xff, 1]],
    ["one element too many", (r) => r.arrayCount(4), [0, 0, 0, 2, 1, 1, 1, 1, 1, 1, 1]],
    ["a negative count", (r) => r.arrayCount(1), [0xff, 0xff, 0xff, 0xfe, 1]],
    ["more elements in a compact array", (r) => r.compactArrayCount(2), [4, 1, 1, 1, 1, 1]],
    ["a tagged field longer than the rest", (r) => r.skip(r.unsignedVarint()), [5, 1, 1, 1, 1]],
  ])("are refused: %s", ([, read, bytes]) => {
    expect(() => read(reader(...bytes))).toThrow(ProtocolError);
  });

  test("counts are taken as they are where the elements can be there", () => {
    expect(reader(0, 0, 0, 2, 1, 1, 1, 1).arrayCount(2)).toBe(2);
    expect(reader(3, 1, 1, 1, 1).compactArrayCount(2)).toBe(2);
    expect(reader(0xff, 0xff, 0xff, 0xff).arrayCount(4)).toBe(-1);
    expect(reader(0).compactArrayCount(4)).toBe(-1);
  });

  test("a message has no more elements in all than a client could mean", () => {
    const half = MAX_ELEMENTS / 2;
    const bytes = new Uint8Array(12 + MAX_ELEMENTS);
    const view = new DataView(bytes.buffer);
    for (const [position, count] of [
      [0, half],
      [4, half],
      [8, 1],
    ] as const)
      view.setInt32(position, count);
    const counts = new Reader(bytes);
    expect([counts.arrayCount(1), counts.arrayCount(1)]).toEqual([half, half]);
    expect(() => counts.arrayCount(1)).toThrow(/more than 200000 elements/);
  });
});

test("says how much was needed and how much there was", () => {
  expect(() => reader(1, 2, 3).int32()).toThrow("4 bytes are needed, 3 are left");
});
