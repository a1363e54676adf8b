// Records as JSON bytes, in MB/s of values: from the table of a decoded batch, all of them in the core, and one by one over the core;
// against a string for each key and value (decoded, quoted, joined and encoded). It is what a webhook's body and a decoded fetch's answer
// cost.
//
//   node bench/core/json.bench.ts [--smoke]

import { isFailure } from "../../src/common/errors.ts";
import type { DecodedRecord } from "../../src/record/codec.ts";
import { autoJson } from "../../src/record/json-text.ts";
import { encodeBatch } from "../../src/wasm/encode-batch.ts";
import { JsonWriter } from "../../src/wasm/json-writer.ts";
import { createRecordCodec } from "../../src/wasm/record-codec.ts";
import { writeAuto, writeRecord, writeRecords } from "../../src/wasm/record-json.ts";
import { loadCore } from "../../test/support/core.ts";
import { measure } from "../support/measure.ts";

const encoder = new TextEncoder();
const core = loadCore();
const json = new JsonWriter(core);
const codec = createRecordCodec(core, 1 << 30);
const BRACE = encoder.encode("{");

/** The same records, as places in the table of the batch that they were encoded to. */
function inTable(records: readonly DecodedRecord[]): readonly DecodedRecord[] {
  const baseOffset = records[0]!.offset;
  const batch = encodeBatch(core, records, { compression: "none", baseOffset });
  const decoded = codec.decode(batch, baseOffset, { maxRecords: records.length, maxBytes: 1 << 30 });
  if (isFailure(decoded)) throw new Error(decoded.detail);
  return decoded.records;
}

function throughTable(records: readonly DecodedRecord[]): Uint8Array {
  json.begin();
  writeRecords(json, records, BRACE);
  return json.take();
}

function throughWriter(records: readonly DecodedRecord[]): Uint8Array {
  json.begin();
  for (const record of records) {
    json.rawText("{");
    writeRecord(json, record, writeAuto);
    json.rawText("},");
  }
  return json.take();
}

function throughStrings(records: readonly DecodedRecord[]): Uint8Array {
  const texts = records.map(({ offset, timestamp, key, value }) => {
    return `{"offset":${offset},"timestamp":${timestamp},"key":${autoJson(key!)},"value":${autoJson(value!)},"headers":[]},`;
  });
  return encoder.encode(texts.join(""));
}

const order = JSON.stringify({ id: 12_345, customer: "somebody", items: [{ sku: "a-1", count: 2 }], note: "leave it at the door" });
const VALUES = {
  "200 bytes of plain text": "x".repeat(200),
  "200 bytes of JSON": order.repeat(2).slice(0, 200),
  "200 bytes of Cyrillic": "привет мир, ".repeat(9),
  "2 KB of JSON": order.repeat(20).slice(0, 2_000),
  "20 KB of plain text": "x".repeat(20_000),
  "500 KB of JSON": order.repeat(4_500).slice(0, 500_000),
};

for (const [name, text] of Object.entries(VALUES)) {
  const value = encoder.encode(text);
  const count = Math.max(1, Math.floor(100_000 / value.length));
  const records = Array.from({ length: count }, (_, i) => {
    return { offset: 1_000_000 + i, timestamp: 1_760_000_000_000 + i, key: encoder.encode(`k${i}`), value, headers: [] };
  });
  const places = inTable(records);
  const {
    table = 0,
    writer = 0,
    strings = 0,
  } = measure(count * value.length, {
    table: () => void throughTable(places),
    writer: () => void throughWriter(records),
    strings: () => void throughStrings(records),
  });
  const speeds = Object.entries({ table, writer, strings }).map(([way, speed]) => `${way} ${speed.toFixed(0).padStart(6)}`);
  console.log(`${name.padEnd(26)} ${speeds.join("  ")}  ${(table / strings).toFixed(1)} x  ${(writer / strings).toFixed(1)} x`);
}
