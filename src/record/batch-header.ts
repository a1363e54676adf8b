// The header of a record batch, version 2, read and patched in place. Big endian, 61 bytes, then the records
// (org.apache.kafka.common.record.DefaultRecordBatch):
//
//    0  i64 baseOffset               17  u32 crc (CRC-32C of all from 21)     43  i64 producerId (-1: none)
//    8  i32 batchLength (from 12)    21  i16 attributes                       51  i16 producerEpoch
//   12  i32 partitionLeaderEpoch     23  i32 lastOffsetDelta                  53  i32 baseSequence
//   16  i8  magic (2)                27  i64 baseTimestamp (ms)               57  i32 recordCount
//                                    35  i64 maxTimestamp (ms)                61  records, compressed or not
//
// attributes: bits 0-2 codec, 3 timestamp type (1: LogAppendTime), 4 transactional, 5 control, 6 delete horizon.
//
// baseOffset and partitionLeaderEpoch are outside the CRC, so that a leader sets them without touching the rest.

/** Bytes before the records. */
export const BATCH_HEADER_BYTES = 61;

/** Bytes of baseOffset and batchLength, which batchLength does not count. */
export const BATCH_PREFIX_BYTES = 12;

export const MAGIC_V2 = 2;

/** No producer: the batch is not idempotent. */
export const NO_PRODUCER_ID = -1;

const CONTROL_BIT = 0x20;
const TRANSACTIONAL_BIT = 0x10;

/** What a leader needs to know of a batch. Positions and sizes are bytes within the run that the header was read from. */
export interface BatchHeader {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly magic: number;
  readonly crc: number;
  readonly attributes: number;
  /** ms */
  readonly baseTimestamp: number;
  /** ms, inclusive */
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

export function isControlBatch(header: BatchHeader): boolean {
  return (header.attributes & CONTROL_BIT) !== 0;
}

export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & TRANSACTIONAL_BIT) !== 0;
}

/**
 * Reads the header at `position`.
 * @returns null where no whole, well-formed batch begins there
 */
export function readBatchHeader(view: DataView, position: number): BatchHeader | null {
  const remaining = view.byteLength - position;
  if (position < 0 || remaining < BATCH_HEADER_BYTES) return null;
  const sizeBytes = view.getInt32(position + 8) + BATCH_PREFIX_BYTES;
  if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > remaining) return null;
  const baseOffset = Number(view.getBigInt64(position));
  return {
    position,
    sizeBytes,
    baseOffset,
    lastOffset: baseOffset + view.getInt32(position + 23),
    leaderEpoch: view.getInt32(position + 12),
    magic: view.getInt8(position + 16),
    crc: view.getUint32(position + 17),
    attributes: view.getInt16(position + 21),
    baseTimestamp: Number(view.getBigInt64(position + 27)),
    maxTimestamp: Number(view.getBigInt64(position + 35)),
    producerId: Number(view.getBigInt64(position + 43)),
    producerEpoch: view.getInt16(position + 51),
    baseSequence: view.getInt32(position + 53),
    recordCount: view.getInt32(position + 57),
  };
}

/**
 * Reads the headers of a run of whole batches.
 * @returns null where the run is empty, or anything in it is not a batch of version 2
 */
export function readBatchHeaders(bytes: ArrayBuffer): BatchHeader[] | null {
  const view = new DataView(bytes);
  const headers: BatchHeader[] = [];
  for (let position = 0; position < view.byteLength; ) {
    const header = readBatchHeader(view, position);
    if (header === null || header.magic !== MAGIC_V2 || header.recordCount < 1) return null;
    headers.push(header);
    position += header.sizeBytes;
  }
  return headers.length === 0 ? null : headers;
}

/** Sets what a leader decides: the offset of the first record, and the epoch that it led in. */
export function patchBatch(view: DataView, position: number, baseOffset: number, leaderEpoch: number): void {
  view.setBigInt64(position, BigInt(baseOffset));
  view.setInt32(position + 12, leaderEpoch);
}
