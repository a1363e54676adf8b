import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFilter } from "../../../../src/cli/records/filter.ts";
import { parseTemplate } from "../../../../src/cli/records/format-template.ts";
import { parseJsonRecord, toJsonRecord } from "../../../../src/cli/records/json-record.ts";
import { readLines } from "../../../../src/cli/records/lines.ts";
import type { StoredRecord } from "../../../../src/cli/records/record.ts";

const RECORD: StoredRecord = {
  ...{ topic: "clicks", partition: 2, offset: 41, timestamp: 1_760_000_000_000, key: Buffer.from("u1"), value: Buffer.from("a%b") },
  headers: [
    { key: "x", value: Buffer.from("1") },
    { key: "x", value: null },
  ],
};

const bytesOrNull = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null });

test("what is printed as JSON is read back byte for byte", () => {
  const headers = fc.array(fc.record({ key: fc.string(), value: bytesOrNull }), { maxLength: 3 });
  fc.assert(
    fc.property(bytesOrNull, bytesOrNull, headers, (key, value, list) => {
      const parsed = parseJsonRecord(JSON.stringify(toJsonRecord({ ...RECORD, key, value, headers: list })));
      expect(parsed).toEqual({ key, value, headers: list, timestamp: RECORD.timestamp, partition: RECORD.partition });
    }),
  );
});

test("encodings of JSON", () => {
  const record = { ...RECORD, value: Buffer.from('{"a":1}'), headers: [] };
  expect(toJsonRecord(record)).toMatchObject({ key: "u1", value: '{"a":1}' });
  expect(toJsonRecord(record, "json")).toMatchObject({ key: "u1", value: { a: 1 } });
  expect(toJsonRecord({ ...record, value: Buffer.from("no json") }, "json")).toMatchObject({ value: "no json" });
  expect(toJsonRecord(record, "base64")).toMatchObject({ key: { base64: "dTE=" } });
  expect(toJsonRecord({ ...record, value: Buffer.from([0xff]) }, "string")).toMatchObject({ value: "\ufffd" });
});

test.each([
  ["is a JSON object", "[]"],
  ['no field "vlaue"', '{"vlaue":1}'],
  ["JSON", "{"],
  ["base64 that is none", '{"value":{"base64":"*"}}'],
  ['"partition" is an integer', '{"partition":-1}'],
  ['"timestamp" is an integer', '{"timestamp":1.5}'],
  ['"headers" is a list', '{"headers":{"a":1}}'],
  ["a header is", '{"headers":[1]}'],
])("a JSON record is refused: %s", (words, text) => {
  expect(() => parseJsonRecord(text)).toThrow(words);
});

test("a template gives every field, escapes, and bytes as they are", () => {
  const format = (template: string, record = RECORD) => Buffer.from(parseTemplate(template)(record)).toString("latin1");
  expect(format("%t %p %o %T %k=%v|%s [%h] %K %S %%\\n\\t\\x41\\\\")).toBe("clicks 2 41 1760000000000 u1=a%b|a%b [x=1,x=] 2 3 %\n\tA\\");
  expect(format("%k%K%S", { ...RECORD, key: null, value: Buffer.from([0xff]) })).toBe("-11");
  expect(format("%v", { ...RECORD, value: Buffer.from([0xff, 0]) })).toBe("\xff\0");
  expect(Buffer.from(parseTemplate("%k", "NULL")({ ...RECORD, key: null })).toString()).toBe("NULL");
});

test.each(["%x", "%", "\\q", "\\"])("a template with %s is refused by name", (template) => {
  expect(() => parseTemplate(template)).toThrow(template);
});

test("filters by key and by headers, all of which must fit", () => {
  expect(parseFilter({})(RECORD)).toBe(true);
  expect(parseFilter({ key: "^u" })(RECORD)).toBe(true);
  expect(parseFilter({ key: "^u$" })(RECORD)).toBe(false);
  expect(parseFilter({ key: "" })({ ...RECORD, key: null })).toBe(false);
  expect(parseFilter({ header: ["x"] })(RECORD)).toBe(true);
  expect(parseFilter({ header: ["x=^1$"] })(RECORD)).toBe(true);
  expect(parseFilter({ header: ["x=2"] })(RECORD)).toBe(false);
  expect(parseFilter({ header: ["x", "y"] })(RECORD)).toBe(false);
  expect(() => parseFilter({ key: "(" })).toThrow("--key");
});

test("lines are split at newlines alone, wherever the pieces end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60, max: 12 }), fc.array(fc.nat(60), { maxLength: 4 }), async (bytes, cuts) => {
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((one, other) => one - other), bytes.length];
      const lines: string[] = [];
      const pieces = places.slice(1).map((end, index) => bytes.slice(places[index]!, end));
      for await (const line of readLines(iterate(pieces))) lines.push(Buffer.from(line).toString("latin1"));
      const expected = Buffer.from(bytes).toString("latin1").split("\n");
      if (expected.at(-1) === "") expected.pop();
      expect(lines).toEqual(expected);
    }),
  );
});

async function* iterate(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
