import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCsvRow, parseCsv } from "../../../../src/cli/transfer/csv.ts";
import { recordsOfCsv } from "../../../../src/cli/transfer/csv-records.ts";

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function parse(...texts: readonly string[]): Promise<(readonly (string | null)[])[]> {
  const rows = [];
  for await (const row of parseCsv(pieces(...texts))) rows.push(row);
  return rows;
}

async function records(text: string, key: string | null = null) {
  const found = [];
  for await (const record of recordsOfCsv(parseCsv(pieces(text)), { key })) found.push(record);
  return found;
}

const text = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString();

test("rows come back as they were, null and the empty text apart", async () => {
  const field = fc.option(fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "é", " ") }), { nil: null });
  const row = fc.array(field, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 4 }), async (rows) => {
      expect(await parse(rows.map(formatCsvRow).join(""))).toEqual(rows);
    }),
  );
});

test("lines end with LF or CRLF, the last may not end, and pieces may end anywhere", async () => {
  expect(await parse("a,b\n\n", '"1', '"', '"",2\r\n3,')).toEqual([
    ["a", "b"],
    ['1"', "2"],
    ["3", null],
  ]);
});

test.each([
  ["row 2 has a quote that is never closed", 'a\n"b'],
  ["row 1 has a quote within", 'a"b\n'],
  ["row 1 has text behind", '"a"b\n'],
])("%s", async (words, text) => {
  await expect(parse(text)).rejects.toThrow(words);
});

test("rows of any CSV are JSON objects, a column their key", async () => {
  const [first, second] = await records("id,name\n1,Ann\n2,\n", "id");
  expect([text(first!.key), text(first!.value)]).toEqual(["1", '{"id":"1","name":"Ann"}']);
  expect(text(second!.value)).toBe('{"id":"2","name":null}');
});

test.each([
  ["row 2 has 1 fields, the first row 2", "a,b\n1\n", null],
  ['no column "id"', "a,b\n", "id"],
  ["row 2:", "value,headers\nx,{\n", null],
  ["row 2:", "value,partition\nx,one\n", null],
])("%s …", async (words, text, key) => {
  await expect(records(text, key)).rejects.toThrow(words);
});

test("a file that is no UTF-8 is refused, and not changed", async () => {
  const latin1 = async function* () {
    yield Buffer.from("name\ncaf\u00e9\n", "latin1");
  };
  const rows = parseCsv(latin1());
  await expect(rows.next()).rejects.toThrow("no UTF-8");
});
