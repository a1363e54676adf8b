// Records as JSON, as every door gives them: a fetch's answer, a tail, a webhook's body.

import type { DecodedRecord } from "../record/codec.ts";
import type { JsonWriter } from "./json-writer.ts";

/** How bytes become JSON. */
export type WriteBytes = (json: JsonWriter, bytes: Uint8Array) => void;

const ascii = new TextEncoder();
const OFFSET = ascii.encode('"offset":');
const TIMESTAMP = ascii.encode(',"timestamp":');
const KEY = ascii.encode(',"key":');
const VALUE = ascii.encode(',"value":');
const NO_HEADERS = ascii.encode(',"headers":[]');
const NULL = ascii.encode("null");

/** A string where the bytes are UTF-8, else {"base64": …}. */
export const writeAuto: WriteBytes = (json, bytes) => json.auto(bytes);

/** `"offset":…,"timestamp":…,"key":…,"value":…,"headers":[…]`: the members of a record, without braces. */
export function writeRecord(json: JsonWriter, record: DecodedRecord, bytes: WriteBytes, valueBytes: WriteBytes = bytes): void {
  const { offset, timestamp, key, value, headers } = record;
  json.raw(OFFSET);
  json.integer(offset);
  json.raw(TIMESTAMP);
  json.integer(timestamp);
  json.raw(KEY);
  writeNullable(json, key, bytes);
  json.raw(VALUE);
  writeNullable(json, value, valueBytes);
  if (headers.length === 0) json.raw(NO_HEADERS);
  else writeHeaders(json, headers, bytes);
}

/** `,"headers":[{key, value}, …]` in their order. */
function writeHeaders(json: JsonWriter, headers: DecodedRecord["headers"], bytes: WriteBytes): void {
  json.rawText(',"headers":[');
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!;
    json.rawText(`${i === 0 ? "" : ","}{"key":${JSON.stringify(key)},"value":`);
    writeNullable(json, value, bytes);
    json.rawText("}");
  }
  json.rawText("]");
}

function writeNullable(json: JsonWriter, value: Uint8Array | null, bytes: WriteBytes): void {
  if (value === null) json.raw(NULL);
  else bytes(json, value);
}
