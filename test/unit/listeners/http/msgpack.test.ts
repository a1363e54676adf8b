import fc from "fast-check";
import { pack } from "msgpackr";
import { expect, test } from "vitest";
import { encodeMsgpack, parseMsgpackBody } from "../../../../src/listeners/http/msgpack.ts";
import { checkMsgpack } from "../../../../src/listeners/http/msgpack-check.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.maxSafeInteger(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 20 }),
  ),
})).value;

test("takes whatever an encoder makes", () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(checkMsgpack(new Uint8Array(pack(given)))).toBeNull();
    }),
  );
});

test("refuses it truncated at every byte, and with a byte more", () => {
  fc.assert(
    fc.property(value, (given) => {
      const bytes = new Uint8Array(pack(given));
      for (let length = 0; length < Math.min(bytes.length, 200); length++)
        expect(checkMsgpack(bytes.subarray(0, length))).toBe("it ends in the middle");
      expect(checkMsgpack(new Uint8Array([...bytes, 0xc0]))).toBe("there are 1 bytes after its end");
    }),
    { numRuns: 50 },
  );
});

test("what the check takes, the decoder takes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      if (checkMsgpack(bytes) === null) parseMsgpackBody(bytes);
      else expect(() => parseMsgpackBody(bytes)).toThrow("not MessagePack that can be read");
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["array 32 of 4 billion", "dd ff ff ff ff", "it ends in the middle"],
  ["map 32 of 4 billion", "df ff ff ff ff", "it ends in the middle"],
  ["str 32 of 4 billion", "db ff ff ff ff", "it ends in the middle"],
  ["bin 32 of 2 billion", "c6 7f ff ff ff 00", "it ends in the middle"],
  ["a length cut", "c5 00", "it ends in the middle"],
  ["nothing", "", "it ends in the middle"],
  ["the byte that is never used", "c1", "it has the byte c1, which means nothing"],
  ["an extension", "d4 01 00", "it has an extension type"],
  ["a timestamp", "d6 ff 00 00 00 00", "it has an extension type"],
  ["an integer as key", "81 01 02", "a map has a key that is not a string"],
  ["a nested integer as key", "81 a1 61 82 a1 62 00 c0 00", "a map has a key that is not a string"],
])("refuses %s", (_, bytes, fault) => {
  expect(checkMsgpack(hex(bytes))).toBe(fault);
});

test("bounds depth and number of values", () => {
  const nested = (depth: number) => new Uint8Array([...new Array(depth).fill(0x91), 0xc0]);
  expect(checkMsgpack(nested(128))).toBeNull();
  expect(checkMsgpack(nested(129))).toBe("it is nested deeper than 128");
  expect(checkMsgpack(nested(1_000_000))).toBe("it is nested deeper than 128");
  const many = new Uint8Array(5 + 4_000_000).fill(0xc0);
  many.set([0xdd, 0x00, 0x3d, 0x09, 0x00]);
  expect(checkMsgpack(many)).toBe("it has more than 4000000 values");
});

test("integers stay integers, up to 2^53-1", () => {
  expect([...encodeMsgpack({ o: 2 ** 53 - 1 })].slice(-9)).toEqual([0xd3, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  expect(parseMsgpackBody(encodeMsgpack({ o: 2 ** 53 - 1, n: [1, -1, 2 ** 40] }))).toEqual({ o: 2 ** 53 - 1, n: [1, -1, 2 ** 40] });
});

test("a key __proto__ does not reach the prototype", () => {
  const parsed = parseMsgpackBody(hex("81 a9 5f 5f 70 72 6f 74 6f 5f 5f 81 a1 61 01")) as { a?: number };
  expect(parsed.a).toBeUndefined();
});
