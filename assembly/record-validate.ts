// Checks a run of batches as Kafka's broker does when a producer sends it (LogValidator, DefaultRecordBatch.ensureValid), and writes
// one entry a batch for the host to read. In the order of the checks: frame, magic, CRC, attributes, offsets, count, producer,
// timestamps, records (inside the compression too). The first fault ends it.
//
// Stricter than Kafka, which ignores them: unknown attribute bits, lengths below -1, a client's delete horizon or log append time,
// producer ids and times that JavaScript can't hold exactly. Like Kafka, a maxTimestamp that is not the largest of the records is no
// fault: the entry holds both, and the leader writes the true one (`batchSetMaxTimestamp`).
//
// Info entry, little endian:
//
//    0 u32 position                 of the batch in the run
//    4 u32 sizeBytes                of the whole batch
//    8 i64 baseOffset
//   16 i32 partitionLeaderEpoch
//   20 u32 attributes
//   24 i32 lastOffsetDelta
//   28 i32 recordCount
//   32 i64 baseTimestamp
//   40 i64 maxTimestamp             as the header says
//   48 i64 producerId
//   56 i32 producerEpoch
//   60 i32 baseSequence
//   64 i64 recordsMaxTimestamp      of the records themselves; -1 without records
//   72 i64 recordsMinTimestamp      of those that have a time; -1 if none has
//   80 i32 maxTimestampOffsetDelta  of the first record with recordsMaxTimestamp; -1 without records
//   84 u32 nullKeyCount             records without a key, which a compacted topic refuses
//   88 u32 recordsBytes             of the records, decompressed
//   92 u32 crc

import { crc32c } from "./crc32c";
import { CODEC_NONE, CODEC_ZSTD } from "./compression/codec";
import { clearOutcome, setBatchIndex, setPlainBytes } from "./outcome";
import {
  CODEC_MASK,
  CONTROL,
  CRC_FROM,
  DELETE_HORIZON,
  HEADER_BYTES,
  LOG_APPEND_TIME,
  MAX_SAFE_INTEGER,
  TRANSACTIONAL,
  batchSizeAt,
  loadI16,
  loadI32,
  loadI64,
} from "./record-batch";
import { DISCARDED_ENTRY, codecOf, copySummary, openRecords, walkRecords } from "./record-walk";
import {
  BAD_ATTRIBUTES,
  BAD_COUNT,
  BAD_CRC,
  BAD_LENGTH,
  BAD_MAGIC,
  BAD_OFFSET,
  BAD_PRODUCER,
  BAD_TIMESTAMP,
  TOO_MANY_BATCHES,
  TOO_MANY_RECORDS,
} from "./status";

export const INFO_BYTES: u32 = 96;

/** Flag: the run comes from a client, so only what a producer may write is accepted. */
const FROM_CLIENT: u32 = 1;
/** Flag: stop after the header and the CRC. The entry's fields about the records are then 0. */
const HEADERS_ONLY: u32 = 2;

/**
 * Validates the run [source, source + sourceLength).
 * @param flags FROM_CLIENT | HEADERS_ONLY
 * @param maxRecords the most records that one batch may have
 * @param table room for `tableCapacity` info entries, 8-byte aligned
 * @param plain room for the decompressed records of all compressed batches of the run together; OUTPUT_LIMIT if they don't fit
 * @returns the number of batches; or a status, the batch and record at fault in the outcome
 */
export function batchesValidate(
  source: usize,
  sourceLength: u32,
  flags: u32,
  maxRecords: u32,
  table: usize,
  tableCapacity: u32,
  plain: usize,
  plainCapacity: u32,
): i32 {
  clearOutcome();
  if (sourceLength == 0) return BAD_LENGTH;
  const end = source + sourceLength;
  let plainBytes: u32 = 0;
  let count: u32 = 0;
  for (let batch = source; batch < end; count++) {
    setBatchIndex(count);
    if (count == tableCapacity) return TOO_MANY_BATCHES;
    const info = table + <usize>(count * INFO_BYTES);
    const size = checkFrame(batch, end);
    if (size < 0) return size;
    const status = checkHeader(batch, flags, maxRecords);
    if (status < 0) return status;
    writeHeaderInfo(info, batch, <u32>size, <u32>(batch - source));
    if (!(flags & HEADERS_ONLY)) {
      const recordsBytes = checkRecords(info, batch, <u32>size, plain + plainBytes, plainCapacity - plainBytes);
      if (recordsBytes < 0) return recordsBytes;
      if (codecOf(batch) != CODEC_NONE) plainBytes += <u32>recordsBytes;
    }
    batch += <usize>size;
  }
  setPlainBytes(plainBytes);
  return <i32>count;
}

