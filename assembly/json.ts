// The inside of a JSON string (ECMA-262, QuoteJSONString): `"` and `\` and the control characters are escaped, by \b \t \n \f \r where
// there are such, else as \u00xx in lower case; everything else stands as it is. UTF-8 (Unicode 17, table 3-7) is checked on the way.
//
// 16 bytes at a time: they are copied, and where one of them is special only those before it count.

import { NOT_UTF8 } from "./status";

const SPACE: u32 = 0x20;
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** The letter of a control character's short escape, or 0; for 0x00 to 0x1f. */
const SHORT_ESCAPES: usize = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 98, 116, 110, 0, 102, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Escapes `length` bytes of `source`. Up to 15 bytes after them are read, whatever they are, and up to 15 written after what is
 * returned: the destination has room for six times the length, and 16.
 * @returns bytes written, or NOT_UTF8
 */
export function jsonEscape(source: usize, length: u32, destination: usize): i32 {
  const end = source + length;
  let read = source;
  let write = destination;
  while (read < end) {
    const bytes = v128.load(read);
    v128.store(write, bytes);
    const special = specialBits(bytes, end - read);
    if (special == 0) {
      const count = min(end - read, 16);
      read += count;
      write += count;
      continue;
    }
    const plain = <usize>ctz(special);
    read += plain;
    write += plain;
    if (load<u8>(read) < 0x80) write = writeEscape(write, load<u8>(read++));
    else {
      const size = copyCharacters(read, end, write);
      if (size == 0) return NOT_UTF8;
      read += size;
      write += size;
    }
  }
  return <i32>(write - destination);
}

/** A bit for each of the first `left` bytes that is not ASCII, or is to be escaped. */
// @ts-ignore: decorator
@inline
function specialBits(bytes: v128, left: usize): u32 {
  // Signed: bytes from 0x80 on are below the space as well.
  const quotes = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH)));
  const special = i8x16.bitmask(v128.or(quotes, i8x16.lt_s(bytes, i8x16.splat(<i8>SPACE))));
  return left >= 16 ? special : special & ((1 << <u32>left) - 1);
}

/** Copies the characters beyond ASCII that stand at `read`, one at least. @returns their bytes, or 0 where one is not well formed */
function copyCharacters(read: usize, end: usize, write: usize): usize {
  let at = read;
  while (at < end) {
    const lead = <u32>load<u8>(at);
    if (lead < 0x80) break;
    const size = sequenceBytes(at, end, lead);
    if (size == 0) return 0;
    for (let i: usize = 0; i < size; i++) store<u8>(write + (at - read) + i, load<u8>(at + i));
    at += size;
  }
  return at - read;
}

/** Bytes of the character at `at`, which begins with `lead`; 0 where it is not well formed. */
// @ts-ignore: decorator
@inline
function sequenceBytes(at: usize, end: usize, lead: u32): usize {
  const left = end - at;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && isTail(at + 1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !isTail(at + 1) || !isTail(at + 2)) return 0;
    const second = <u32>load<u8>(at + 1);
    if (lead == 0xe0 && second < 0xa0) return 0; // too long for what it says
    return lead == 0xed && second > 0x9f ? 0 : 3; // a surrogate
  }
  if (lead > 0xf4 || left < 4 || !isTail(at + 1) || !isTail(at + 2) || !isTail(at + 3)) return 0;
  const second = <u32>load<u8>(at + 1);
  if (lead == 0xf0 && second < 0x90) return 0; // too long for what it says
  return lead == 0xf4 && second > 0x8f ? 0 : 4; // beyond U+10FFFF
}

// @ts-ignore: decorator
@inline
function isTail(at: usize): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

/** @returns where the escape ends */
// @ts-ignore: decorator
@inline
function writeEscape(write: usize, byte: u32): usize {
  const letter = byte >= SPACE ? byte : <u32>load<u8>(SHORT_ESCAPES + byte);
  store<u8>(write, BACKSLASH);
  if (letter != 0) {
    store<u8>(write + 1, letter);
    return write + 2;
  }
  const digit = byte & 15;
  store<u8>(write + 1, 0x75); // u
  store<u8>(write + 2, 0x30);
  store<u8>(write + 3, 0x30);
  store<u8>(write + 4, 0x30 + (byte >> 4));
  store<u8>(write + 5, digit < 10 ? 0x30 + digit : 0x57 + digit);
  return write + 6;
}
