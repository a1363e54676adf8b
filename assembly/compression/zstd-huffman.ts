// Decoding zstd's Huffman-coded literals (RFC 8878, 4.2.2): one backward bitstream, or four that each hold a quarter.
//
//   sizes of streams 1-3   3 x u16
//   streams 1-4            each decodes to (size + 3) / 4 bytes, the last to what remains
//
// A loaded word holds the unread bits at its top, and its lowest bit is set as a mark: shifting bits out moves the mark up, so the
// position of the lowest set bit says how many were taken, and nothing else has to be counted. After a load at least 56 bits are
// valid: five codes.

import { CORRUPT } from "../status";
import { endPosition } from "./zstd-bits";
import { HUFFMAN_MAX_BITS } from "./zstd-constants";
import { huffmanTable } from "./zstd-workspace";

/** Most codes that one load can be relied on to hold. */
const CODES_PER_LOAD: u32 = 5;
/** Most bytes that a load can move back: 56 of 63 bits may have been taken. */
const BYTES_PER_LOAD: u32 = 7;
const JUMP_TABLE_BYTES: u32 = 6;

/** Shift that leaves the top HUFFMAN_MAX_BITS bits, times the size of an entry. */
const INDEX_SHIFT: u64 = 64 - HUFFMAN_MAX_BITS - 1;
const INDEX_MASK: u32 = ((1 << HUFFMAN_MAX_BITS) - 1) << 1;

/** Decodes one code into the byte at `output + at`; returns the word without it. `at` must be a constant. */
// @ts-ignore: decorator
@inline
function decodeCode(word: u64, output: usize, at: usize): u64 {
  const entry: u32 = load<u16>(huffmanTable() + (<u32>(word >> INDEX_SHIFT) & INDEX_MASK));
  store<u8>(output + at, entry >> 8);
  return word << entry;
}

// @ts-ignore: decorator
@inline
function decodeFive(word: u64, output: usize): u64 {
  word = decodeCode(word, output, 0);
  word = decodeCode(word, output, 1);
  word = decodeCode(word, output, 2);
  word = decodeCode(word, output, 3);
  return decodeCode(word, output, 4);
}

/** Decodes `size` literals from the single stream of `length` bytes at `source`. */
export function decodeOneStream(source: usize, length: u32, output: usize, size: u32): i32 {
  const position = endPosition(source, length);
  if (position < 0) return CORRUPT;
  return finishStream(source, position, output, output + size);
}

/** Decodes a stream from `position` on, to its end, which must be where the output's is. */
function finishStream(start: usize, position: i32, output: usize, end: usize): i32 {
  while (position >= 0 && end - output >= CODES_PER_LOAD) {
    const shift = -position & 7;
    const word = decodeFive(loadWord(start, position, shift), output);
    position -= <i32>ctz(word) - shift;
    output += CODES_PER_LOAD;
  }
  while (position >= 0 && output < end) {
    const shift = -position & 7;
    const word = decodeCode(loadWord(start, position, shift), output, 0);
    position -= <i32>ctz(word) - shift;
    output += 1;
  }
  return position == 0 && output == end ? 0 : CORRUPT;
}

/** The word at a position (zstd-bits.ts), marked; `shift` is `-position & 7`. */
// @ts-ignore: decorator
@inline
function loadWord(start: usize, position: i32, shift: i32): u64 {
  return (load<u64>(start + ((position + 7) >> 3) - 8) | 1) << shift;
}

/** The position within the stream at `start` that `word`, loaded from `at`, has got to. */
// @ts-ignore: decorator
@inline
function positionOf(start: usize, at: usize, word: u64): i32 {
  return (<i32>(at - start + 8) << 3) - <i32>ctz(word);
}

