// Record batches v2 in plain TypeScript, uncompressed, with the real layout and CRC: what the in-memory broker stores, and a RecordCodec
// for tests that need no core.
//
//   baseOffset i64 | batchLength i32 | partitionLeaderEpoch i32 | magic i8 | crc u32 | attributes i16 | lastOffsetDelta i32 |
//   baseTimestamp i64 | maxTimestamp i64 | producerId i64 | producerEpoch i16 | baseSequence i32 | recordCount i32 | records

import { Crc32c } from "@aws-crypto/crc32c";
import type { DecodedRecord, DecodedRecords, DecodeLimits, RecordCodec } from "../../src/record/codec.ts";

const HEADER_BYTES = 61;
const CRC_END = 21;
const CONTROL_BIT = 0x20;

export interface PlainRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export function encodePlainBatch(baseOffset: number, records: readonly PlainRecord[], isControl = false): Uint8Array<ArrayBuffer> {
  const baseTimestamp = records[0]?.timestamp ?? 0;
  const body = new Writer();
  for (const [i, record] of records.entries()) {
    const inner = new Writer();
    inner.bytes([0]);
    inner.varint(record.timestamp - baseTimestamp);
    inner.varint(i);
    inner.nullable(record.key);
    inner.nullable(record.value);
    inner.varint(record.headers.length);
    for (const { key, value } of record.headers) {
      inner.nullable(new TextEncoder().encode(key));
      inner.nullable(value);
    }
    body.varint(inner.out.length);
    body.bytes(inner.out);
  }
  const batch = new Uint8Array(HEADER_BYTES + body.out.length);
  const view = new DataView(batch.buffer);
  view.setBigInt64(0, BigInt(baseOffset));
  view.setInt32(8, batch.length - 12);
  view.setInt8(16, 2);
  view.setInt16(21, isControl ? CONTROL_BIT : 0);
  view.setInt32(23, records.length - 1);
  view.setBigInt64(27, BigInt(baseTimestamp));
  view.setBigInt64(35, BigInt(Math.max(...records.map((record) => record.timestamp))));
  view.setBigInt64(43, -1n);
  view.setInt16(51, -1);
  view.setInt32(53, -1);
  view.setInt32(57, records.length);
  batch.set(body.out, HEADER_BYTES);
  view.setUint32(17, new Crc32c().update(batch.subarray(CRC_END)).digest());
  return batch;
}

export interface PlainBatch {
  readonly baseOffset: number;
  readonly recordCount: number;
  readonly bytes: Uint8Array;
}

/** The batches of a run. Throws where a batch is cut, has another magic, or its CRC does not match. */
export function splitBatches(run: Uint8Array): PlainBatch[] {
  const batches: PlainBatch[] = [];
  for (let position = 0; position < run.length; ) {
    if (run.length - position < HEADER_BYTES) throw new Error("a batch is cut");
    const view = new DataView(run.buffer, run.byteOffset + position);
    const size = view.getInt32(8) + 12;
    if (size < HEADER_BYTES || size > run.length - position) throw new Error("a batch is cut");
    const bytes = run.subarray(position, position + size);
    if (view.getInt8(16) !== 2) throw new Error("a batch has another magic than 2");
    if (view.getUint32(17) !== new Crc32c().update(bytes.subarray(CRC_END)).digest()) throw new Error("a batch's CRC does not match");
    batches.push({ baseOffset: Number(view.getBigInt64(0)), recordCount: view.getInt32(57), bytes });
    position += size;
  }
  return batches;
}

export function withBaseOffset(batch: Uint8Array, baseOffset: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(batch);
  new DataView(copy.buffer).setBigInt64(0, BigInt(baseOffset));
  return copy;
}

export const NO_LIMITS: DecodeLimits = { maxRecords: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

export const plainCodec = { decode: decodePlain } satisfies RecordCodec;

function decodePlain(run: Uint8Array, fromOffset: number, { maxRecords, maxBytes }: DecodeLimits): DecodedRecords {
  const records: DecodedRecord[] = [];
  let decodedBytes = 0;
  let nextOffset = fromOffset;
  for (const { baseOffset, recordCount, bytes } of splitBatches(run)) {
    const isControl = (bytes[22]! & CONTROL_BIT) !== 0;
    for (const record of isControl ? [] : batchRecords(bytes, baseOffset, recordCount)) {
      if (record.offset < fromOffset) continue;
      if (records.length === maxRecords || decodedBytes >= maxBytes) return { records, bytes: decodedBytes, nextOffset };
      records.push(record);
      decodedBytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
      for (const { key, value } of record.headers) decodedBytes += key.length + (value?.length ?? 0);
      nextOffset = record.offset + 1;
    }
    nextOffset = baseOffset + recordCount;
  }
  return { records, bytes: decodedBytes, nextOffset };
}

function* batchRecords(batch: Uint8Array, baseOffset: number, recordCount: number): Generator<DecodedRecord> {
  const baseTimestamp = Number(new DataView(batch.buffer, batch.byteOffset).getBigInt64(27));
  const reader = new Reader(batch, HEADER_BYTES);
  for (let i = 0; i < recordCount; i++) {
    reader.varint(); // length
    reader.position++; // attributes
    const timestamp = baseTimestamp + reader.varint();
    const offset = baseOffset + reader.varint();
    const [key, value] = [reader.nullable(), reader.nullable()];
    const headers = Array.from({ length: reader.varint() }, () => ({
      key: new TextDecoder().decode(reader.nullable()!),
      value: reader.nullable(),
    }));
    yield { offset, timestamp, key, value, headers };
  }
}

class Writer {
  readonly out: number[] = [];

  bytes(bytes: Iterable<number>): void {
    for (const byte of bytes) this.out.push(byte);
  }

  /** Zigzag, any safe integer. */
  varint(value: number): void {
    let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
    for (; rest > 0x7fn; rest >>= 7n) this.out.push(Number(rest & 0x7fn) | 0x80);
    this.out.push(Number(rest));
  }

  nullable(bytes: Uint8Array | null): void {
    this.varint(bytes?.length ?? -1);
    this.bytes(bytes ?? []);
  }
}

class Reader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  varint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.position++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return Number(value & 1n ? -(value + 1n) / 2n : value / 2n);
  }

  nullable(): Uint8Array | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }
}
