// One record of a batch, as it stands in the (decompressed) records:
//
//   varint  length           bytes after this field
//   i8      attributes       unused
//   varlong timestampDelta   from the batch's baseTimestamp
//   varint  offsetDelta      from the batch's baseOffset
//   varint  keyLength        -1: null;  then the key
//   varint  valueLength      -1: null;  then the value
//   varint  headerCount      then of each header
//     varint  keyLength      never null;  then the key, UTF-8
//     varint  valueLength    -1: null;  then the value
//
// and the entry that a reader makes of it, little endian, positions counted from an origin that the reader is given:
//
//    0 i32 offsetDelta
//    4 u32 headerCount
//    8 i64 timestamp         readRecord leaves timestampDelta here
//   16 u32 keyPosition
//   20 i32 keyLength         -1: null
//   24 u32 valuePosition
//   28 i32 valueLength       -1: null
//   32 u32 headersPosition   of the first header, after the count
//   36 u32 sizeBytes         of the record, its length field included
//
// Invariant: nothing at or after `end` is read, and a record is accepted only if its parts end exactly where its length says.

import { BAD_VARINT, positionOf, readVarint, readVarlong, unzigzag32, valueOf } from "./varint";

export const ENTRY_BYTES: u32 = 40;

/** The shortest record: every field one byte. */
export const MIN_RECORD_BYTES: u32 = 7;

const BAD_RECORD_POSITION: usize = 0;

/** A length of -1, zigzag coded. */
const ZIGZAG_NULL: u32 = 1;

/** The position after `length` bytes (-1, null: after none) at `position`, or 0 if that is no length or runs over `end`. */
// @ts-ignore: decorator
@inline
function skipBytes(position: usize, end: usize, length: i32): usize {
  if (length < 0) return length == -1 ? position : BAD_RECORD_POSITION;
  return <u32>length > <u32>(end - position) ? BAD_RECORD_POSITION : position + <usize>length;
}

/** Reads the record at `position` into `entry`. @returns the position after it, or 0 if it is malformed */
// @ts-ignore: decorator
@inline
export function readRecord(position: usize, end: usize, origin: usize, entry: usize): usize {
  const next = readCommonRecord(position, end, origin, entry);
  return next != 0 ? next : readAnyRecord(position, end, origin, entry);
}

/** What a common record takes up to its key: two bytes each of length, deltas and key length, and the attributes. */
const COMMON_PREFIX_BYTES: u32 = 9;

/**
 * Reads a record as nearly all are: without headers, lengths and deltas of one or two bytes. The fields are written out one by one, for
 * a helper would have to return value and position packed together, and then each load waits for the one before it: this halves
 * the time of a walk (bench/core/record-batch.bench.ts).
 * @returns the position after it, or 0 if it is not such a record; that it is malformed is for readAnyRecord to say
 */
function readCommonRecord(start: usize, end: usize, origin: usize, entry: usize): usize {
  if (<u32>(end - start) < COMMON_PREFIX_BYTES) return 0;
  let position = start;
  let length = <u32>load<u8>(position++);
  if (length >= 0x80) {
    const high = <u32>load<u8>(position++);
    if (high >= 0x80) return 0;
    length = (length & 0x7f) | (high << 7);
  }
  const recordEnd = position + <usize>(length >> 1);
  if ((length & 1) != 0 || recordEnd > end) return 0;

  position++;
  let timestampDelta = <u32>load<u8>(position++);
  if (timestampDelta >= 0x80) {
    const high = <u32>load<u8>(position++);
    if (high >= 0x80) return 0;
    timestampDelta = (timestampDelta & 0x7f) | (high << 7);
  }
  let offsetDelta = <u32>load<u8>(position++);
  if (offsetDelta >= 0x80) {
    const high = <u32>load<u8>(position++);
    if (high >= 0x80) return 0;
    offsetDelta = (offsetDelta & 0x7f) | (high << 7);
  }
  let keyLength = <u32>load<u8>(position++);
  if (keyLength >= 0x80) {
    const high = <u32>load<u8>(position++);
    if (high >= 0x80) return 0;
    keyLength = (keyLength & 0x7f) | (high << 7);
  }
  const keyPosition = position;
  if ((keyLength & 1) == 0) position += <usize>(keyLength >> 1);
  else if (keyLength != ZIGZAG_NULL) return 0;

  if (position + 2 > recordEnd) return 0;
  let valueLength = <u32>load<u8>(position++);
  if (valueLength >= 0x80) {
    const high = <u32>load<u8>(position++);
    if (high >= 0x80) return 0;
    valueLength = (valueLength & 0x7f) | (high << 7);
  }
  const valuePosition = position;
  if ((valueLength & 1) == 0) position += <usize>(valueLength >> 1);
  else if (valueLength != ZIGZAG_NULL) return 0;

  if (position + 1 != recordEnd || load<u8>(position) != 0) return 0;
  store<i32>(entry, unzigzag32(offsetDelta));
  store<u32>(entry, 0, 4);
  store<i64>(entry, <i64>unzigzag32(timestampDelta), 8);
  store<u32>(entry, <u32>(keyPosition - origin), 16);
  store<i32>(entry, unzigzag32(keyLength), 20);
  store<u32>(entry, <u32>(valuePosition - origin), 24);
  store<i32>(entry, unzigzag32(valueLength), 28);
  store<u32>(entry, <u32>(recordEnd - origin), 32);
  store<u32>(entry, <u32>(recordEnd - start), 36);
  return recordEnd;
}

