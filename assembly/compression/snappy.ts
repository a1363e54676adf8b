// Snappy's raw block format (https://github.com/google/snappy, format_description.txt):
//
//   uncompressed length: little-endian base-128 varint, at most 32 bits
//   elements, by the low 2 bits of their first byte:
//     00  literal: length - 1 in the upper 6 bits; 60..63 there = length - 1 in the next 1..4 bytes, little-endian; the bytes follow
//     01  copy: length - 4 in bits 2-4, offset bits 8-10 in bits 5-7, offset bits 0-7 in the next byte
//     10  copy: length - 1 in the upper 6 bits, offset u16 little-endian
//     11  copy: length - 1 in the upper 6 bits, offset u32 little-endian
//
// A copy repeats bytes from `offset` back; offset 0 is corrupt. The elements must yield exactly the declared length.
//
// Both directions never touch a byte outside the ranges that they are given. Decoding runs in two loops: one that is fast and wide while
// there is plenty of room, and gives up, without judging, at the first element that is unusual; and one that is exact, goes on from that
// element to the end, and decides what is wrong with it, if anything is.

import { CORRUPT, MEMORY_LIMIT, OUTPUT_LIMIT } from "../status";
import { COPY_SLACK, copyMatchExact, copyMatchWide, copyWide } from "./lz-copy";
import { BLOCK_BYTES, parseBlock, staging } from "./lz-parse";

const LITERAL: u32 = 0;
const COPY_1: u32 = 1;
const COPY_2: u32 = 2;
const COPY_4: u32 = 3;

/** The longest length varint. */
const MAX_VARINT_BYTES: usize = 5;
/** No element yields more than 64 bytes for 3 (COPY_2), so an input declares at most this many times its own length. */
const MAX_EXPANSION: u64 = 22;
/** Literals up to this length have it in their first byte. */
const SHORT_LITERAL: usize = 60;
const MAX_COPY: usize = 64;

/** Room that the fast loop wants in the input: an element's first byte and 16 literals, or 4 bytes of length or offset. */
const INPUT_ROOM: usize = 32;
/** Room that the fast loop wants in the output: the longest copy, and the slack of wide copies. */
const OUTPUT_ROOM: usize = MAX_COPY + COPY_SLACK;

/** The most bytes that `snappyCompress` writes for `length` bytes, or MEMORY_LIMIT when that is more than an i32 holds. */
export function snappyCompressBound(length: u32): i32 {
  const bound = <u64>32 + length + length / 6;
  return bound > <u64>i32.MAX_VALUE ? MEMORY_LIMIT : <i32>bound;
}

/** Compresses into one raw block. Returns bytes written, or OUTPUT_LIMIT. */
export function snappyCompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const sourceEnd = source + sourceLength;
  const outputEnd = destination + capacity;
  if (capacity < varintBytes(sourceLength)) return OUTPUT_LIMIT;
  let output = writeVarint(destination, sourceLength);
  while (source < sourceEnd) {
    const length = min(sourceEnd - source, BLOCK_BYTES);
    const written = compressFragment(source, length, output, outputEnd - output);
    if (written == 0) return OUTPUT_LIMIT;
    output += written;
    source += length;
  }
  return <i32>(output - destination);
}

/** Compresses up to 64 KiB. Returns bytes written, or 0 when they do not fit. */
function compressFragment(source: usize, length: usize, output: usize, room: usize): usize {
  const roomy = room >= length + length / 6 + 32 + COPY_SLACK;
  const target = roomy ? output : staging();
  const compressed = parseBlock<SnappyWriter>(source, length, target) - target;
  if (compressed > room) return 0;
  if (!roomy) memory.copy(output, target, compressed);
  return compressed;
}

/** Writes what `parseBlock` finds. */
@unmanaged
class SnappyWriter {
  // @ts-ignore: decorator
  @inline
  get trailingLiterals(): usize {
    return 0;
  }

