// Encodes one batch from a list of records that the host wrote one after another, little endian, without padding:
//
//   i64 timestamp
//   u32 offsetDelta
//   i32 keyLength     -1: null;  then the key
//   i32 valueLength   -1: null;  then the value
//   u32 headerCount   then of each header
//     u32 keyLength                then the key, UTF-8
//     i32 valueLength   -1: null;  then the value
//
// The host also writes the batch's header (record-batch.ts) to the destination, with what it alone knows: baseOffset,
// partitionLeaderEpoch, attributes, lastOffsetDelta, producer fields. The encoder adds batchLength, magic, crc, recordCount, and, unless
// the attributes say that they mean something else, baseTimestamp (delete horizon) and maxTimestamp (log append time).
//
// The list is the host's own, but its lengths are checked all the same: CORRUPT if they don't add up.

import { CODEC_NONE, CODEC_ZSTD, compress } from "./compression/codec";
import {
  CODEC_MASK,
  DELETE_HORIZON,
  HEADER_BYTES,
  LOG_APPEND_TIME,
  LOG_OVERHEAD_BYTES,
  loadI16,
  loadI64,
  sealBatch,
  storeI32,
  storeI64,
} from "./record-batch";
import { BAD_ATTRIBUTES, BAD_COUNT, CORRUPT, OUTPUT_LIMIT } from "./status";
import { sizeOfUnsigned, writeUnsigned, zigzag32, zigzag64 } from "./varint";

/** Fixed bytes of a listed record, and of a listed header. */
const LISTED_RECORD_BYTES: u32 = 24;
const LISTED_HEADER_BYTES: u32 = 8;

/**
 * Encodes `recordCount` (at least 1) listed records behind the header at `destination`.
 * @param plain room for the records before they are compressed; not used without compression
 * @returns the size of the batch, or a negative status
 */
export function batchEncode(
  list: usize,
  listLength: u32,
  recordCount: u32,
  plain: usize,
  plainCapacity: u32,
  destination: usize,
  capacity: u32,
): i32 {
  if (capacity < HEADER_BYTES) return OUTPUT_LIMIT;
  if (recordCount == 0 || recordCount > listLength / LISTED_RECORD_BYTES) return BAD_COUNT;
  const attributes = <u32>loadI16(destination + 21);
  const codec = attributes & CODEC_MASK;
  if (codec > CODEC_ZSTD) return BAD_ATTRIBUTES;
  if ((attributes & DELETE_HORIZON) == 0) storeI64(destination + 27, load<i64>(list));

  const records = destination + HEADER_BYTES;
  const room = capacity - HEADER_BYTES;
  let size = 0;
  if (codec == CODEC_NONE) {
    size = encodeRecords(list, listLength, recordCount, destination, records, room);
  } else {
    const plainBytes = encodeRecords(list, listLength, recordCount, destination, plain, plainCapacity);
    size = plainBytes < 0 ? plainBytes : compress(codec, plain, <u32>plainBytes, records, room);
  }
  if (size < 0) return size;
  return finishHeader(destination, recordCount, <u32>size);
}

function finishHeader(batch: usize, recordCount: u32, recordsBytes: u32): i32 {
  const size = HEADER_BYTES + recordsBytes;
  storeI32(batch + 8, <i32>(size - LOG_OVERHEAD_BYTES));
  store<u8>(batch, 2, 16);
  storeI32(batch + 57, <i32>recordCount);
  sealBatch(batch, size);
  return <i32>size;
}

