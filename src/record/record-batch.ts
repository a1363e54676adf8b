// The header of a record batch, magic 2 (KIP-98), big endian: read and patched in place, without the core. What the records are like
// is checked by the core before a batch gets here; a header is only read if its batch is whole.
//
//    0 i64 baseOffset            assigned by the leader; outside the CRC
//    8 i32 batchLength           bytes after this field
//   12 i32 partitionLeaderEpoch  assigned by the leader; outside the CRC
//   16 i8  magic                 2
//   17 u32 crc                   CRC-32C of everything from the attributes on
//   21 i16 attributes            bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon
//   23 i32 lastOffsetDelta
//   27 i64 baseTimestamp         ms
//   35 i64 maxTimestamp          ms
//   43 i64 producerId            -1: none
//   51 i16 producerEpoch
//   53 i32 baseSequence
//   57 i32 recordCount
//   61     records

import { readInt64, writeInt64 } from "./int64.ts";

/** Where each field of the header stands. */
export const POSITION = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

export const BATCH_HEADER_BYTES = 61;
/** baseOffset and batchLength: what batchLength does not count. */
export const LOG_OVERHEAD_BYTES = 12;
export const RECORD_BATCH_MAGIC = 2;

export const ATTRIBUTE_CODEC_MASK = 0x07;
export const ATTRIBUTE_LOG_APPEND_TIME = 0x08;
export const ATTRIBUTE_TRANSACTIONAL = 0x10;
export const ATTRIBUTE_CONTROL = 0x20;
export const ATTRIBUTE_DELETE_HORIZON = 0x40;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_PARTITION_LEADER_EPOCH = -1;
export const NO_TIMESTAMP = -1;

/** The header of one batch of a run. */
export interface BatchHeader {
  /** Of the batch in the run. */
  readonly position: number;
  /** Of the whole batch. */
  readonly sizeBytes: number;
  readonly baseOffset: number;
  readonly partitionLeaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** A DataView of exactly the bytes of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The size of the batch at `position`, or 0 if no whole batch stands there. */
export function batchSizeAt(view: DataView, position: number): number {
  if (view.byteLength - position < BATCH_HEADER_BYTES) return 0;
  const sizeBytes = view.getInt32(position + POSITION.batchLength) + LOG_OVERHEAD_BYTES;
  return sizeBytes < BATCH_HEADER_BYTES || sizeBytes > view.byteLength - position ? 0 : sizeBytes;
}

/** Reads the header at `position`, where a whole batch stands. */
export function readBatchHeader(view: DataView, position = 0): BatchHeader {
  return {
    position,
    sizeBytes: view.getInt32(position + POSITION.batchLength) + LOG_OVERHEAD_BYTES,
    baseOffset: readInt64(view, position),
    partitionLeaderEpoch: view.getInt32(position + POSITION.partitionLeaderEpoch),
    attributes: view.getInt16(position + POSITION.attributes),
    lastOffsetDelta: view.getInt32(position + POSITION.lastOffsetDelta),
    baseTimestamp: readInt64(view, position + POSITION.baseTimestamp),
    maxTimestamp: readInt64(view, position + POSITION.maxTimestamp),
    producerId: readInt64(view, position + POSITION.producerId),
    producerEpoch: view.getInt16(position + POSITION.producerEpoch),
    baseSequence: view.getInt32(position + POSITION.baseSequence),
    recordCount: view.getInt32(position + POSITION.recordCount),
  };
}

/** The headers of a run, in order; ends before a last batch that is not whole, as fetch answers may have. */
export function* batchHeaders(bytes: Uint8Array): Generator<BatchHeader> {
  const view = viewOf(bytes);
  for (let position = 0; ; ) {
    const sizeBytes = batchSizeAt(view, position);
    if (sizeBytes === 0) return;
    yield readBatchHeader(view, position);
    position += sizeBytes;
  }
}

/** The headers of a run of whole batches of magic 2 with records in them; null if it is empty or anything else stands in it. */
export function wholeRunHeaders(bytes: Uint8Array): BatchHeader[] | null {
  const view = viewOf(bytes);
  const headers: BatchHeader[] = [];
  for (let position = 0; position < bytes.length; ) {
    const sizeBytes = batchSizeAt(view, position);
    if (sizeBytes === 0 || view.getInt8(position + POSITION.magic) !== RECORD_BATCH_MAGIC) return null;
    const header = readBatchHeader(view, position);
    if (header.recordCount < 1 || header.lastOffsetDelta < 0) return null;
    headers.push(header);
    position += sizeBytes;
  }
  return headers.length === 0 ? null : headers;
}

export function lastOffset(header: BatchHeader): number {
  return header.baseOffset + header.lastOffsetDelta;
}

export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & ATTRIBUTE_TRANSACTIONAL) !== 0;
}

export function isControl(header: BatchHeader): boolean {
  return (header.attributes & ATTRIBUTE_CONTROL) !== 0;
}

export function isLogAppendTime(header: BatchHeader): boolean {
  return (header.attributes & ATTRIBUTE_LOG_APPEND_TIME) !== 0;
}

/** The sequence `delta` after `sequence`; sequences run on from 0 after 2^31 - 1 (DefaultRecordBatch.incrementSequence). */
export function incrementSequence(sequence: number, delta: number): number {
  return (sequence + delta) % 0x8000_0000;
}

/** Whether `sequence` comes before `other` as sequences run on: of the two ways around, the shorter one counts. */
export function isSequenceBefore(sequence: number, other: number): boolean {
  const ahead = incrementSequence(other, 0x8000_0000 - sequence);
  return ahead > 0 && ahead < 0x4000_0000;
}

/** The last sequence of a batch, or NO_SEQUENCE. */
export function lastSequence(header: BatchHeader): number {
  return header.baseSequence === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(header.baseSequence, header.lastOffsetDelta);
}

/** Sets what a leader assigns to one batch. The CRC covers neither. */
export function patchBatch(view: DataView, position: number, baseOffset: number, leaderEpoch: number): void {
  writeInt64(view, position, baseOffset);
  view.setInt32(position + POSITION.partitionLeaderEpoch, leaderEpoch);
}

/**
 * Gives the batches of a whole run consecutive offsets from `baseOffset` on.
 * @returns the offset after the last one
 * @throws RangeError if the run does not end with a whole batch; nothing has changed then
 */
export function patchRun(bytes: Uint8Array, baseOffset: number, leaderEpoch: number): number {
  const view = viewOf(bytes);
  const positions: number[] = [];
  for (let position = 0; position < bytes.length; position += batchSizeAt(view, position)) {
    if (batchSizeAt(view, position) === 0) throw new RangeError(`no whole batch at position ${position}`);
    positions.push(position);
  }
  let offset = baseOffset;
  for (const position of positions) {
    patchBatch(view, position, offset, leaderEpoch);
    offset += view.getInt32(position + POSITION.lastOffsetDelta) + 1;
  }
  return offset;
}
