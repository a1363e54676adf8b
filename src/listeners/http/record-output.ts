// Stored records as JSON text and as MessagePack. JSON is written as text, record by record, without an object for each: the hot path of
// a decoded fetch.

import { errorCode } from "../../common/errors.ts";
import type { Encoding } from "../../contract/fields.ts";
import type { DecodedRecord } from "../../record/codec.ts";
import { autoJson, type BytesToJson, base64Json, headersJson, strictUtf8 } from "../../record/json-text.ts";

const LENIENT_UTF8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const BYTES_TO_JSON: Readonly<Record<Encoding, BytesToJson>> = {
  auto: autoJson,
  json: autoJson, // keys and header values; values are in recordJson
  string: (bytes) => JSON.stringify(LENIENT_UTF8.decode(bytes)),
  base64: base64Json,
};

/** `[{offset, timestamp, key, value, headers}, …]` */
export function recordsJson(records: readonly DecodedRecord[], encoding: Encoding): string {
  let json = "[";
  for (let i = 0; i < records.length; i++) json += (i === 0 ? "" : ",") + recordJson(records[i]!, encoding);
  return `${json}]`;
}

export function recordJson(record: DecodedRecord, encoding: Encoding): string {
  const bytes = BYTES_TO_JSON[encoding];
  const { value } = record;
  let valueJson = value === null ? "null" : undefined;
  let error = "";
  if (valueJson === undefined && encoding === "json") {
    valueJson = validJson(value!);
    if (valueJson === undefined) error = NOT_JSON;
  }
  valueJson ??= bytes(value!);
  const key = record.key === null ? "null" : bytes(record.key);
  return `{"offset":${record.offset},"timestamp":${record.timestamp},"key":${key},"value":${valueJson},"headers":${headersJson(record, bytes)}${error}}`;
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
