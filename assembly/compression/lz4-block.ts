// LZ4 block format (https://github.com/lz4/lz4, doc/lz4_Block_format.md): sequences, each of
//
//   token u8: literal length (high 4 bits), match length - 4 (low 4 bits); 15 = more length bytes follow
//   [literal length bytes: each adds up to 255, the first below 255 is the last]
//   literals
//   offset u16, little-endian, 1..65535 back from here         } absent in the last sequence,
//   [match length bytes, as above]                             } which ends with its literals
//
// A writer keeps the last 5 bytes literal and starts no match in the last 12. A reader here accepts any block that decodes.
//
// Both directions never touch a byte outside the ranges that they are given. Decoding runs in two loops: one that is fast and wide while
// there is plenty of room, and gives up, without judging, at the first sequence that is unusual; and one that is exact, goes on from
// that sequence to the end, and decides what is wrong with it, if anything is.

import { CORRUPT, OUTPUT_LIMIT } from "../status";
import { COPY_SLACK, copyMatchExact, copyMatchWide, copyWide } from "./lz-copy";
import { parseBlock, staging } from "./lz-parse";

const MIN_MATCH: usize = 4;
/** A length nibble of this value is continued in further bytes. */
const LONG: usize = 15;
/** Match lengths up to this are in the token alone. */
const LONG_MATCH: usize = LONG + MIN_MATCH;

/** Room that the fast loop wants in the input: a token, 14 literals read as 16, an offset. */
const INPUT_ROOM: usize = 32;
/** Room that the fast loop wants in the output: 14 literals, then an 18-byte match and the slack of wide copies. */
const OUTPUT_ROOM: usize = 14 + 18 + COPY_SLACK;

/** The most bytes that a block of `length` bytes can compress to. */
// @ts-ignore: decorator
@inline
function worstCase(length: usize): usize {
  return length + length / 255 + 16;
}

/**
 * Compresses one block of at most 64 KiB, if that makes it smaller.
 * @returns the compressed length, or 0 when it is not below `length` or does not fit in `capacity`; in both cases what the first
 * `capacity` bytes of the destination then hold is undefined
 */
export function compressLz4Block(source: usize, length: usize, destination: usize, capacity: usize): usize {
  const roomy = capacity >= worstCase(length) + COPY_SLACK;
  const output = roomy ? destination : staging();
  const compressed = parseBlock<Lz4Writer>(source, length, output) - output;
  if (compressed >= length || compressed > capacity) return 0;
  if (!roomy) memory.copy(destination, output, compressed);
  return compressed;
}

/** Writes what `parseBlock` finds. */
@unmanaged
class Lz4Writer {
  // @ts-ignore: decorator
  @inline
  get trailingLiterals(): usize {
    return 5;
  }

  // @ts-ignore: decorator
  @inline
  writeSequence(output: usize, literals: usize, literalLength: usize, offset: usize, matchLength: usize): usize {
    const token = output++;
    let tokenByte = literalLength << 4;
    if (literalLength >= LONG) {
      tokenByte = LONG << 4;
      output = writeLength(output, literalLength - LONG);
    }
    copyWide(output, literals, literalLength);
    output += literalLength;
    store<u16>(output, offset);
    output += 2;
    if (matchLength >= LONG_MATCH) {
      tokenByte |= LONG;
      output = writeLength(output, matchLength - LONG_MATCH);
    } else {
      tokenByte |= matchLength - MIN_MATCH;
    }
    store<u8>(token, tokenByte);
    return output;
  }

  writeLiterals(output: usize, literals: usize, length: usize): usize {
    store<u8>(output++, min(length, LONG) << 4);
    if (length >= LONG) output = writeLength(output, length - LONG);
    memory.copy(output, literals, length);
    return output + length;
  }
}

function writeLength(output: usize, rest: usize): usize {
  while (rest >= 255) {
    store<u8>(output++, 255);
    rest -= 255;
  }
  store<u8>(output++, rest);
  return output;
}

/**
 * Decodes one block, of at most 4 MiB (so that no sum of lengths overflows). Matches may reach back to `windowStart`, which is at or
 * below `destination`.
 * @returns bytes written; CORRUPT; or OUTPUT_LIMIT when the block decodes to more than `capacity`
 */
