// Stored records as JSON and as MessagePack. JSON is written as bytes, record by record, without an object or a string for each: the hot
// path of a decoded fetch.

import { errorCode } from "../../common/errors.ts";
import type { Encoding } from "../../contract/fields.ts";
import type { DecodedRecord } from "../../record/codec.ts";
import { strictUtf8 } from "../../record/json-text.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { finish, type WriteBytes, writeAuto, writeRecord, writeRecordRuns } from "../../wasm/record-json.ts";

const LENIENT_UTF8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const ENCODER = new TextEncoder();

const WRITE_BYTES: Readonly<Record<Encoding, WriteBytes>> = {
  auto: writeAuto,
  json: writeAuto, // keys and header values; values are in writeJsonRecord
  string: (json, bytes) => {
    if (!json.utf8(bytes)) json.rawText(JSON.stringify(LENIENT_UTF8.decode(bytes)));
  },
  base64: (json, bytes) => json.base64(bytes),
};

/** `[{offset, timestamp, key, value, headers}, …]` */
export function writeRecords(json: JsonWriter, records: readonly DecodedRecord[], encoding: Encoding): void {
  json.rawText("[");
  finish(writeInRuns(json, records, encoding));
  json.rawText("]");
}

/**
 * The same without the brackets, in runs: what is written may be taken at each yield.
 * @param prefix opens each object, and may have members
 */
export function* writeInRuns(json: JsonWriter, records: readonly DecodedRecord[], encoding: Encoding, prefix = "{"): Generator<void> {
  if (encoding === "auto") return yield* writeRecordRuns(json, records, ENCODER.encode(prefix));
  for (let i = 0; i < records.length; i++) {
    json.rawText(i === 0 ? prefix : `,${prefix}`);
    writeMembers(json, records[i]!, encoding);
    json.rawText("}");
    yield;
  }
}

/** A record as the text of its members, without braces. */
export function recordMembers(json: JsonWriter, record: DecodedRecord, encoding: Encoding): string {
  json.begin();
  writeMembers(json, record, encoding);
  return json.takeText();
}

function writeMembers(json: JsonWriter, record: DecodedRecord, encoding: Encoding): void {
  const bytes = WRITE_BYTES[encoding];
  if (encoding !== "json") {
    writeRecord(json, record, bytes);
    return;
  }
  let isJson = true;
  writeRecord(json, record, bytes, (_, value) => {
    const text = validJson(value);
    isJson = text !== undefined;
    if (text === undefined) json.auto(value);
    else json.rawText(text);
  });
  if (!isJson) json.rawText(NOT_JSON);
}

const NOT_JSON = `,"error":${JSON.stringify({
  field: "value",
  code: "INVALID_RECORD",
  errorCode: errorCode("INVALID_RECORD"),
  detail: "The value is not JSON; it is given as with encoding=auto.",
})}`;

/** JSON text is given on as it stands, so that its numbers keep their digits; on one line, since only white space can hold a line break. */
function validJson(bytes: Uint8Array): string | undefined {
  const text = strictUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined; // not JSON: the record says so
  }
  return text.replaceAll(/[\r\n]+/g, " ");
}

/** The record for MessagePack: its bytes are `bin`. */
export function recordMsgpack(record: DecodedRecord): Record<string, unknown> {
  const { offset, timestamp, key, value, headers } = record;
  return { offset, timestamp, key, value, headers };
}
