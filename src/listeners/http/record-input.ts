// Reads the records of a produce request, from JSON or MessagePack, in one pass: the hot path of produce, so no schema library runs here.
// It takes what the contract's `produceRecord` takes (a test holds the two together). A record that is not valid is told by its index and
// field, and never stops the others.

import type { ProduceRecord } from "../../broker/messages/produce.ts";
import { decodeBase64 } from "../../common/base64.ts";
import type { ErrorName, Failure } from "../../common/errors.ts";
import { MAX_HEADERS_PER_RECORD, MAX_RECORDS_PER_REQUEST } from "../../common/limits/records.ts";
import { MAX_PARTITIONS_PER_TOPIC } from "../../common/limits/topics.ts";
import { jsonText, jsonTextOfMsgpack } from "./json.ts";
import { refuse } from "./problem.ts";

export interface RefusedRecord {
  /** In the request. */
  readonly index: number;
  /** -1 where the record names none. */
  readonly partition: number;
  readonly failure: Failure;
}

export interface ReadRecords {
  readonly records: readonly ProduceRecord[];
  /** Where each of `records` stood in the request. */
  readonly indices: readonly number[];
  readonly refused: readonly RefusedRecord[];
}

/** What a key, a value or a header value becomes: null, text to be stored as UTF-8, or bytes. Throws FieldError. */
type ByteReader = (value: unknown, field: string) => string | Uint8Array | null;

/** How the bytes of a record stand in the body's format. */
export type RecordFormat = "json" | "msgpack";

class FieldError extends Error {
  readonly error: ErrorName;

  constructor(detail: string, error: ErrorName = "INVALID_RECORD") {
    super(detail);
    this.error = error;
  }
}

/** Reads `records` of a produce request. Throws 400 where it is not an array, or has none or too many. */
export function readRecords(records: unknown, format: RecordFormat): ReadRecords {
  if (!Array.isArray(records)) throw refuse("INVALID_REQUEST", "In the body, records: must be an array of records.");
  if (records.length === 0) throw refuse("INVALID_REQUEST", "In the body, records: must hold at least one record.");
  if (records.length > MAX_RECORDS_PER_REQUEST) {
    throw refuse("RECORD_LIST_TOO_LARGE", `In the body, records: there are ${records.length}, ${MAX_RECORDS_PER_REQUEST} are the most.`);
  }
  const reader = new RecordReader(format);
  for (const record of records) reader.add(record);
  return reader.take();
}

/** Collects records as they come; indices run on over several `take`s. */
export class RecordReader {
  private records: ProduceRecord[] = [];
  private indices: number[] = [];
  private refused: RefusedRecord[] = [];
  private nextIndex = 0;
  private readonly toBytes: ByteReader;

  constructor(format: RecordFormat) {
    this.toBytes = format === "json" ? bytesOfJson : bytesOfMsgpack;
  }

  /** Records and refusals that the next `take` gives. */
  get count(): number {
    return this.records.length + this.refused.length;
  }

  add(value: unknown): void {
    const index = this.nextIndex++;
    try {
      this.records.push(readRecord(value, this.toBytes));
      this.indices.push(index);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      this.refuseAt(index, partitionOf(value), error.error, error.message);
    }
  }

  /** Counts a record that could not even be parsed. */
  refuseNext(detail: string): void {
    this.refuseAt(this.nextIndex++, -1, "INVALID_RECORD", detail);
  }

  take(): ReadRecords {
    const taken = { records: this.records, indices: this.indices, refused: this.refused };
    [this.records, this.indices, this.refused] = [[], [], []];
    return taken;
  }

  private refuseAt(index: number, partition: number, error: ErrorName, detail: string): void {
    this.refused.push({ index, partition, failure: { error, detail: `records[${index}]${detail}` } });
  }
}

function partitionOf(value: unknown): number {
  const partition = isObject(value) ? value.partition : undefined;
  return isInteger(partition, MAX_PARTITIONS_PER_TOPIC - 1) ? partition : -1;
}