export function decompressLz4Block(source: usize, length: usize, destination: usize, capacity: usize, windowStart: usize): i32 {
  const inputEnd = source + length;
  const outputEnd = destination + capacity;
  let input = source;
  let output = destination;
  if (length >= INPUT_ROOM && capacity >= OUTPUT_ROOM) {
    const cursors = decodeFast(source, inputEnd, destination, outputEnd, windowStart);
    input = <usize>(cursors >> 32);
    output = <usize>cursors;
  }
  return decodeExact(input, inputEnd, output, outputEnd, destination, windowStart);
}

/** Decodes while both sides have room. Returns the input and output positions (high and low half) of the first sequence not decoded. */
function decodeFast(input: usize, inputEnd: usize, output: usize, outputEnd: usize, windowStart: usize): u64 {
  const lastInput = inputEnd - INPUT_ROOM;
  const lastOutput = outputEnd - OUTPUT_ROOM;
  let sequenceInput = input;
  let sequenceOutput = output;
  while (input <= lastInput && output <= lastOutput) {
    const token = <usize>load<u8>(input++);
    let literalLength = token >> 4;
    if (literalLength != LONG) {
      v128.store(output, v128.load(input));
    } else {
      const lengthEnd = endOfLength(input, lastInput);
      if (lengthEnd == 0) break;
      literalLength += lengthBetween(input, lengthEnd);
      input = lengthEnd;
      if (literalLength > lastInput - input || literalLength > lastOutput - output) break;
      copyWide(output, input, literalLength);
    }
    input += literalLength;
    output += literalLength;

    const offset = <usize>load<u16>(input);
    input += 2;
    if (offset == 0 || offset > output - windowStart) break;
    let matchLength = (token & 15) + MIN_MATCH;
    if (matchLength != LONG_MATCH) {
      if (offset >= 16) {
        v128.store(output, v128.load(output - offset));
        store<u16>(output, load<u16>(output - offset, 16), 16);
      } else {
        copyMatchWide(output, offset, matchLength);
      }
    } else {
      const lengthEnd = endOfLength(input, lastInput);
      if (lengthEnd == 0) break;
      matchLength += lengthBetween(input, lengthEnd);
      input = lengthEnd;
      if (output > lastOutput || matchLength > lastOutput - output) break;
      copyMatchWide(output, offset, matchLength);
    }
    output += matchLength;
    sequenceInput = input;
    sequenceOutput = output;
  }
  return (<u64>sequenceInput << 32) | <u64>sequenceOutput;
}

/** Decodes to the end of the input, byte by byte where it must, and decides the status. */
function decodeExact(input: usize, inputEnd: usize, output: usize, outputEnd: usize, destination: usize, windowStart: usize): i32 {
  while (input < inputEnd) {
    const token = <usize>load<u8>(input++);
    let literalLength = token >> 4;
    if (literalLength == LONG) {
      const lengthEnd = endOfLength(input, inputEnd);
      if (lengthEnd == 0) return CORRUPT;
      literalLength += lengthBetween(input, lengthEnd);
      input = lengthEnd;
    }
    if (literalLength > inputEnd - input) return CORRUPT;
    if (literalLength > outputEnd - output) return OUTPUT_LIMIT;
    memory.copy(output, input, literalLength);
    input += literalLength;
    output += literalLength;
    if (input == inputEnd) return <i32>(output - destination);

    if (inputEnd - input < 2) return CORRUPT;
    const offset = <usize>load<u16>(input);
    input += 2;
    if (offset == 0 || offset > output - windowStart) return CORRUPT;
    let matchLength = (token & 15) + MIN_MATCH;
    if (matchLength == LONG_MATCH) {
      const lengthEnd = endOfLength(input, inputEnd);
      if (lengthEnd == 0) return CORRUPT;
      matchLength += lengthBetween(input, lengthEnd);
      input = lengthEnd;
    }
    if (matchLength > outputEnd - output) return OUTPUT_LIMIT;
    copyMatchExact(output, offset, matchLength);
    output += matchLength;
  }
  return CORRUPT;
}

/** The position after the length bytes that start at `input`, or 0 when the last of them is not below `inputEnd`. */
// @ts-ignore: decorator
@inline
function endOfLength(input: usize, inputEnd: usize): usize {
  while (input < inputEnd) {
    if (load<u8>(input++) != 255) return input;
  }
  return 0;
}

/** What the length bytes from `input` to `end` add up to: all but the last are 255. */
// @ts-ignore: decorator
@inline
function lengthBetween(input: usize, end: usize): usize {
  return (end - 1 - input) * 255 + load<u8>(end - 1);
}