/** Reads any record. @returns the position after it, or 0 if it is malformed */
function readAnyRecord(position: usize, end: usize, origin: usize, entry: usize): usize {
  const length = readVarint(position, end);
  if (length == BAD_VARINT || valueOf(length) < <i32>(MIN_RECORD_BYTES - 1)) return BAD_RECORD_POSITION;
  const recordEnd = skipBytes(positionOf(length), end, valueOf(length));
  if (recordEnd == BAD_RECORD_POSITION) return BAD_RECORD_POSITION;
  store<u32>(entry, <u32>(recordEnd - position), 36);

  const afterTimestamp = readVarlong(positionOf(length) + 1, recordEnd, entry + 8);
  if (afterTimestamp == 0) return BAD_RECORD_POSITION;
  const offsetDelta = readVarint(afterTimestamp, recordEnd);
  if (offsetDelta == BAD_VARINT) return BAD_RECORD_POSITION;
  store<i32>(entry, valueOf(offsetDelta));

  const keyLength = readVarint(positionOf(offsetDelta), recordEnd);
  if (keyLength == BAD_VARINT) return BAD_RECORD_POSITION;
  store<u32>(entry, <u32>(positionOf(keyLength) - origin), 16);
  store<i32>(entry, valueOf(keyLength), 20);
  const afterKey = skipBytes(positionOf(keyLength), recordEnd, valueOf(keyLength));
  if (afterKey == BAD_RECORD_POSITION) return BAD_RECORD_POSITION;

  const valueLength = readVarint(afterKey, recordEnd);
  if (valueLength == BAD_VARINT) return BAD_RECORD_POSITION;
  store<u32>(entry, <u32>(positionOf(valueLength) - origin), 24);
  store<i32>(entry, valueOf(valueLength), 28);
  const afterValue = skipBytes(positionOf(valueLength), recordEnd, valueOf(valueLength));
  if (afterValue == BAD_RECORD_POSITION) return BAD_RECORD_POSITION;

  const headerCount = readVarint(afterValue, recordEnd);
  if (headerCount == BAD_VARINT) return BAD_RECORD_POSITION;
  store<i32>(entry, valueOf(headerCount), 4);
  store<u32>(entry, <u32>(positionOf(headerCount) - origin), 32);
  if (valueOf(headerCount) == 0) return positionOf(headerCount) == recordEnd ? recordEnd : BAD_RECORD_POSITION;
  return skipHeaders(positionOf(headerCount), recordEnd, valueOf(headerCount)) == recordEnd ? recordEnd : BAD_RECORD_POSITION;
}

/** The position after `count` headers, or 0 if they are malformed. A header takes two bytes at least, which bounds the loop. */
function skipHeaders(position: usize, end: usize, count: i32): usize {
  if (count < 0 || <u32>count > <u32>(end - position) >> 1) return BAD_RECORD_POSITION;
  for (; count > 0; count--) {
    const keyLength = readVarint(position, end);
    if (keyLength == BAD_VARINT || valueOf(keyLength) < 0) return BAD_RECORD_POSITION;
    position = skipBytes(positionOf(keyLength), end, valueOf(keyLength));
    if (position == BAD_RECORD_POSITION) return BAD_RECORD_POSITION;
    const valueLength = readVarint(position, end);
    if (valueLength == BAD_VARINT) return BAD_RECORD_POSITION;
    position = skipBytes(positionOf(valueLength), end, valueOf(valueLength));
    if (position == BAD_RECORD_POSITION) return BAD_RECORD_POSITION;
  }
  return position;
}
