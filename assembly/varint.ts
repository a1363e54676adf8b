// Variable-length integers of records: groups of seven bits, lowest first, each in a byte whose top bit says that another follows.
// Signed ones are zigzag coded first (0, -1, 1, -2, 2, ...). At most 5 bytes for 32 bits and 10 for 64.
// Follows Kafka's ByteUtils (protocol guide, "Varint"), except that a last byte with bits beyond the width is refused, not truncated.
//
// Invariant: nothing at or after `end` is read. A reader of 32 bits returns the value and the position after it in one u64 (`valueOf`,
// `positionOf`), or BAD_VARINT; one of 64 bits stores the value and returns the position after it, or 0.

import { CORRUPT, OUTPUT_LIMIT } from "./status";

/** No varint ends at position 0, so a packed result is never 0. */
export const BAD_VARINT: u64 = 0;

// @ts-ignore: decorator
@inline
export function valueOf(packed: u64): i32 {
  return <i32>packed;
}

// @ts-ignore: decorator
@inline
export function positionOf(packed: u64): usize {
  return <usize>(packed >> 32);
}

// @ts-ignore: decorator
@inline
function pack(value: u32, position: usize): u64 {
  return (<u64>position << 32) | <u64>value;
}

// @ts-ignore: decorator
@inline
export function zigzag32(value: i32): u32 {
  return <u32>((value << 1) ^ (value >> 31));
}

// @ts-ignore: decorator
@inline
export function unzigzag32(value: u32): i32 {
  return <i32>((value >> 1) ^ (0 - (value & 1)));
}

// @ts-ignore: decorator
@inline
export function zigzag64(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

// @ts-ignore: decorator
@inline
export function unzigzag64(value: u64): i64 {
  return <i64>((value >> 1) ^ (0 - (value & 1)));
}

/** Reads a zigzag varint of 32 bits. One and two bytes, the usual case, are read in line. */
// @ts-ignore: decorator
@inline
export function readVarint(position: usize, end: usize): u64 {
  if (position + 1 < end) {
    const first = <u32>load<u8>(position);
    if (first < 0x80) return pack(unzigzag32(first), position + 1);
    const second = <u32>load<u8>(position, 1);
    if (second < 0x80) return pack(unzigzag32((first & 0x7f) | (second << 7)), position + 2);
  }
  return readLongVarint(position, end);
}

function readLongVarint(position: usize, end: usize): u64 {
  const packed = readUnsignedVarint(position, end);
  return packed == BAD_VARINT ? BAD_VARINT : (packed & 0xffffffff00000000) | <u64>(<u32>unzigzag32(<u32>packed));
}

/** Reads an unsigned varint of 32 bits. */
export function readUnsignedVarint(position: usize, end: usize): u64 {
  let value: u32 = 0;
  for (let shift: u32 = 0; position < end && shift < 35; shift += 7) {
    const byte = <u32>load<u8>(position++);
    if (shift == 28 && byte > 0x0f) return BAD_VARINT;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return pack(value, position);
  }
  return BAD_VARINT;
}

/** Reads a zigzag varint of 64 bits into the i64 at `target`. */
// @ts-ignore: decorator
@inline
export function readVarlong(position: usize, end: usize, target: usize): usize {
  if (position < end) {
    const first = <u32>load<u8>(position);
    if (first < 0x80) {
      store<i64>(target, <i64>unzigzag32(first));
      return position + 1;
    }
  }
  return readLongVarlong(position, end, target);
}

function readLongVarlong(position: usize, end: usize, target: usize): usize {
  let value: u64 = 0;
  for (let shift: u64 = 0; position < end && shift < 70; shift += 7) {
    const byte = <u64>load<u8>(position++);
    if (shift == 63 && byte > 1) return 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      store<i64>(target, unzigzag64(value));
      return position;
    }
  }
  return 0;
}

/** How many bytes the varint of `value` (already zigzag coded if signed) takes, 1 to 10. */
// @ts-ignore: decorator
@inline
export function sizeOfUnsigned(value: u64): u32 {
  return <u32>(((63 - clz<u64>(value | 1)) * 9 + 73) >> 6);
}

/** Writes the varint of `value`, already zigzag coded if signed, and returns the position after it. The caller has checked the room. */
// @ts-ignore: decorator
@inline
export function writeUnsigned(position: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(position++, <u8>value | 0x80);
    value >>= 7;
  }
  store<u8>(position, <u8>value);
  return position + 1;
}

/** Reads one zigzag varint of 32 bits into the i32 at `target`. @returns its size in bytes, or CORRUPT */
export function varintDecode(source: usize, sourceLength: u32, target: usize): i32 {
  const packed = readVarint(source, source + sourceLength);
  if (packed == BAD_VARINT) return CORRUPT;
  store<i32>(target, valueOf(packed));
  return <i32>(positionOf(packed) - source);
}

/** Reads one unsigned varint of 32 bits into the u32 at `target`. @returns its size in bytes, or CORRUPT */
export function unsignedVarintDecode(source: usize, sourceLength: u32, target: usize): i32 {
  const packed = readUnsignedVarint(source, source + sourceLength);
  if (packed == BAD_VARINT) return CORRUPT;
  store<i32>(target, valueOf(packed));
  return <i32>(positionOf(packed) - source);
}

/** Reads one zigzag varint of 64 bits into the i64 at `target`. @returns its size in bytes, or CORRUPT */
export function varlongDecode(source: usize, sourceLength: u32, target: usize): i32 {
  const after = readVarlong(source, source + sourceLength, target);
  return after == 0 ? CORRUPT : <i32>(after - source);
}

/** Writes the unsigned varint of the 64 bits `high:low`. @returns its size in bytes, or OUTPUT_LIMIT */
export function unsignedVarintEncode(low: u32, high: u32, destination: usize, capacity: u32): i32 {
  const value = (<u64>high << 32) | <u64>low;
  if (sizeOfUnsigned(value) > capacity) return OUTPUT_LIMIT;
  return <i32>(writeUnsigned(destination, value) - destination);
}

/** Writes the zigzag varint of the signed 64 bits `high:low`. @returns its size in bytes, or OUTPUT_LIMIT */
export function varintEncode(low: u32, high: u32, destination: usize, capacity: u32): i32 {
  const value = zigzag64(<i64>((<u64>high << 32) | <u64>low));
  return unsignedVarintEncode(<u32>value, <u32>(value >> 32), destination, capacity);
}
