// How tables become bytes: forms, tags, defaults and errors, on tables made for it and on bytes drawn by hand.

import { describe, expect, expectTypeOf, test } from "vitest";
import { API } from "../../../src/protocol/api-keys.ts";
import { array, int8, int16, int32, int64, records, string, struct } from "../../../src/protocol/fields.ts";
import { type DecodedOf, type EncodableOf, message } from "../../../src/protocol/message.ts";
import { EncodingError, ProtocolError } from "../../../src/protocol/protocol-error.ts";

const shape = message("Shape", "0-4", "2+", {
  id: int32(),
  note: string("1+", { nullable: "2+", default: "none" }),
  points: array({ x: int8(), y: int8("3+") }, { nullable: "4+" }),
  centre: struct({ x: int8() }, "4+", { nullable: true, default: null }),
  // Not by ascending tag, which is their order on the wire.
  owner: struct({ name: string({ default: "" }), age: int8({ default: -1 }) }, "3+", { tag: 7 }),
  colour: int16("2+", { tag: 0, default: 5 }),
});

const points = [{ x: 1, y: 2 }];

describe("each version in bytes", () => {
  test.for<[number, number[]]>([
    [0, [0, 0, 0, 9, 0, 0, 0, 1, 1]],
    [1, [0, 0, 0, 9, 0, 1, 0x61, 0, 0, 0, 1, 1]],
    // Compact lengths; the struct's tagged fields, none; the message's: one, tag 0, 2 bytes.
    [2, [0, 0, 0, 9, 2, 0x61, 2, 1, 0, 1, 0, 2, 0, 6]],
    [3, [0, 0, 0, 9, 2, 0x61, 2, 1, 2, 0, 2, 0, 2, 0, 6, 7, 4, 2, 0x62, 3, 0]],
    [4, [0, 0, 0, 9, 2, 0x61, 2, 1, 2, 0, 1, 4, 0, 2, 0, 2, 0, 6, 7, 4, 2, 0x62, 3, 0]],
  ])("version %d", ([version, bytes]) => {
    const value = { id: 9, note: "a", points, centre: { x: 4 }, colour: 6, owner: { name: "b", age: 3 } };
    expect([...shape.encode(version, value)]).toEqual(bytes);
  });

  test("what a version does not have reads as its default, in the table's order", () => {
    const decoded = shape.decode(Uint8Array.from([0, 0, 0, 9, 0, 0, 0, 1, 1]), 0);
    expect(decoded).toEqual({ id: 9, note: "none", points: [{ x: 1, y: 0 }], centre: null, owner: { name: "", age: -1 }, colour: 5 });
    expect(Object.keys(decoded)).toEqual(["id", "note", "points", "centre", "owner", "colour"]);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  test("nulls have their own bytes", () => {
    const bytes = shape.encode(4, { id: 9, note: null, points: null });
    expect([...bytes]).toEqual([0, 0, 0, 9, 0, 0, 0xff, 0]);
    expect(shape.decode(bytes, 4)).toMatchObject({ note: null, points: null, centre: null });
  });

  test("tagged fields are left out where they are the default, also in part, and shared defaults cannot be changed", () => {
    for (const owner of [undefined, {}, { name: "" }, { name: "", age: -1 }]) {
      expect([...shape.encode(3, { id: 9, note: "", points: [], colour: 5, owner })]).toEqual([0, 0, 0, 9, 1, 1, 0]);
    }
    const { owner } = shape.decode(Uint8Array.from([0, 0, 0, 9, 1, 1, 0]), 3);
    expect(Object.isFrozen(owner)).toBe(true);
  });
});

describe("errors name the field", () => {
  const decodeError = (version: number, ...bytes: number[]) => errorOf(() => shape.decode(Uint8Array.from(bytes), version));

  test("while reading", () => {
    expect(decodeError(0, 0, 0)).toMatchObject({ path: "Shape.id", message: "Shape.id: 4 bytes are needed, 2 are left" });
    expect(decodeError(0, 0, 0, 0, 9, 0, 0, 0, 9, 1).path).toBe("Shape.points");
    expect(decodeError(3, 0, 0, 0, 9, 1, 3, 1, 2, 0, 1).path).toBe("Shape.points");
    expect(decodeError(3, 0, 0, 0, 9, 1, 3, 1, 2, 0, 1, 2, 5, 9).path).toBe("Shape.points[1]");
    expect(decodeError(3, 0, 0, 0, 9, 1, 1, 1, 7, 4, 9, 0x62, 3, 0).path).toBe("Shape.owner.name");
    expect(decodeError(0, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff).message).toBe("Shape.points: null is not allowed here");
    expect(decodeError(0, 0, 0, 0, 9, 0, 0, 0, 0, 7).message).toBe("Shape: 1 bytes stand after the message");
    expect(decodeError(5, 0).message).toBe("Shape: there is no version 5");
    expect(decodeError(-1, 0)).toBeInstanceOf(ProtocolError);
  });

  test("while reading a tagged field whose size is not its value's", () => {
    expect(decodeError(2, 0, 0, 0, 9, 1, 1, 1, 0, 3, 0, 6, 0).message).toBe(
      "Shape.colour: a tagged field's size is 3, its value takes 2 bytes",
    );
  });

  test("in the partitions of a produce, which are read through a literal", () => {
    const value = { acks: 1, timeoutMs: 1, topicData: [{ name: "t", partitionData: [{ index: 1, records: new Uint8Array(9) }] }] };
    const bytes = API.produce.request.encode(3, value);
    expect(errorOf(() => API.produce.request.decode(bytes.subarray(0, -1), 3)).path).toBe(
      "ProduceRequest.topicData[0].partitionData[0].records",
    );
  });

  test("while writing", () => {
    const encodeError = (version: number, value: object) => errorOf(() => shape.encode(version, value as EncodableOf<typeof shape>));
    expect(encodeError(0, { points })).toMatchObject({ path: "Shape.id", message: "Shape.id: undefined is not an int32" });
    expect(encodeError(0, { id: 1, points: [{ x: 1 }, { x: 300 }] }).path).toBe("Shape.points[1].x");
    expect(encodeError(0, { id: 1, points: [null] }).path).toBe("Shape.points[0]");
    expect(encodeError(0, { id: 1, points: null }).path).toBe("Shape.points");
    expect(encodeError(1, { id: 1, note: null, points }).path).toBe("Shape.note");
    expect(encodeError(3, { id: 1, points, owner: { name: 5 } }).path).toBe("Shape.owner.name");
    expect(encodeError(5, {})).toBeInstanceOf(EncodingError);
  });
});

test("an array whose elements may take no bytes is refused when its plan is made", () => {
  const bad = message("Bad", "0", "none", { empties: array({ later: int8("1+") }) });
  expect(() => bad.decode(new Uint8Array(4), 0)).toThrow(RangeError);
});

test("a range of versions that is none is refused", () => {
  expect(() => message("Bad", "1..2", "none", {})).toThrow('"1..2" is not a range of versions');
});

test("types follow from the table", () => {
  const typed = message("Typed", "0-1", "none", {
    a: int64(),
    b: string("1+", { nullable: true }),
    c: records({ nullable: true }),
    d: array(int32()),
  });
  expectTypeOf<DecodedOf<typeof typed>>().toEqualTypeOf<{
    readonly a: number;
    readonly b: string | null;
    readonly c: Uint8Array | null;
    readonly d: readonly number[];
  }>();
  expectTypeOf<{ a: number; c: null; d: number[] }>().toExtend<EncodableOf<typeof typed>>();
  expectTypeOf<{ c: Uint8Array[]; d: number[] }>().not.toExtend<EncodableOf<typeof typed>>();
  expect([...typed.encode(0, { a: 1, c: [Uint8Array.from([8])], d: [] })]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
});

function errorOf(run: () => unknown): ProtocolError | EncodingError {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof EncodingError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
