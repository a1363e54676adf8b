// A record batch (v2) written record by record into one buffer, in plain TypeScript: what a producer fills until the batch is sent. The
// header comes last, since only then its producer id, sequence and counts are known, and it may be written again with others: a retry
// under a new epoch keeps the records.
//
//   record: varint length | i8 attributes (0) | varint timestampDelta | varint offsetDelta | varint keyLength (-1: null) | key |
//           varint valueLength (-1: null) | value | varint headerCount | headers: varint keyLength | key | varint valueLength | value

import type { DecodedRecord } from "./codec.ts";
import { type Compression, codecId } from "./compression-type.ts";
import { plainCrc32c } from "./crc32c.ts";
import { writeInt64 } from "./int64.ts";
import {
  ATTRIBUTE_TRANSACTIONAL,
  BATCH_HEADER_BYTES,
  LOG_OVERHEAD_BYTES,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  POSITION,
  RECORD_BATCH_MAGIC,
  viewOf,
} from "./record-batch.ts";
import { varintSize, writeVarint } from "./varint.ts";

/** A record's header, as bytes. */
export interface HeaderBytes {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** A record as bytes. */
export interface RecordBytes {
  /** ms */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly HeaderBytes[];
}

/** Who writes a batch. */
export interface BatchProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

export const NO_PRODUCER: BatchProducer = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
  baseSequence: NO_SEQUENCE,
  isTransactional: false,
};

const encoder = new TextEncoder();

/** A record that was read, to be written again. */
export function recordBytes({ timestamp, key, value, headers }: DecodedRecord): RecordBytes {
  return { timestamp, key, value, headers: headers.map((header) => ({ key: encoder.encode(header.key), value: header.value })) };
}

/** Most that the varints and the attributes of a record take: length, two deltas (one of 64 bits), two lengths, the header count. */
const MAX_RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 5;

/** Bytes that a batch of this one record takes at most. */
export function batchSizeBound(record: RecordBytes): number {
  const headers = record.headers.reduce((sum, { key, value }) => sum + 10 + key.length + (value?.length ?? 0), 0);
  return BATCH_HEADER_BYTES + MAX_RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0) + headers;
}

export class BatchBuilder {
  readonly buffer: Uint8Array<ArrayBuffer>;
  recordCount = 0;
  baseTimestamp = 0;
  maxTimestamp = 0;
  #position = BATCH_HEADER_BYTES;

  /** @param buffer what the batch is written to; a batch never outgrows it */
  constructor(buffer: Uint8Array<ArrayBuffer>) {
    this.buffer = buffer;
  }

  /** Of the batch as it is, uncompressed. */
  get sizeBytes(): number {
    return this.#position;
  }

  /** The records as they are, uncompressed: a view. */
  get records(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(BATCH_HEADER_BYTES, this.#position);
  }

  /** Adds a record at the end. @returns false where the buffer has no room for it: nothing is written then */
  append(record: RecordBytes): boolean {
    const { key, value, headers, timestamp } = record;
    const offsetDelta = this.recordCount;
    const timestampDelta = offsetDelta === 0 ? 0 : timestamp - this.baseTimestamp;
    const bodySize =
      1 +
      varintSize(timestampDelta) +
      varintSize(offsetDelta) +
      nullableSize(key) +
      nullableSize(value) +
      varintSize(headers.length) +
      (headers.length === 0 ? 0 : headersSize(headers));
    const { buffer } = this;
    if (this.#position + varintSize(bodySize) + bodySize > buffer.length) return false;

    let at = writeVarint(buffer, this.#position, bodySize);
    buffer[at++] = 0;
    at = writeVarint(buffer, at, timestampDelta);
    at = writeVarint(buffer, at, offsetDelta);
    at = writeNullable(buffer, at, key);
    at = writeNullable(buffer, at, value);
    at = writeVarint(buffer, at, headers.length);
    for (const header of headers) at = writeNullable(buffer, writeNullable(buffer, at, header.key), header.value);
    this.#position = at;
    this.#count(timestamp);
    return true;
  }

  /**
   * Writes the header, and gives the batch: a view of the buffer, or, compressed, a buffer of its own. May be called again.
   * @param compressed the records compressed, with `compression` that of `compressed`
   */
  finish(producer: BatchProducer, compression: Compression = "none", compressed?: Uint8Array): Uint8Array<ArrayBuffer> {
    const batch =
      compressed === undefined ? this.buffer.subarray(0, this.#position) : new Uint8Array(BATCH_HEADER_BYTES + compressed.length);
    if (compressed !== undefined) batch.set(compressed, BATCH_HEADER_BYTES);
    const view = viewOf(batch);
    writeInt64(view, POSITION.baseOffset, 0);
    view.setInt32(POSITION.batchLength, batch.length - LOG_OVERHEAD_BYTES);
    view.setInt32(POSITION.partitionLeaderEpoch, NO_PARTITION_LEADER_EPOCH);
    view.setInt8(POSITION.magic, RECORD_BATCH_MAGIC);
    view.setInt16(POSITION.attributes, codecId(compression));
    view.setInt32(POSITION.lastOffsetDelta, this.recordCount - 1);
    writeInt64(view, POSITION.baseTimestamp, this.baseTimestamp);
    writeInt64(view, POSITION.maxTimestamp, this.maxTimestamp);
    view.setInt32(POSITION.recordCount, this.recordCount);
    setProducer(batch, producer);
    return batch;
  }

  #count(timestamp: number): void {
    if (this.recordCount === 0) {
      this.baseTimestamp = timestamp;
      this.maxTimestamp = timestamp;
    } else if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.recordCount++;
  }
}

/** Says who writes a whole batch, in place; its CRC follows. */
export function setProducer(batch: Uint8Array, { producerId, producerEpoch, baseSequence, isTransactional }: BatchProducer): void {
  const view = viewOf(batch);
  const attributes = view.getInt16(POSITION.attributes) & ~ATTRIBUTE_TRANSACTIONAL;
  view.setInt16(POSITION.attributes, attributes | (isTransactional ? ATTRIBUTE_TRANSACTIONAL : 0));
  writeInt64(view, POSITION.producerId, producerId);
  view.setInt16(POSITION.producerEpoch, producerEpoch);
  view.setInt32(POSITION.baseSequence, baseSequence);
  view.setUint32(POSITION.crc, plainCrc32c(batch.subarray(POSITION.attributes)));
}

function nullableSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function headersSize(headers: readonly HeaderBytes[]): number {
  return headers.reduce((sum, { key, value }) => sum + nullableSize(key) + nullableSize(value), 0);
}

function writeNullable(buffer: Uint8Array, position: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(buffer, position, -1);
  const at = writeVarint(buffer, position, bytes.length);
  buffer.set(bytes, at);
  return at + bytes.length;
}
