// What lines become records, and which are refused.

import { expect, test } from "vitest";
import { type LineForm, recordsOfLines } from "../../../../src/cli/produce/record-sources.ts";

const FORM: LineForm = { ndjson: true, keySeparator: null, headers: [], key: null, tombstones: false };

async function valuesOf(bytes: Uint8Array, form: Partial<LineForm> = {}): Promise<Uint8Array[]> {
  const values = [];
  async function* stdin() {
    yield bytes;
  }
  for await (const { value } of recordsOfLines([], stdin(), { ...FORM, ...form })) values.push(value!);
  return values;
}

test("a JSON line that is no UTF-8 is refused, and not changed; as a value of its own it goes as it is", async () => {
  const line = Buffer.concat([Buffer.from('{"value": "caf'), Buffer.of(0xe9), Buffer.from('"}')]);
  await expect(valuesOf(line)).rejects.toThrow("standard input, line 1: it is no UTF-8");
  expect(await valuesOf(line, { ndjson: false })).toEqual([line]);
});

test("a byte order mark before the first line is not part of it", async () => {
  expect((await valuesOf(Buffer.from('\ufeff{"value": "a"}\n{"value": "b"}'))).map(String)).toEqual(
    ["a", "b"].map((text) => String(new TextEncoder().encode(text))),
  );
});