function readRecord(value: unknown, toBytes: ByteReader): ProduceRecord {
  if (!isObject(value)) throw new FieldError(": must be an object");
  for (const field in value) {
    switch (field) {
      case "key":
      case "value":
      case "headers":
      case "timestamp":
      case "partition":
        break;
      default:
        throw new FieldError(`: there is no field ${JSON.stringify(field.slice(0, 64))}`);
    }
  }
  const { headers, timestamp, partition } = value;
  const record: Writable<ProduceRecord> = { key: toBytes(value.key, "key"), value: toBytes(value.value, "value") };
  if (headers !== undefined && headers !== null) record.headers = readHeaders(headers, toBytes);
  if (timestamp !== undefined && timestamp !== null) record.timestamp = readTimestamp(timestamp);
  if (partition !== undefined && partition !== null) record.partition = readPartition(partition);
  return record;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function readTimestamp(value: unknown): number {
  if (isInteger(value, Number.MAX_SAFE_INTEGER)) return value;
  throw new FieldError(".timestamp: must be an integer of milliseconds, 0 or more", "INVALID_TIMESTAMP");
}

function readPartition(value: unknown): number {
  if (isInteger(value, MAX_PARTITIONS_PER_TOPIC - 1)) return value;
  throw new FieldError(`.partition: must be an integer from 0 to ${MAX_PARTITIONS_PER_TOPIC - 1}`);
}

function readHeaders(value: unknown, toBytes: ByteReader): NonNullable<ProduceRecord["headers"]> {
  if (!Array.isArray(value)) throw new FieldError('.headers: must be an array of {"key", "value"}');
  if (value.length > MAX_HEADERS_PER_RECORD) {
    throw new FieldError(`.headers: there are ${value.length}, ${MAX_HEADERS_PER_RECORD} are the most`);
  }
  return value.map((header, i) => readHeader(header, `headers[${i}]`, toBytes));
}

function readHeader(header: unknown, field: string, toBytes: ByteReader) {
  if (!isObject(header)) throw new FieldError(`.${field}: must be an object`);
  for (const name in header) {
    if (name !== "key" && name !== "value") throw new FieldError(`.${field}: there is no field ${JSON.stringify(name.slice(0, 64))}`);
  }
  const { key } = header;
  if (typeof key !== "string") throw new FieldError(`.${field}.key: must be a string`);
  return { key: wellFormed(key, `${field}.key`), value: toBytes(header.value, `${field}.value`) };
}

function bytesOfJson(value: unknown, field: string): string | Uint8Array | null {
  if (typeof value === "string") return wellFormed(value, field);
  if (value === null || value === undefined) return null;
  const base64 = onlyBase64(value);
  if (base64 === undefined) return textOf(value, field, jsonText);
  const bytes = decodeBase64(base64);
  if (bytes === null) throw new FieldError(`.${field}.base64: is not base64`);
  return bytes;
}

function bytesOfMsgpack(value: unknown, field: string): string | Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return wellFormed(value, field);
  if (value === null || value === undefined) return null;
  return textOf(value, field, jsonTextOfMsgpack);
}

/** The text of `{"base64": "…"}`; undefined for any other value. */
function onlyBase64(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { base64 } = value as { base64?: unknown };
  return typeof base64 === "string" && Object.keys(value).length === 1 ? base64 : undefined;
}

function textOf(value: unknown, field: string, stringify: (value: unknown) => string): string {
  try {
    return stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw new FieldError(`.${field}: is nested too deeply`);
    if (error instanceof TypeError) throw new FieldError(`.${field}: ${error.message}`);
    throw error;
  }
}

/** A lone surrogate has no UTF-8: it would be stored as another character than was sent. */
function wellFormed(text: string, field: string): string {
  if (!text.isWellFormed()) throw new FieldError(`.${field}: has a lone surrogate, which UTF-8 cannot hold`);
  return text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function isInteger(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}
