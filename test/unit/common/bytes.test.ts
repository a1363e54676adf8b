import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../../src/common/base64.ts";
import { concatBytes } from "../../../src/common/bytes.ts";

test("base64 is what Node makes of the same bytes, and reads back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000, size: "max" }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
    }),
    { numRuns: 50 },
  );
});

test.each(["*", "a", "====", "aGk=aGk=", "aG_k"])("%j is not base64", (text) => {
  expect(decodeBase64(text)).toBeNull();
});

test("padding may be missing", () => {
  expect(decodeBase64("aGk")).toEqual(new TextEncoder().encode("hi"));
});

test("joins parts in order", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      expect([...concatBytes(parts)]).toEqual(parts.flatMap((part) => [...part]));
    }),
  );
});
