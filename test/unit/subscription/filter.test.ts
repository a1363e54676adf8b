import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import type { DecodedRecord } from "../../../src/record/codec.ts";
import { compileFilter } from "../../../src/subscription/filter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const ORIGIN = { topic: "orders", partition: 2 };

function record(
  value: unknown,
  { key = "k", headers = {} }: { key?: string | null; headers?: Record<string, string> } = {},
): DecodedRecord {
  return {
    offset: 7,
    timestamp: 1_000,
    key: key === null ? null : bytes(key),
    value: value === null ? null : bytes(typeof value === "string" ? value : JSON.stringify(value)),
    headers: Object.entries(headers).map(([name, text]) => ({ key: name, value: bytes(text) })),
  };
}

function matches(expression: string, one: DecodedRecord): boolean {
  const filter = compileFilter(expression);
  if (isFailure(filter)) throw new Error(filter.detail);
  return filter(one, ORIGIN);
}

const ORDER = record({ amount: 120.5, n: 3, items: [{ sku: "a1" }, { sku: "b2" }] }, { headers: { kind: "order" } });

test.each([
  ["value.amount > 100", true],
  ["value.amount > 100 && headers['kind'] == 'order'", true],
  ["value.n == 3", true],
  ["has(value.missing)", false],
  ["value.missing == 1", false], // cannot be evaluated: not meant
  ["!(value.missing == 1)", false],
  ["'kind' in headers", true],
  ["headers['other'] == 'x'", false],
  ["key == 'k' && topic == 'orders' && partition == 2.0 && offset >= 7.0 && timestamp < 1001.0", true],
  ["key.startsWith('k')", true],
  ["value.items.exists(i, i.sku == 'b2')", true],
  ["value.items.exists(i, i.sku.matches('^b[0-9]$'))", true],
  ["key.matches('^(a+)+$')", false],
  ["value == null", false],
])("%s is %s", (expression, expected) => expect(matches(expression, ORDER)).toBe(expected));

test("a value that is not JSON is its text, a tombstone null, a missing key null", () => {
  expect(matches("value == 'plain text'", record("plain text"))).toBe(true);
  expect(matches("value == null && key == null", record(null, { key: null }))).toBe(true);
  expect(matches("value.x == 1", record(new TextDecoder().decode(new Uint8Array([1, 2]))))).toBe(false);
});

test.each([
  ["value.x ==", "EOF"],
  ["valu.x == 1", "valu"],
  ["1 + 1", "int"],
  ["value.a.all(x, value.b.all(y, x == y))", "comprehension"],
  ["key.matches('(')", "RE2"],
  ["key.matches(value.pattern)", "literal"],
  ["key.matches('(a){1,2000}')", "RE2"],
  [`key == '${"x".repeat(3_000)}'`, "2000 characters"],
  [Array(150).fill("offset").join("+"), "maxAstNodes"],
  ["(".repeat(500), "maxDepth"],
])("%s is refused: %s", (expression, reason) => {
  const refused = compileFilter(expression);
  expect(isFailure(refused) && refused.detail).toContain(reason);
});

test("a pattern that would backtrack for ever is done at once", () => {
  const hard = record("x", { key: `${"a".repeat(50_000)}b` });
  expect(matches("key.matches('^(a+)+$')", hard)).toBe(false);
  expect(matches("key.matches('(x+x+)+y')", record("x", { key: "x".repeat(20_000) }))).toBe(false);
});
