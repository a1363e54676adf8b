import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHex, encodeHex } from "../../../src/common/hex.ts";

test("bytes are two digits each, and come back, in either case", () => {
  expect(encodeHex(Uint8Array.of(0, 10, 255))).toBe("000aff");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      expect(encodeHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
      expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
      expect(decodeHex(encodeHex(bytes).toUpperCase())).toEqual(bytes);
    }),
  );
});

test.each(["0", "0g", "zz", "0x", " 0", "00 ", "é0"])("%j is no hexadecimal", (text) => expect(decodeHex(text)).toBeNull());
