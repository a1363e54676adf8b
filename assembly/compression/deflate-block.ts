// Writes one block of deflate (RFC 1951 section 3.2) from its matches and symbol frequencies, in the form that is smallest: stored, with the
// fixed codes, or with codes of its own. The size of each form is known to the bit before anything is written.
//
//   sequence  u32 literals before the match | u32: length - 3 in bits 0..7, distance - 1 in bits 8..22, distance symbol in bits 23..27
//
// The literals themselves are read from the source again.

import { OUTPUT_LIMIT } from "../status";
import { assignCodes, buildLengths } from "./deflate-codes";
import { buildHeader, headerBits, writeHeader } from "./deflate-header";
import {
  DISTANCE_SYMBOLS,
  distanceExtraBits,
  DYNAMIC_BLOCK,
  END_OF_BLOCK,
  fillFixedDistanceLengths,
  fillFixedLitlenLengths,
  FIRST_LENGTH_SYMBOL,
  FIXED_BLOCK,
  FIXED_DISTANCE_SYMBOLS,
  FIXED_LITLEN_SYMBOLS,
  lengthBases,
  lengthExtraBits,
  LITLEN_SYMBOLS,
  MAXIMUM_CODE_BITS,
  MAXIMUM_STORED,
  STORED_BLOCK,
} from "./deflate-symbols";
import { padToByte, putBits, writer } from "./deflate-writer";
import {
  distanceCodes,
  distanceFrequencies,
  distanceLengths,
  litlenCodes,
  litlenFrequencies,
  litlenLengths,
  matchCodes,
  sequences,
} from "./gzip-workspace";

/** Four literals of at most this many bits, and seven bits that wait, fit in the bit buffer. */
const LITLEN_LIMIT: u32 = 14;

/** Bits of symbols that each occur `frequencies` times (u32) and take `lengths` bits (u8). */
function codedBits(frequencies: usize, lengths: usize, symbolCount: u32): u32 {
  let bits: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    bits += load<u32>(frequencies + (symbol << 2)) * load<u8>(lengths + symbol);
  }
  return bits;
}

/** Extra bits of all matches, the same in both coded forms. */
function extraBits(): u32 {
  const lengthFrequencies = litlenFrequencies() + (FIRST_LENGTH_SYMBOL << 2);
  return (
    codedBits(lengthFrequencies, lengthExtraBits, LITLEN_SYMBOLS - FIRST_LENGTH_SYMBOL) +
    codedBits(distanceFrequencies(), distanceExtraBits, DISTANCE_SYMBOLS)
  );
}

/** Bits of the block's symbols with the code lengths that are in the workspace. */
function bodyBits(): u32 {
  return codedBits(litlenFrequencies(), litlenLengths(), LITLEN_SYMBOLS) + codedBits(distanceFrequencies(), distanceLengths(), DISTANCE_SYMBOLS);
}

function useFixedLengths(): void {
  fillFixedLitlenLengths(litlenLengths());
  fillFixedDistanceLengths(distanceLengths());
}

function useOwnLengths(): void {
  buildLengths(litlenFrequencies(), FIXED_LITLEN_SYMBOLS, LITLEN_LIMIT, litlenLengths());
  buildLengths(distanceFrequencies(), FIXED_DISTANCE_SYMBOLS, MAXIMUM_CODE_BITS, distanceLengths());
}

/** Bits of `length` bytes in stored blocks, the 3 bits of the first header left out, from the writer's place in its byte. */
function storedBits(length: u32): u32 {
  const padding = (8 - ((writer.count + 3) & 7)) & 7;
  const more = length == 0 ? 0 : (length - 1) / MAXIMUM_STORED;
  return padding + 32 + more * 40 + (length << 3);
}

/** Writes `length` bytes at `source` as stored blocks; there is room for them. */
function writeStored(source: usize, length: u32, last: bool): void {
  do {
    const piece = min(length, MAXIMUM_STORED);
    putBits((STORED_BLOCK << 1) | <u32>(last && piece == length), 3);
    padToByte();
    store<u16>(writer.position, piece);
    store<u16>(writer.position, ~piece, 2);
    memory.copy(writer.position + 4, source, piece);
    writer.position += 4 + piece;
    source += piece;
    length -= piece;
  } while (length > 0);
}

/** Fills the codes of all match lengths: code and extra bits in bits 0..23, how many in bits 24..31. */
function fillMatchCodes(): void {
  for (let symbol = FIRST_LENGTH_SYMBOL; symbol < LITLEN_SYMBOLS; symbol++) {
    const index = symbol - FIRST_LENGTH_SYMBOL;
    const code = load<u32>(litlenCodes() + (symbol << 2));
    const codeBits = code >> 16;
    const extra = <u32>load<u8>(lengthExtraBits + index);
    const first = matchCodes() + (<usize>(load<u16>(lengthBases + (index << 1)) - 3) << 2);
    for (let value: u32 = 0; value < 1 << extra; value++) {
      store<u32>(first + (value << 2), ((codeBits + extra) << 24) | (value << codeBits) | (code & 0xffff));
    }
  }
}

