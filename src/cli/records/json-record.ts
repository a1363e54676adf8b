// Records as JSON, a line each: what `consume --json` and `export` print, and `produce --ndjson` and `import` read. The form of the HTTP
// API (contract/produce.ts, contract/fetch.ts): bytes are a string where they are UTF-8, else {"base64": "…"}, and any other JSON value is
// stored as its JSON text. What was printed can be read back, byte for byte.

import { decodeBase64, encodeBase64 } from "../../common/base64.ts";
import type { Encoding } from "../../contract/fields.ts";
import { CliError } from "../failure.ts";
import type { NewRecord, RecordHeader, StoredRecord } from "./record.ts";

type JsonBytes = unknown;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a line says that is no record, or not one that can be written. */
export class RecordFormatError extends CliError {}

/** Fields in the order in which people look for them. */
export function toJsonRecord(
  { topic, partition, offset, timestamp, key, value, headers }: StoredRecord,
  encoding: Encoding = "auto",
): object {
  return {
    ...{ topic, partition, offset, timestamp },
    key: encodeBytes(key, encoding === "json" ? "auto" : encoding),
    value: encodeBytes(value, encoding),
    headers: headers.map((header) => ({ key: header.key, value: encodeBytes(header.value, encoding === "json" ? "auto" : encoding) })),
  };
}

function encodeBytes(bytes: Uint8Array | null, encoding: Encoding): JsonBytes {
  if (bytes === null) return null;
  if (encoding === "base64") return { base64: encodeBase64(bytes) };
  if (encoding === "string") return lenientDecoder.decode(bytes);
  const text = decodeUtf8(bytes);
  if (text === null) return { base64: encodeBase64(bytes) };
  return encoding === "json" ? parsedOr(text) : text;
}

/** null where the bytes are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null; // a fatal decoder throws for one reason alone
  }
}

/** A value that is no JSON stays the text that it is. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Fields that a printed record has and a new one has not are passed over. @throws RecordFormatError */
export function parseJsonRecord(text: string): NewRecord {
  const record = parseObject(text);
  const unknown = Object.keys(record).find((name) => !KNOWN_FIELDS.has(name));
  if (unknown !== undefined) throw new RecordFormatError(`a record has no field "${unknown}"`);
  return {
    key: decodeBytes(record.key, "key"),
    value: decodeBytes(record.value, "value"),
    headers: parseHeaders(record.headers),
    ...optionalInteger("timestamp", record.timestamp),
    ...optionalInteger("partition", record.partition),
  };
}

const KNOWN_FIELDS = new Set(["key", "value", "headers", "timestamp", "partition", "topic", "offset"]);

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordFormatError((error as Error).message);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RecordFormatError('a record is a JSON object: {"key": …, "value": …}');
}

function decodeBytes(value: JsonBytes, field: string): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return encoder.encode(value);
  if (!isBase64Object(value)) return encoder.encode(JSON.stringify(value));
  const bytes = decodeBase64(value.base64);
  if (bytes === null) throw new RecordFormatError(`"${field}" has base64 that is none`);
  return bytes;
}

function isBase64Object(value: unknown): value is { readonly base64: string } {
  return (
    typeof value === "object" && value !== null && Object.keys(value).length === 1 && "base64" in value && typeof value.base64 === "string"
  );
}

function parseHeaders(headers: unknown): RecordHeader[] {
  if (headers === null || headers === undefined) return [];
  if (!Array.isArray(headers)) throw new RecordFormatError('"headers" is a list: [{"key": "…", "value": …}]');
  return headers.map((header: unknown) => {
    const { key, value } = (header ?? {}) as { key?: unknown; value?: unknown };
    if (typeof key !== "string") throw new RecordFormatError('a header is {"key": "…", "value": …}');
    return { key, value: decodeBytes(value, `header ${key}`) };
  });
}

/** -1 is what a record without a timestamp is printed with. */
function optionalInteger(field: "timestamp" | "partition", value: unknown): { timestamp?: number; partition?: number } {
  if (value === null || value === undefined || (field === "timestamp" && value === -1)) return {};
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new RecordFormatError(`"${field}" is an integer from 0 up`);
  return { [field]: value as number };
}
