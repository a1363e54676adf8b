import fc from "fast-check";
import { expect, test } from "vitest";
import { produceRecord } from "../../../../src/contract/produce.ts";
import { readRecords } from "../../../../src/listeners/http/record-input.ts";

const scalar = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const header = fc.oneof(fc.record({ key: fc.oneof(fc.string(), scalar), value: fc.jsonValue() }, { requiredKeys: [] }), scalar);
const record = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      key: fc.jsonValue(),
      value: fc.jsonValue(),
      headers: fc.oneof(fc.array(header, { maxLength: 3 }), scalar),
      timestamp: fc.oneof(fc.nat(), scalar),
      partition: fc.oneof(fc.nat({ max: 10_000 }), scalar),
      other: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
);

test("takes exactly the records that the contract's schema takes", () => {
  fc.assert(
    fc.property(record, (value) => {
      const { refused } = readRecords([value], "json");
      // bytes that cannot be stored are the reader's own rule: the schema takes any value there
      const isOwnRule = refused.some(({ failure }) => /is not base64|surrogate/.test(failure.detail));
      expect(refused.length === 0 || isOwnRule).toBe(produceRecord.safeParse(value).success);
    }),
    { numRuns: 2000 },
  );
});

test("every record is read or refused, by its index", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (values) => {
      const { records, indices, refused } = readRecords(values, "json");
      expect(records).toHaveLength(indices.length);
      const all = [...indices, ...refused.map(({ index }) => index)].sort((a, b) => a - b);
      expect(all).toEqual(values.map((_, index) => index));
    }),
  );
});

test("refuses more records than the limit, and more headers", () => {
  expect(() => readRecords(new Array(100_001).fill({}), "json")).toThrow("100000 are the most");
  const headers = new Array(1001).fill({ key: "k" });
  expect(readRecords([{ headers }], "json").refused[0]!.failure.detail).toBe("records[0].headers: there are 1001, 1000 are the most");
});
