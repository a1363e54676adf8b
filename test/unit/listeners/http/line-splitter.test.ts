import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "../../../../src/listeners/http/line-splitter.ts";

function split(text: string, cuts: number[], limit = 1000): string[] {
  const bytes = new TextEncoder().encode(text);
  const splitter = new LineSplitter(limit);
  const lines: Uint8Array[] = [];
  const positions = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < positions.length; i++) lines.push(...splitter.push(bytes.slice(positions[i - 1], positions[i])));
  lines.push(...splitter.end());
  return lines.map((line) => new TextDecoder().decode(line));
}

test("gives the same lines however the stream is cut", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "ž", "\r", " ") });
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n", "\r\n"), fc.array(fc.nat()), (lines, end, cuts) => {
      const text = lines.map((one) => one + end).join("");
      const expected = text
        .split("\n")
        .map((one) => one.replace(/\r$/, ""))
        .filter((one) => one !== "");
      expect(split(text, cuts)).toEqual(expected);
    }),
  );
});

test("gives a last line without a line break", () => {
  expect(split("a\nb", [])).toEqual(["a", "b"]);
});

test("bounds a line, whether it comes whole or in parts", () => {
  expect(split(`${"x".repeat(10)}\n`, [3], 10)).toEqual(["xxxxxxxxxx"]);
  expect(() => split(`${"x".repeat(11)}\n`, [], 10)).toThrow(RangeError);
  expect(() => split(`${"x".repeat(11)}\n`, [3], 10)).toThrow(RangeError);
  expect(() => split("x".repeat(11), [3, 7], 10)).toThrow(RangeError);
});
