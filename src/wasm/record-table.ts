// The records of one decoded batch: the core's table of where everything stands (assembly/record.ts draws its entries), and the bytes that
// it points into. A record is a place in the table; its key, value and headers are made when they are asked for, as views: most readers of
// many records hand them on as JSON, which the core writes from the table (json-writer.ts).

import type { DecodedRecord } from "../record/codec.ts";
import { readInt64 } from "../record/int64.ts";
import { headerBytes, type RecordHeader, readRecordHeaders } from "./record-headers.ts";

export const ENTRY_BYTES = 40;

/** Positions of an entry's fields. */
const OFFSET_DELTA = 0;
const HEADER_COUNT = 4;
const TIMESTAMP = 8;
const KEY_POSITION = 16;
const KEY_LENGTH = 20;
const VALUE_POSITION = 24;
const VALUE_LENGTH = 28;
const HEADERS_POSITION = 32;

export class RecordTable {
  readonly baseOffset: number;
  /** Of all records, in their order. */
  readonly entries: Uint8Array<ArrayBuffer>;
  /** What positions are counted in. */
  readonly source: Uint8Array;
  readonly #view: DataView;

  /** @param entries a copy: the core's memory changes with its next call */
  constructor(baseOffset: number, entries: Uint8Array<ArrayBuffer>, source: Uint8Array) {
    this.baseOffset = baseOffset;
    this.entries = entries;
    this.source = source;
    this.#view = new DataView(entries.buffer);
  }

  get count(): number {
    return this.entries.length / ENTRY_BYTES;
  }

  offset(index: number): number {
    return this.baseOffset + this.#view.getInt32(index * ENTRY_BYTES + OFFSET_DELTA, true);
  }

  /** ms; -1 for none */
  timestamp(index: number): number {
    return readInt64(this.#view, index * ENTRY_BYTES + TIMESTAMP, true);
  }

  key(index: number): Uint8Array | null {
    return this.#bytes(index * ENTRY_BYTES + KEY_POSITION, index * ENTRY_BYTES + KEY_LENGTH);
  }

  value(index: number): Uint8Array | null {
    return this.#bytes(index * ENTRY_BYTES + VALUE_POSITION, index * ENTRY_BYTES + VALUE_LENGTH);
  }

  headers(index: number): readonly RecordHeader[] {
    return this.readHeaders(index, readRecordHeaders);
  }

  readHeaders<Header>(index: number, read: (source: Uint8Array, position: number, count: number) => readonly Header[]): readonly Header[] {
    const count = this.#headerCount(index);
    return count === 0 ? NO_HEADERS : read(this.source, this.#headersPosition(index), count);
  }

  /** Bytes of the key, the value and the headers' names and values. */
  contentBytes(index: number): number {
    const at = index * ENTRY_BYTES;
    const bytes = Math.max(0, this.#view.getInt32(at + KEY_LENGTH, true)) + Math.max(0, this.#view.getInt32(at + VALUE_LENGTH, true));
    const count = this.#headerCount(index);
    return count === 0 ? bytes : bytes + headerBytes(this.source, this.#headersPosition(index), count);
  }

  /** Where the contents of some records stand that follow each other: from the first one's key to the next record's. */
  span(first: number, end: number): { readonly from: number; readonly to: number } {
    const from = this.#view.getUint32(first * ENTRY_BYTES + KEY_POSITION, true);
    return { from, to: end < this.count ? this.#view.getUint32(end * ENTRY_BYTES + KEY_POSITION, true) : this.source.length };
  }

  /** Bytes of that span. */
  spanBytes(first: number, end: number): number {
    const { from, to } = this.span(first, end);
    return to - from;
  }

  #headerCount(index: number): number {
    return this.#view.getInt32(index * ENTRY_BYTES + HEADER_COUNT, true);
  }

  #headersPosition(index: number): number {
    return this.#view.getUint32(index * ENTRY_BYTES + HEADERS_POSITION, true);
  }

  #bytes(position: number, length: number): Uint8Array | null {
    return viewOf(this.source, this.#view.getUint32(position, true), this.#view.getInt32(length, true));
  }
}

/** A record as a place in a table. Its parts are no properties of its own: `{...record}` does not have them. */
export class TableRecord implements DecodedRecord {
  readonly table: RecordTable;
  readonly index: number;
  readonly offset: number;

  constructor(table: RecordTable, index: number, offset: number) {
    this.table = table;
    this.index = index;
    this.offset = offset;
  }

  get timestamp(): number {
    return this.table.timestamp(this.index);
  }

  get key(): Uint8Array | null {
    return this.table.key(this.index);
  }

  get value(): Uint8Array | null {
    return this.table.value(this.index);
  }

  get headers(): readonly RecordHeader[] {
    return this.table.headers(this.index);
  }
}

/** Bytes of a record's key, value and headers. */
export function contentBytes(record: DecodedRecord): number {
  if (record instanceof TableRecord) return record.table.contentBytes(record.index);
  const { key, value, headers } = record;
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
  return bytes;
}

const NO_HEADERS: readonly never[] = [];

/** A view; the constructor takes half the time of `subarray`. @param length -1: null */
function viewOf(source: Uint8Array, position: number, length: number): Uint8Array | null {
  return length < 0 ? null : new Uint8Array(source.buffer, source.byteOffset + position, length);
}