/** Magic, length and CRC. @returns the size of the batch, or a status */
function checkFrame(batch: usize, end: usize): i32 {
  if (end - batch <= 16) return BAD_LENGTH;
  if (load<u8>(batch, 16) != 2) return BAD_MAGIC;
  const size = batchSizeAt(batch, end);
  if (size == 0) return BAD_LENGTH;
  const crc = <u32>loadI32(batch + 17);
  return crc == crc32c(batch + CRC_FROM, size - CRC_FROM, 0) ? <i32>size : BAD_CRC;
}

/** The fields that the CRC covers, and baseOffset. @returns 0 or a status */
function checkHeader(batch: usize, flags: u32, maxRecords: u32): i32 {
  const isFromClient = (flags & FROM_CLIENT) != 0;
  const attributes = <u32>loadI16(batch + 21);
  const known = CODEC_MASK | LOG_APPEND_TIME | TRANSACTIONAL | (isFromClient ? 0 : CONTROL | DELETE_HORIZON);
  if ((attributes & ~known) != 0 || (attributes & CODEC_MASK) > CODEC_ZSTD) return BAD_ATTRIBUTES;

  const lastOffsetDelta = loadI32(batch + 23);
  const recordCount = loadI32(batch + 57);
  if (lastOffsetDelta < 0 || <u64>loadI64(batch) > <u64>(MAX_SAFE_INTEGER - lastOffsetDelta)) return BAD_OFFSET;
  if (recordCount < 0 || recordCount - 1 > lastOffsetDelta) return BAD_COUNT;
  if (isFromClient && recordCount - 1 != lastOffsetDelta) return BAD_COUNT;
  if (<u32>recordCount > maxRecords) return TOO_MANY_RECORDS;

  if (!isProducerSane(batch, attributes, isFromClient)) return BAD_PRODUCER;

  if (isFromClient && (attributes & LOG_APPEND_TIME) != 0) return BAD_TIMESTAMP;
  return isTimestamp(loadI64(batch + 27)) && isTimestamp(loadI64(batch + 35)) ? 0 : BAD_TIMESTAMP;
}

/** A producer id goes with an epoch and, from a client, a sequence; a transaction needs a producer id. */
function isProducerSane(batch: usize, attributes: u32, isFromClient: bool): bool {
  const producerId = loadI64(batch + 43);
  if (producerId < -1 || producerId > MAX_SAFE_INTEGER) return false;
  if (producerId == -1) return (attributes & TRANSACTIONAL) == 0;
  if (loadI16(batch + 51) < 0) return false;
  return !isFromClient || loadI32(batch + 53) >= 0;
}

// @ts-ignore: decorator
@inline
function isTimestamp(timestamp: i64): bool {
  return timestamp >= -1 && timestamp <= MAX_SAFE_INTEGER;
}

/** Walks the records and fills in what the entry says of them. @returns their bytes, decompressed, or a status */
function checkRecords(info: usize, batch: usize, size: u32, plain: usize, plainCapacity: u32): i32 {
  const bytes = openRecords(batch, size, plain, plainCapacity);
  if (bytes < 0) return bytes;
  const records = codecOf(batch) == CODEC_NONE ? batch + HEADER_BYTES : plain;
  const status = walkRecords(batch, records, records + <usize>bytes, records, DISCARDED_ENTRY, false);
  if (status < 0) return status;
  copySummary(info + 64);
  store<u32>(info, <u32>bytes, 88);
  return bytes;
}

function writeHeaderInfo(info: usize, batch: usize, size: u32, position: u32): void {
  store<u32>(info, position);
  store<u32>(info, size, 4);
  store<i64>(info, loadI64(batch), 8);
  store<i32>(info, loadI32(batch + 12), 16);
  store<u32>(info, <u32>loadI16(batch + 21), 20);
  store<i32>(info, loadI32(batch + 23), 24);
  store<i32>(info, loadI32(batch + 57), 28);
  store<i64>(info, loadI64(batch + 27), 32);
  store<i64>(info, loadI64(batch + 35), 40);
  store<i64>(info, loadI64(batch + 43), 48);
  store<i32>(info, loadI16(batch + 51), 56);
  store<i32>(info, loadI32(batch + 53), 60);
  memory.fill(info + 64, 0, 28);
  store<u32>(info, <u32>loadI32(batch + 17), 92);
}