/** Writes the records, and maxTimestamp to the header. @returns the bytes written, or a status */
function encodeRecords(list: usize, listLength: u32, count: u32, header: usize, destination: usize, capacity: u32): i32 {
  const baseTimestamp = loadI64(header + 27);
  const listEnd = list + listLength;
  const end = destination + capacity;
  let maxTimestamp: i64 = i64.MIN_VALUE;
  let position = destination;
  for (; count > 0; count--) {
    const next = listedRecordEnd(list, listEnd);
    if (next == 0) return CORRUPT;
    const timestamp = load<i64>(list);
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    const timestampDelta = zigzag64(timestamp - baseTimestamp);
    const bodyBytes = 1 + sizeOfUnsigned(timestampDelta) + encodedFieldsBytes(list, next);
    const lengthField = <u64>zigzag32(<i32>bodyBytes);
    if (sizeOfUnsigned(lengthField) + bodyBytes > <u32>(end - position)) return OUTPUT_LIMIT;
    position = writeUnsigned(position, lengthField);
    store<u8>(position, 0);
    position = writeFields(list, next, writeUnsigned(position + 1, timestampDelta));
    list = next;
  }
  if (list != listEnd) return CORRUPT;
  if ((loadI16(header + 21) & LOG_APPEND_TIME) == 0) storeI64(header + 35, maxTimestamp);
  return <i32>(position - destination);
}

/** Where the listed record at `list` ends, or 0 if its lengths run over `end`. */
function listedRecordEnd(list: usize, end: usize): usize {
  if (<u32>(end - list) < LISTED_RECORD_BYTES) return 0;
  const keyEnd = listedBytesEnd(list + 12, end);
  if (keyEnd == 0 || keyEnd + 4 > end) return 0;
  const valueEnd = listedBytesEnd(keyEnd, end);
  if (valueEnd == 0 || valueEnd + 4 > end) return 0;
  let position = valueEnd + 4;
  for (let count = load<u32>(valueEnd); count > 0; count--) {
    if (<u32>(end - position) < LISTED_HEADER_BYTES || load<i32>(position) < 0) return 0;
    position = listedBytesEnd(position, end);
    if (position == 0 || position + 4 > end) return 0;
    position = listedBytesEnd(position, end);
    if (position == 0) return 0;
  }
  return position;
}

/** Where the bytes whose i32 length stands at `position` end, or 0 if they run over `end`. */
// @ts-ignore: decorator
@inline
function listedBytesEnd(position: usize, end: usize): usize {
  const length = load<i32>(position);
  const start = position + 4;
  if (length < 0) return length == -1 ? start : 0;
  return <u32>length > <u32>(end - start) ? 0 : start + <usize>length;
}

/** The encoded size of a listed record's fields after its timestamp. */
function encodedFieldsBytes(list: usize, listEnd: usize): u32 {
  const key = list + 12;
  const value = afterListed(key);
  const headers = afterListed(value);
  const headerCount = load<u32>(headers);
  let bytes = sizeOfUnsigned(<u64>zigzag32(load<i32>(list, 8))) + encodedBytes(key) + encodedBytes(value);
  bytes += sizeOfUnsigned(<u64>zigzag32(<i32>headerCount));
  for (let position = headers + 4; position < listEnd; position = afterListed(position)) bytes += encodedBytes(position);
  return bytes;
}

// @ts-ignore: decorator
@inline
function afterListed(position: usize): usize {
  const length = load<i32>(position);
  return position + 4 + <usize>(length < 0 ? 0 : length);
}

// @ts-ignore: decorator
@inline
function encodedBytes(position: usize): u32 {
  const length = load<i32>(position);
  return sizeOfUnsigned(<u64>zigzag32(length)) + <u32>(length < 0 ? 0 : length);
}

/** Writes a listed record's fields after its timestamp. @returns the position after them */
function writeFields(list: usize, listEnd: usize, position: usize): usize {
  const key = list + 12;
  const value = afterListed(key);
  const headers = afterListed(value);
  position = writeUnsigned(position, <u64>zigzag32(load<i32>(list, 8)));
  position = writeBytes(position, key);
  position = writeBytes(position, value);
  position = writeUnsigned(position, <u64>zigzag32(load<i32>(headers)));
  for (let from = headers + 4; from < listEnd; from = afterListed(from)) position = writeBytes(position, from);
  return position;
}

// @ts-ignore: decorator
@inline
function writeBytes(position: usize, listed: usize): usize {
  const length = load<i32>(listed);
  position = writeUnsigned(position, <u64>zigzag32(length));
  if (length <= 0) return position;
  memory.copy(position, listed + 4, <usize>length);
  return position + <usize>length;
}