  // @ts-ignore: decorator
  @inline
  writeSequence(output: usize, literals: usize, literalLength: usize, offset: usize, matchLength: usize): usize {
    if (literalLength > 0) {
      output = writeLiteralTag(output, literalLength);
      copyWide(output, literals, literalLength);
      output += literalLength;
    }
    return writeCopies(output, offset, matchLength);
  }

  writeLiterals(output: usize, literals: usize, length: usize): usize {
    if (length == 0) return output;
    output = writeLiteralTag(output, length);
    memory.copy(output, literals, length);
    return output + length;
  }
}

// @ts-ignore: decorator
@inline
function writeLiteralTag(output: usize, length: usize): usize {
  const last = length - 1;
  if (length <= SHORT_LITERAL) {
    store<u8>(output, (last << 2) | LITERAL);
    return output + 1;
  }
  if (last < 256) {
    store<u8>(output, (SHORT_LITERAL << 2) | LITERAL);
    store<u8>(output, last, 1);
    return output + 2;
  }
  store<u8>(output, ((SHORT_LITERAL + 1) << 2) | LITERAL);
  store<u16>(output, last, 1);
  return output + 3;
}

// A long match is cut into copies of 64, but never so that what remains is below 4, which only the 3-byte form can hold.
// @ts-ignore: decorator
@inline
function writeCopies(output: usize, offset: usize, length: usize): usize {
  while (length >= MAX_COPY + 4) {
    output = writeCopy2(output, offset, MAX_COPY);
    length -= MAX_COPY;
  }
  if (length > MAX_COPY) {
    output = writeCopy2(output, offset, MAX_COPY - 4);
    length -= MAX_COPY - 4;
  }
  if (length >= 12 || offset >= 2048) return writeCopy2(output, offset, length);
  store<u8>(output, ((offset >> 8) << 5) | ((length - 4) << 2) | COPY_1);
  store<u8>(output, offset, 1);
  return output + 2;
}

// @ts-ignore: decorator
@inline
function writeCopy2(output: usize, offset: usize, length: usize): usize {
  store<u8>(output, ((length - 1) << 2) | COPY_2);
  store<u16>(output, offset, 1);
  return output + 3;
}

function varintBytes(value: u32): u32 {
  return (38 - clz(value | 1)) / 7;
}

function writeVarint(output: usize, value: u32): usize {
  while (value >= 128) {
    store<u8>(output++, value | 128);
    value >>= 7;
  }
  store<u8>(output++, value);
  return output;
}

// Where the elements of the block being read start. Set by `snappyUncompressedLength`.
let elementsStart: usize = 0;

/**
 * The length that a raw block declares: what `snappyDecompress` needs as capacity.
 * @returns it; CORRUPT, also when so much cannot come out of so few bytes; or MEMORY_LIMIT when it is more than an i32 holds
 */
export function snappyUncompressedLength(source: usize, sourceLength: u32): i32 {
  const sourceEnd = source + sourceLength;
  let position = source;
  let length: u64 = 0;
  let shift: u64 = 0;
  let byte: u32;
  do {
    if (position == sourceEnd || position - source == MAX_VARINT_BYTES) return CORRUPT;
    byte = load<u8>(position++);
    length |= <u64>(byte & 127) << shift;
    shift += 7;
  } while (byte >= 128);
  elementsStart = position;
  if (length > <u64>sourceLength * MAX_EXPANSION) return CORRUPT;
  return length > <u64>i32.MAX_VALUE ? MEMORY_LIMIT : <i32>length;
}

