// Records of a decoded table (record.ts) as JSON objects, as every door gives them:
//
//   PREFIX"offset":…,"timestamp":…,"key":…,"value":…,"headers":[{"key":…,"value":…}, …]}
//
// with commas between the objects. The caller's PREFIX opens the object and names the place. Bytes are a string where they are UTF-8, else
// {"base64":"…"}; none are null.
//
// Invariant: nothing at or after the end of the destination is written: each object is measured at its longest before it is begun.

import { base64Encode, base64Length } from "./base64";
import { jsonEscape } from "./json";
import { ENTRY_BYTES } from "./record";
import { NOT_UTF8, OUTPUT_LIMIT } from "./status";
import { positionOf, readVarint, valueOf } from "./varint";

/** Names of members, with what stands around them: 16 bytes each, of which the first are copied for good. */
const OFFSET: usize = memory.data<u8>([34, 111, 102, 102, 115, 101, 116, 34, 58, 0, 0, 0, 0, 0, 0, 0]); // "offset":
const TIMESTAMP: usize = memory.data<u8>([44, 34, 116, 105, 109, 101, 115, 116, 97, 109, 112, 34, 58, 0, 0, 0]); // ,"timestamp":
const KEY: usize = memory.data<u8>([44, 34, 107, 101, 121, 34, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // ,"key":
const VALUE: usize = memory.data<u8>([44, 34, 118, 97, 108, 117, 101, 34, 58, 0, 0, 0, 0, 0, 0, 0]); // ,"value":
const HEADERS: usize = memory.data<u8>([44, 34, 104, 101, 97, 100, 101, 114, 115, 34, 58, 91, 0, 0, 0, 0]); // ,"headers":[
const HEADER_KEY: usize = memory.data<u8>([123, 34, 107, 101, 121, 34, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // {"key":
const BASE64: usize = memory.data<u8>([123, 34, 98, 97, 115, 101, 54, 52, 34, 58, 34, 0, 0, 0, 0, 0]); // {"base64":"
const NULL: usize = memory.data<u8>([110, 117, 108, 108, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // null

/**
 * All of an object but its prefix, its content and its headers: 50 of names, two integers of 20, brackets, and what a name or `jsonEscape`
 * writes over.
 */
const OBJECT_BYTES: usize = 160;

/** Of a header but its content: names, quotes, brackets, and `{"base64":""}` for its value. */
const HEADER_BYTES: usize = 64;

/** Of each byte of content: \u001f. In base64 it takes less. */
const MOST_ESCAPED: usize = 6;

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const CLOSING_BRACKET: u8 = 0x5d;
const CLOSING_BRACE: u8 = 0x7d;
const MINUS: u8 = 0x2d;
const ZERO: u8 = 0x30;
const BILLION: u64 = 1_000_000_000;

/**
 * Writes `count` objects.
 * @param entries the table's, of records that `origin` + their positions leads to; `baseOffset` is added to their deltas
 * @returns bytes written, OUTPUT_LIMIT, or NOT_UTF8 where the name of a header is not: the caller knows how such are given
 */
export function recordsJson(
  entries: usize,
  count: u32,
  origin: usize,
  baseOffsetLow: u32,
  baseOffsetHigh: u32,
  prefix: usize,
  prefixLength: u32,
  destination: usize,
  capacity: u32,
): i32 {
  const baseOffset = <i64>((<u64>baseOffsetHigh << 32) | <u64>baseOffsetLow);
  const end = destination + <usize>capacity;
  let write = destination;
  for (let index: u32 = 0; index < count; index++) {
    const entry = entries + <usize>(index * ENTRY_BYTES);
    if (objectBytes(entry) + <usize>prefixLength > end - write) return OUTPUT_LIMIT;
    if (index > 0) store<u8>(write++, COMMA);
    write = writeRecord(writePrefix(write, prefix, prefixLength), entry, origin, baseOffset + <i64>load<i32>(entry));
    if (write == 0) return NOT_UTF8;
  }
  return <i32>(write - destination);
}

/** Bytes that an object may take at its longest. */
function objectBytes(entry: usize): usize {
  const content = <usize>load<u32>(entry, 36);
  return OBJECT_BYTES + content * MOST_ESCAPED + <usize>load<u32>(entry, 4) * HEADER_BYTES;
}

/** @returns where it ends, or 0 where a header's name is not UTF-8 */
function writeRecord(at: usize, entry: usize, origin: usize, offset: i64): usize {
  let write = writeInteger(writeName(at, OFFSET, 9), offset);
  write = writeInteger(writeName(write, TIMESTAMP, 13), load<i64>(entry, 8));
  write = writeBytes(writeName(write, KEY, 7), origin + <usize>load<u32>(entry, 16), load<i32>(entry, 20));
  write = writeBytes(writeName(write, VALUE, 9), origin + <usize>load<u32>(entry, 24), load<i32>(entry, 28));
  write = writeHeaders(writeName(write, HEADERS, 12), origin + <usize>load<u32>(entry, 32), load<u32>(entry, 4));
  if (write == 0) return 0;
  store<u8>(write, CLOSING_BRACKET);
  store<u8>(write + 1, CLOSING_BRACE);
  return write + 2;
}

/** What is between the brackets. The headers were checked when the record was read (record.ts). @returns where they end, or 0: a name is not UTF-8 */
function writeHeaders(write: usize, position: usize, count: u32): usize {
  for (let index: u32 = 0; index < count; index++) {
    if (index > 0) store<u8>(write++, COMMA);
    const keyLength = readVarint(position, usize.MAX_VALUE);
    const key = positionOf(keyLength);
    write = writeName(write, HEADER_KEY, 7);
    store<u8>(write, QUOTE);
    const escaped = jsonEscape(key, valueOf(keyLength), write + 1);
    if (escaped < 0) return 0;
    write += <usize>escaped + 1;
    store<u8>(write, QUOTE);
    const valueLength = readVarint(key + <usize>valueOf(keyLength), usize.MAX_VALUE);
    const value = positionOf(valueLength);
    write = writeBytes(writeName(write + 1, VALUE, 9), value, valueOf(valueLength));
    store<u8>(write++, CLOSING_BRACE);
    position = value + <usize>max(valueOf(valueLength), 0);
  }
  return write;
}

/** 16 bytes at a time: a call of memory.copy costs more than so few bytes. What it reads and writes beyond is written over. */
function writePrefix(write: usize, prefix: usize, length: u32): usize {
  for (let at: usize = 0; at < <usize>length; at += 16) v128.store(write + at, v128.load(prefix + at));
  return write + <usize>length;
}

// @ts-ignore: decorator
@inline
function writeName(write: usize, name: usize, length: usize): usize {
  v128.store(write, v128.load(name));
  return write + length;
}

/** @param length -1: null */
function writeBytes(write: usize, source: usize, length: i32): usize {
  if (length < 0) return writeName(write, NULL, 4);
  store<u8>(write, QUOTE);
  const escaped = jsonEscape(source, length, write + 1);
  if (escaped >= 0) {
    write += <usize>escaped + 1;
    store<u8>(write, QUOTE);
    return write + 1;
  }
  write = writeName(write, BASE64, 11);
  base64Encode(source, length, write);
  write += <usize>base64Length(length);
  store<u8>(write, QUOTE);
  store<u8>(write + 1, CLOSING_BRACE);
  return write + 2;
}

/** Decimal, with a minus where it is negative. */
function writeInteger(write: usize, value: i64): usize {
  let rest = <u64>value;
  if (value < 0) {
    store<u8>(write++, MINUS);
    rest = <u64>-value;
  }
  if (rest < BILLION) return writeDigits(write, <u32>rest, digitCount(<u32>rest));
  const high = rest / BILLION;
  const end = high < BILLION ? writeDigits(write, <u32>high, digitCount(<u32>high)) : writeInteger(write, <i64>high);
  return writeDigits(end, <u32>(rest - high * BILLION), 9);
}

/** Of a number below a billion. */
function digitCount(value: u32): u32 {
  let count: u32 = 1;
  for (let power: u32 = 10; count < 9 && value >= power; power *= 10) count++;
  return count;
}

/** The last `count` digits: 32-bit arithmetic is what is quick. */
function writeDigits(write: usize, value: u32, count: u32): usize {
  for (let at = write + count - 1; at >= write; at--) {
    const tenth = value / 10;
    store<u8>(at, ZERO + <u8>(value - tenth * 10));
    value = tenth;
  }
  return write + count;
}