/** Folds the number of extra bits into bits 24..31 of the distance codes; their lengths keep bits 16..23. */
function fillDistanceCodes(): void {
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    const code = distanceCodes() + (symbol << 2);
    store<u32>(code, load<u32>(code) | (<u32>load<u8>(distanceExtraBits + symbol) << 24));
  }
}

/** Writes the symbols of the block's `sequenceCount` matches and of its literals, which end at `sourceEnd`. */
function writeSymbols(source: usize, sourceEnd: usize, sequenceCount: u32): void {
  const litlens = litlenCodes();
  const matches = matchCodes();
  const distances = distanceCodes();
  const sequencesEnd = sequences() + (sequenceCount << 3);
  let bits = writer.bits;
  let count = <u64>writer.count;
  let position = writer.position;

  for (let sequence = sequences(); ; sequence += 8) {
    const literalsEnd = sequence == sequencesEnd ? sourceEnd : source + load<u32>(sequence);
    while (literalsEnd - source >= 4) {
      for (let lane: usize = 0; lane < 4; lane++) {
        const code = <u64>load<u32>(litlens + (<usize>load<u8>(source + lane) << 2));
        bits |= (code & 0xffff) << count;
        count += code >> 16;
      }
      store<u64>(position, bits);
      position += <usize>(count >> 3);
      bits >>= count & ~7;
      count &= 7;
      source += 4;
    }
    for (; source < literalsEnd; source++) {
      const code = <u64>load<u32>(litlens + (<usize>load<u8>(source) << 2));
      bits |= (code & 0xffff) << count;
      count += code >> 16;
    }
    store<u64>(position, bits);
    position += <usize>(count >> 3);
    bits >>= count & ~7;
    count &= 7;
    if (sequence == sequencesEnd) break;

    const packed = load<u32>(sequence, 4);
    const lengthIndex = packed & 0xff;
    const match = <u64>load<u32>(matches + (lengthIndex << 2));
    bits |= (match & 0xffffff) << count;
    count += match >> 24;
    const distance = <u64>load<u32>(distances + ((packed >> 23) << 2));
    bits |= (distance & 0xffff) << count;
    count += (distance >> 16) & 0xff;
    const extra = distance >> 24;
    bits |= (<u64>((packed >> 8) & 0x7fff) & (((<u64>1) << extra) - 1)) << count;
    count += extra;
    store<u64>(position, bits);
    position += <usize>(count >> 3);
    bits >>= count & ~7;
    count &= 7;
    source += lengthIndex + 3;
  }
  writer.bits = bits;
  writer.count = <u32>count;
  writer.position = position;
}

/** Writes a block with the code lengths that are in the workspace. */
function writeCoded(type: u32, source: usize, sourceEnd: usize, sequenceCount: u32, last: bool): void {
  assignCodes(litlenLengths(), FIXED_LITLEN_SYMBOLS, litlenCodes());
  assignCodes(distanceLengths(), FIXED_DISTANCE_SYMBOLS, distanceCodes());
  fillMatchCodes();
  fillDistanceCodes();
  putBits((type << 1) | <u32>last, 3);
  if (type == DYNAMIC_BLOCK) writeHeader();
  writeSymbols(source, sourceEnd, sequenceCount);
  const end = load<u32>(litlenCodes() + (END_OF_BLOCK << 2));
  putBits(end & 0xffff, end >> 16);
  if (last) padToByte();
}

/**
 * Writes the block of `length` bytes at `source`, of which the matches and frequencies are in the workspace.
 * @returns 0 or OUTPUT_LIMIT
 */
export function writeBlock(source: usize, length: u32, sequenceCount: u32, last: bool): i32 {
  store<u32>(litlenFrequencies() + (END_OF_BLOCK << 2), 1);
  useFixedLengths();
  const extra = extraBits();
  const fixed = bodyBits() + extra;
  useOwnLengths();
  buildHeader();
  const dynamic = headerBits() + bodyBits() + extra;
  const stored = storedBits(length);
  const smallest = min(stored, min(fixed, dynamic));

  const needed = <usize>((writer.count + 3 + smallest + (last ? 7 : 0)) >> 3);
  if (needed > writer.end - writer.position) return OUTPUT_LIMIT;
  if (stored == smallest) {
    writeStored(source, length, last);
    return 0;
  }
  if (fixed == smallest) useFixedLengths();
  const type = fixed == smallest ? FIXED_BLOCK : DYNAMIC_BLOCK;
  writeCoded(type, source, source + length, sequenceCount, last);
  return 0;
}
