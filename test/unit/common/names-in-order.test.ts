import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "../../../src/common/cursor.ts";
import { compareUtf8, utf8Length } from "../../../src/common/utf8.ts";

const text = fc.string({ unit: "binary" }).filter((string) => string.isWellFormed());

test("strings compare as their UTF-8 bytes do", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(Math.sign(compareUtf8(one, other))).toBe(Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other))));
    }),
  );
});

test("the length of a string in UTF-8 counts bytes", () => {
  expect(["", "a", "é", "€", "\u{1f600}"].map(utf8Length)).toEqual([0, 1, 2, 3, 4]);
});

test("a cursor comes back as the name, in characters that a URL may have", () => {
  fc.assert(
    fc.property(text, (name) => {
      const cursor = encodeCursor(name);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]*$/);
      expect(decodeCursor(cursor)).toBe(name);
    }),
  );
});

test.each(["*", "a", "gA", "é"])("'%s' is no cursor", (cursor) => {
  expect(decodeCursor(cursor)).toBeNull();
});