/** Decodes `size` literals from the four streams in the `length` bytes at `source`. */
export function decodeFourStreams(source: usize, length: u32, output: usize, size: u32): i32 {
  if (length < JUMP_TABLE_BYTES + 4) return CORRUPT;
  const start0 = source + JUMP_TABLE_BYTES;
  const start1 = start0 + load<u16>(source);
  const start2 = start1 + load<u16>(source, 2);
  const start3 = start2 + load<u16>(source, 4);
  const end = source + length;
  const segment: u32 = (size + 3) >> 2;
  if (start3 >= end || segment * 3 > size) return CORRUPT;
  const last = size - segment * 3;
  const position0 = endPosition(start0, <u32>(start1 - start0));
  const position1 = endPosition(start1, <u32>(start2 - start1));
  const position2 = endPosition(start2, <u32>(start3 - start2));
  const position3 = endPosition(start3, <u32>(end - start3));
  if ((position0 | position1 | position2 | position3) < 0) return CORRUPT;

  let at0 = start0 + ((position0 + 7) >> 3) - 8;
  let at1 = start1 + ((position1 + 7) >> 3) - 8;
  let at2 = start2 + ((position2 + 7) >> 3) - 8;
  let at3 = start3 + ((position3 + 7) >> 3) - 8;
  let word0 = loadWord(start0, position0, -position0 & 7);
  let word1 = loadWord(start1, position1, -position1 & 7);
  let word2 = loadWord(start2, position2, -position2 & 7);
  let word3 = loadWord(start3, position3, -position3 & 7);
  let out = output;
  const lastOut = output + last;

  // Each round is safe for all four streams: none can reach its start, nor the end of its share of the output.
  while (true) {
    const codes = <u32>(lastOut - out) / CODES_PER_LOAD;
    const bytes = min(min(<i32>(at0 - start0), <i32>(at1 - start1)), min(<i32>(at2 - start2), <i32>(at3 - start3)));
    if (bytes < <i32>BYTES_PER_LOAD || codes == 0) break;
    let rounds = min(codes, <u32>bytes / BYTES_PER_LOAD);
    do {
      const out1 = out + segment;
      const out2 = out1 + segment;
      const out3 = out2 + segment;
      word0 = decodeCode(word0, out, 0);
      word1 = decodeCode(word1, out1, 0);
      word2 = decodeCode(word2, out2, 0);
      word3 = decodeCode(word3, out3, 0);
      word0 = decodeCode(word0, out, 1);
      word1 = decodeCode(word1, out1, 1);
      word2 = decodeCode(word2, out2, 1);
      word3 = decodeCode(word3, out3, 1);
      word0 = decodeCode(word0, out, 2);
      word1 = decodeCode(word1, out1, 2);
      word2 = decodeCode(word2, out2, 2);
      word3 = decodeCode(word3, out3, 2);
      word0 = decodeCode(word0, out, 3);
      word1 = decodeCode(word1, out1, 3);
      word2 = decodeCode(word2, out2, 3);
      word3 = decodeCode(word3, out3, 3);
      word0 = decodeCode(word0, out, 4);
      word1 = decodeCode(word1, out1, 4);
      word2 = decodeCode(word2, out2, 4);
      word3 = decodeCode(word3, out3, 4);
      out += CODES_PER_LOAD;
      const taken0 = <u32>ctz(word0);
      const taken1 = <u32>ctz(word1);
      const taken2 = <u32>ctz(word2);
      const taken3 = <u32>ctz(word3);
      at0 -= taken0 >> 3;
      at1 -= taken1 >> 3;
      at2 -= taken2 >> 3;
      at3 -= taken3 >> 3;
      word0 = (load<u64>(at0) | 1) << (taken0 & 7);
      word1 = (load<u64>(at1) | 1) << (taken1 & 7);
      word2 = (load<u64>(at2) | 1) << (taken2 & 7);
      word3 = (load<u64>(at3) | 1) << (taken3 & 7);
    } while (--rounds);
  }

  let status = finishStream(start0, positionOf(start0, at0, word0), out, output + segment);
  status |= finishStream(start1, positionOf(start1, at1, word1), out + segment, output + segment * 2);
  status |= finishStream(start2, positionOf(start2, at2, word2), out + segment * 2, output + segment * 3);
  status |= finishStream(start3, positionOf(start3, at3, word3), out + segment * 3, output + size);
  return status;
}
