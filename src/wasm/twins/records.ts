// The records of a batch in plain TypeScript: reading one, and walking them all. What the core's walk is compared with. Not bundled.

import { BAD_OFFSET, BAD_RECORD, BAD_TIMESTAMP } from "../status.ts";
import { readVarintTwin } from "./varint.ts";

export interface RecordTwin {
  readonly offsetDelta: number;
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: { key: Uint8Array; value: Uint8Array | null }[];
}

export interface WalkHeader {
  readonly recordCount: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: bigint;
  /** The log append time, if that is what the batch has. */
  readonly appendTime: bigint | null;
}

/** A status, and the record at fault if it is one record. */
export interface WalkFault {
  readonly status: number;
  readonly recordIndex?: number;
}

class Malformed extends Error {}

class Cursor {
  readonly bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  varint(bits: 32 | 64 = 32): bigint {
    const read = readVarintTwin(this.bytes, this.position, this.end, bits);
    if (read === null) throw new Malformed();
    this.position = read.position;
    return read.value;
  }

  length(): number {
    return Number(this.varint());
  }

  take(length: number): Uint8Array {
    if (length < 0 || length > this.end - this.position) throw new Malformed();
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  nullable(): Uint8Array | null {
    const length = this.length();
    return length === -1 ? null : this.take(length);
  }
}

/** Reads all records of `bytes`, which hold nothing else. */
export function walkRecordsTwin(bytes: Uint8Array, header: WalkHeader): RecordTwin[] | WalkFault {
  const cursor = new Cursor(bytes, 0, bytes.length);
  const records: RecordTwin[] = [];
  let previous = -1;
  for (let recordIndex = 0; recordIndex < header.recordCount; recordIndex++) {
    const record = readRecord(cursor, header);
    if (record === null) return { status: BAD_RECORD, recordIndex };
    if (record.offsetDelta <= previous || record.offsetDelta > header.lastOffsetDelta) return { status: BAD_OFFSET, recordIndex };
    if (record.timestamp < -1n || record.timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return { status: BAD_TIMESTAMP, recordIndex };
    previous = record.offsetDelta;
    records.push(record);
  }
  return cursor.position === bytes.length ? records : { status: BAD_RECORD };
}

function readRecord(cursor: Cursor, header: WalkHeader): RecordTwin | null {
  try {
    const length = cursor.length();
    const body = cursor.take(length);
    const inner = new Cursor(body, 1, length);
    const timestampDelta = inner.varint(64);
    const offsetDelta = inner.length();
    const key = inner.nullable();
    const value = inner.nullable();
    const headerCount = inner.length();
    if (headerCount < 0) return null;
    const headers: RecordTwin["headers"] = [];
    for (let i = 0; i < headerCount; i++) headers.push({ key: inner.take(inner.length()), value: inner.nullable() });
    if (inner.position !== length) return null;
    const timestamp = header.appendTime ?? BigInt.asIntN(64, header.baseTimestamp + timestampDelta);
    return { offsetDelta, timestamp, key, value, headers };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