/** Decompresses a raw block. Returns bytes written, CORRUPT, or OUTPUT_LIMIT when the declared length is above `capacity`. */
export function snappyDecompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const length = snappyUncompressedLength(source, sourceLength);
  if (length < 0) return length;
  if (<u32>length > capacity) return OUTPUT_LIMIT;
  const inputEnd = source + sourceLength;
  let input = elementsStart;
  let output = destination;
  if (inputEnd - input >= INPUT_ROOM && <usize>length >= OUTPUT_ROOM) {
    const cursors = decodeFast(input, inputEnd, output, destination + length);
    input = <usize>(cursors >> 32);
    output = <usize>cursors;
  }
  return decodeExact(input, inputEnd, output, destination, length) ? length : CORRUPT;
}

/** Decodes while both sides have room. Returns the input and output positions (high and low half) of the first element not decoded. */
function decodeFast(input: usize, inputEnd: usize, output: usize, outputEnd: usize): u64 {
  const windowStart = output;
  const lastInput = inputEnd - INPUT_ROOM;
  const lastOutput = outputEnd - OUTPUT_ROOM;
  while (input <= lastInput && output <= lastOutput) {
    const tag = <u32>load<u8>(input);
    const type = tag & 3;
    let length = <usize>(tag >> 2) + 1;
    if (type == LITERAL) {
      if (length <= 16) {
        v128.store(output, v128.load(input, 1));
        input += length + 1;
        output += length;
        continue;
      }
      let header: usize = 1;
      if (length > SHORT_LITERAL) {
        const bytes = length - SHORT_LITERAL;
        header += bytes;
        length = <usize>(load<u32>(input, 1) & (0xffffffff >> (32 - (<u32>bytes << 3)))) + 1;
      }
      if (length == 0 || length > lastInput - input || length > lastOutput - output) break;
      copyWide(output, input + header, length);
      input += header + length;
      output += length;
      continue;
    }
    let offset: usize;
    let header: usize;
    if (type != COPY_4) {
      // Which of the two short forms comes next is anybody's guess, so no branch depends on it.
      const isCopy2 = type == COPY_2;
      const word = <usize>load<u16>(input, 1);
      offset = select<usize>(word, (word & 0xff) | ((tag >> 5) << 8), isCopy2);
      length = select<usize>(length, ((tag >> 2) & 7) + 4, isCopy2);
      header = 1 + type;
    } else {
      offset = load<u32>(input, 1);
      header = 5;
    }
    if (offset == 0 || offset > output - windowStart) break;
    copyMatchWide(output, offset, length);
    input += header;
    output += length;
  }
  return (<u64>input << 32) | <u64>output;
}

/** Decodes to the end of the input, touching no byte too many. Returns whether all of it is valid and yields `total` bytes. */
function decodeExact(input: usize, inputEnd: usize, output: usize, destination: usize, total: usize): bool {
  const outputEnd = destination + total;
  while (input < inputEnd) {
    const tag = <u32>load<u8>(input++);
    const type = tag & 3;
    let length = <usize>(tag >> 2) + 1;
    // How many bytes of length or offset follow the first byte.
    let extraBytes: usize = type == LITERAL ? (length > SHORT_LITERAL ? length - SHORT_LITERAL : 0) : type == COPY_4 ? 4 : type;
    if (extraBytes > inputEnd - input) return false;
    const extra = loadLittleEndian(input, extraBytes);
    input += extraBytes;
    if (type == LITERAL) {
      if (extraBytes > 0) length = extra + 1;
      if (length == 0 || length > inputEnd - input || length > outputEnd - output) return false;
      memory.copy(output, input, length);
      input += length;
    } else {
      let offset = extra;
      if (type == COPY_1) {
        length = <usize>((tag >> 2) & 7) + 4;
        offset |= <usize>(tag >> 5) << 8;
      }
      if (offset == 0 || offset > output - destination || length > outputEnd - output) return false;
      copyMatchExact(output, offset, length);
    }
    output += length;
  }
  return output == outputEnd;
}

function loadLittleEndian(source: usize, bytes: usize): usize {
  let value: usize = 0;
  for (let i: usize = 0; i < bytes; i++) value |= <usize>load<u8>(source + i) << (i << 3);
  return value;
}
