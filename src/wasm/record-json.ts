// Records as JSON, as every door gives them: a fetch's answer, a tail, a webhook's body. Where many come out of one batch, the core writes
// them from its table at once; it writes what is written here.

import type { DecodedRecord } from "../record/codec.ts";
import type { JsonWriter } from "./json-writer.ts";
import { TableRecord } from "./record-table.ts";

/** How bytes become JSON. */
export type WriteBytes = (json: JsonWriter, bytes: Uint8Array) => void;

const ascii = new TextEncoder();
const OFFSET = ascii.encode('"offset":');
const TIMESTAMP = ascii.encode(',"timestamp":');
const KEY = ascii.encode(',"key":');
const VALUE = ascii.encode(',"value":');
const NO_HEADERS = ascii.encode(',"headers":[]');
const NULL = ascii.encode("null");
const COMMA = ascii.encode(",");
const END = ascii.encode("}");

/** A string where the bytes are UTF-8, else {"base64": …}. */
export const writeAuto: WriteBytes = (json, bytes) => json.auto(bytes);

/** Records of a table go to the core in runs of this many bytes: its memory never shrinks. */
const RUN_BYTES = 64 << 10;

/**
 * Objects with commas between them, bytes as `writeAuto` has them.
 * @param prefix opens each object, and may have members: `{` or `{"topic":"orders",`
 */
export function writeRecords(json: JsonWriter, records: readonly DecodedRecord[], prefix: Uint8Array): void {
  finish(writeRecordRuns(json, records, prefix));
}

/** Writes all that is left. */
export function finish(writing: Generator<void>): void {
  while (writing.next().done !== true);
}

/** As `writeRecords`, and yields after each run: what is written until then may be taken. */
export function* writeRecordRuns(json: JsonWriter, records: readonly DecodedRecord[], prefix: Uint8Array): Generator<void> {
  for (let from = 0; from < records.length; ) {
    if (from > 0) json.raw(COMMA);
    const end = runEnd(records, from);
    if (!writeRun(json, records[from]!, end - from, prefix)) {
      for (let index = from; index < end; index++) {
        if (index > from) json.raw(COMMA);
        json.raw(prefix);
        writeRecord(json, records[index]!, writeAuto);
        json.raw(END);
      }
    }
    from = end;
    yield;
  }
}

/** @returns whether `count` records from this one on are written, by the core */
function writeRun(json: JsonWriter, first: DecodedRecord, count: number, prefix: Uint8Array): boolean {
  if (!(first instanceof TableRecord) || first.table.spanBytes(first.index, first.index + count) > RUN_BYTES) return false;
  return json.tableRecords(first.table, first.index, count, prefix);
}

/** Where the run that begins at `from` ends: records that follow each other in a table, few enough for the core. */
function runEnd(records: readonly DecodedRecord[], from: number): number {
  const first = records[from]!;
  let end = from + 1;
  if (!(first instanceof TableRecord)) return end;
  for (; end < records.length; end++) {
    const next = records[end]!;
    if (!(next instanceof TableRecord) || next.table !== first.table || next.index !== first.index + end - from) break;
    if (first.table.spanBytes(first.index, next.index + 1) > RUN_BYTES) break;
  }
  return end;
}

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
