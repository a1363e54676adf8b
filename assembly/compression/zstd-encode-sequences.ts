// The sequences section of a compressed block (RFC 8878, 3.1.1.3.2):
//
//   count 1-3 bytes | modes 1 | tables: literal length, offset, match length | stream
//
//   modes: bits 6-7 literal length, 4-5 offset, 2-3 match length; 0-1 are zero. There is no modes byte without sequences.
//
// The stream is written from the last sequence to the first, bits from the low end up. For each: the bits that lead from its states
// to the next one's (offset, match length, literal length; the last sequence has none), then the extra bits of its literal length,
// match length and offset. The three states and a 1 bit as the end mark close it.
//
// codeSequences replaces each sequence of zstd-match.ts by its extra bits, bits 0-57, and their number, bits 58-63 (at most 16 + 16 +
// 23), and puts its codes into a u32: bits 0-7 literal length, 8-15 offset, 16-23 match length.

import {
  LITERAL_LENGTH_BASE,
  LITERAL_LENGTH_BITS,
  LITERAL_LENGTH_MAX_CODE,
  MATCH_LENGTH_BASE,
  MATCH_LENGTH_BITS,
  MATCH_LENGTH_MAX_CODE,
  MIN_MATCH,
  OFFSET_MAX_CODE,
} from "./zstd-constants";
import { accuracyOf, fseBitCount, fseFirstState, fseNextState, transitionOf } from "./zstd-encode-fse";
import { counters, sequenceCodes, sequences } from "./zstd-encode-memory";
import { KIND_LITERAL_LENGTH, KIND_MATCH_LENGTH, KIND_OFFSET, chooseTable, chosenCoder, prepareTables } from "./zstd-encode-tables";

/** Literal lengths below this have their code in LITERAL_LENGTH_CODES; above, it is their log2 + LITERAL_LENGTH_STEP. */
const LITERAL_LENGTH_CODED: u32 = 64;
const LITERAL_LENGTH_STEP: u32 = 19;
/** The same for match lengths, less MIN_MATCH. */
const MATCH_LENGTH_CODED: u32 = 128;
const MATCH_LENGTH_STEP: u32 = 36;

const LITERAL_LENGTH_CODES: usize = memory.data(64);
const MATCH_LENGTH_CODES: usize = memory.data(128);

/** Bytes of the counts of one kind's codes, u32[64], in counters(). */
const COUNTS_BYTES: u32 = 64 * 4;

/** Where the extra bits of a coded sequence have their number. */
const EXTRA_COUNT_SHIFT: u64 = 58;

/** Extra bits that surely fit beside 7 that stay and the 26 of three state changes, in a u64 of which one bit stays free. */
const FEW_EXTRA_BITS: u64 = 30;

/** Fills in the code tables of short lengths, once. */
function prepareCodes(): void {
  if (load<u8>(LITERAL_LENGTH_CODES, 1) != 0) return;
  fillCodes(LITERAL_LENGTH_CODES, LITERAL_LENGTH_CODED, LITERAL_LENGTH_BASE, 0, LITERAL_LENGTH_MAX_CODE);
  fillCodes(MATCH_LENGTH_CODES, MATCH_LENGTH_CODED, MATCH_LENGTH_BASE, MIN_MATCH, MATCH_LENGTH_MAX_CODE);
}

function fillCodes(codes: usize, count: u32, bases: usize, least: u32, maxCode: u32): void {
  let code: u32 = 0;
  for (let value: u32 = 0; value < count; value++) {
    while (code < maxCode && load<u32>(bases + (<usize>(code + 1) << 2)) - least <= value) code++;
    store<u8>(codes + value, <u8>code);
  }
}

/**
 * Writes the sequences section; may write SLACK_BYTES more than `room`.
 * @param room bytes at `to`
 * @returns the bytes written, or 0 if there is not enough room
 */
export function writeSequences(to: usize, room: u32, count: u32): u32 {
  let out = to + writeCount(to, count);
  if (count > 0) {
    prepareCodes();
    prepareTables();
    codeSequences(count);
    const modes = out;
    out++;
    const literalLength = writeTable(out, KIND_LITERAL_LENGTH, LITERAL_LENGTH_MAX_CODE, count);
    out += literalLength >> 2;
    const offset = writeTable(out, KIND_OFFSET, OFFSET_MAX_CODE, count);
    out += offset >> 2;
    const matchLength = writeTable(out, KIND_MATCH_LENGTH, MATCH_LENGTH_MAX_CODE, count);
    out += matchLength >> 2;
    store<u8>(modes, <u8>(((literalLength & 3) << 6) | ((offset & 3) << 4) | ((matchLength & 3) << 2)));
    out = writeStream(out, to + room, count);
  }
  return out - to > room ? 0 : <u32>(out - to);
}

/** Writes the number of sequences, in 1-3 bytes, and returns how many. */
function writeCount(to: usize, count: u32): u32 {
  if (count < 0x80) {
    store<u8>(to, <u8>count);
    return 1;
  }
  if (count < 0x7f00) {
    store<u8>(to, <u8>((count >> 8) + 0x80));
    store<u8>(to, <u8>count, 1);
    return 2;
  }
  store<u8>(to, 0xff);
  store<u16>(to, <u16>(count - 0x7f00), 1);
  return 3;
}

/** Chooses and describes one table: see chooseTable. */
function writeTable(to: usize, kind: u32, maxCode: u32, count: u32): u32 {
  const counts = counters() + kind * COUNTS_BYTES;
  let lastCode = maxCode;
  while (load<u32>(counts + (<usize>lastCode << 2)) == 0) lastCode--;
  return chooseTable(to, kind, counts, lastCode, count);
}

// @ts-ignore: decorator
@inline
function countCode(counts: usize, code: u32): void {
  const at = counts + (<usize>code << 2);
  store<u32>(at, load<u32>(at) + 1);
}

// @ts-ignore: decorator
@inline
function lowBits(value: u64, count: u64): u64 {
  return value & ((<u64>1 << count) - 1);
}

/** Splits the sequences into codes, which it counts by kind in counters(), and extra bits. */
function codeSequences(count: u32): void {
  const literalLengthCounts = counters() + KIND_LITERAL_LENGTH * COUNTS_BYTES;
  const offsetCounts = counters() + KIND_OFFSET * COUNTS_BYTES;
  const matchLengthCounts = counters() + KIND_MATCH_LENGTH * COUNTS_BYTES;
  memory.fill(counters(), 0, 3 * COUNTS_BYTES);
  let codes = sequenceCodes();
  let at = sequences();
  for (const end = at + (<usize>count << 3); at < end; at += 8, codes += 4) {
    const sequence = load<u64>(at);
    const literalLength = <u32>sequence & 0x3ffff;
    const matchLength = <u32>(sequence >> 18) & 0x3ffff;
    const offset = <u32>(sequence >> 36);
    const literalLengthCode =
      literalLength < LITERAL_LENGTH_CODED
        ? <u32>load<u8>(LITERAL_LENGTH_CODES + literalLength)
        : 31 - clz(literalLength) + LITERAL_LENGTH_STEP;
    const matchLengthCode =
      matchLength < MATCH_LENGTH_CODED ? <u32>load<u8>(MATCH_LENGTH_CODES + matchLength) : 31 - clz(matchLength) + MATCH_LENGTH_STEP;
    const offsetCode = 31 - clz(offset);
    countCode(literalLengthCounts, literalLengthCode);
    countCode(offsetCounts, offsetCode);
    countCode(matchLengthCounts, matchLengthCode);
    store<u32>(codes, literalLengthCode | (offsetCode << 8) | (matchLengthCode << 16));

    const literalLengthBits = <u64>load<u8>(LITERAL_LENGTH_BITS + literalLengthCode);
    const matchLengthBits = <u64>load<u8>(MATCH_LENGTH_BITS + matchLengthCode);
    const lengthBits = literalLengthBits + matchLengthBits;
    const extra =
      lowBits(literalLength, literalLengthBits) |
      (lowBits(matchLength, matchLengthBits) << literalLengthBits) |
      (lowBits(offset, offsetCode) << lengthBits);
    store<u64>(at, extra | ((lengthBits + offsetCode) << EXTRA_COUNT_SHIFT));
  }
}

/**
 * Writes the stream up to `limit`; may write 16 bytes more.
 * @returns where it ends; if that is past the limit it is not complete
 */
function writeStream(to: usize, limit: usize, count: u32): usize {
  const literalLengthCoder = chosenCoder(KIND_LITERAL_LENGTH);
  const offsetCoder = chosenCoder(KIND_OFFSET);
  const matchLengthCoder = chosenCoder(KIND_MATCH_LENGTH);
  let codesAt = sequenceCodes() + (<usize>(count - 1) << 2);
  let at = sequences() + (<usize>(count - 1) << 3);

  let literalLength = fseFirstState(literalLengthCoder, load<u8>(codesAt));
  let offset = fseFirstState(offsetCoder, load<u8>(codesAt, 1));
  let matchLength = fseFirstState(matchLengthCoder, load<u8>(codesAt, 2));
  let sequence = load<u64>(at);
  let bits = lowBits(sequence, EXTRA_COUNT_SHIFT);
  let bitCount = sequence >> EXTRA_COUNT_SHIFT;
  let out = to;

  while (at > sequences() && out < limit) {
    at -= 8;
    codesAt -= 4;
    store<u64>(out, bits);
    out += <usize>(bitCount >> 3);
    bits >>= bitCount & ~7;
    bitCount &= 7;

    const offsetTransition = transitionOf(offsetCoder, load<u8>(codesAt, 1));
    const offsetWidth = fseBitCount(offsetTransition, offset);
    const offsetRest = offset >> offsetWidth;
    bits |= <u64>(offset ^ (offsetRest << offsetWidth)) << bitCount;
    bitCount += offsetWidth;
    offset = fseNextState(offsetCoder, offsetTransition, offsetRest);

    const matchLengthTransition = transitionOf(matchLengthCoder, load<u8>(codesAt, 2));
    const matchLengthWidth = fseBitCount(matchLengthTransition, matchLength);
    const matchLengthRest = matchLength >> matchLengthWidth;
    bits |= <u64>(matchLength ^ (matchLengthRest << matchLengthWidth)) << bitCount;
    bitCount += matchLengthWidth;
    matchLength = fseNextState(matchLengthCoder, matchLengthTransition, matchLengthRest);

    const literalLengthTransition = transitionOf(literalLengthCoder, load<u8>(codesAt, 0));
    const literalLengthWidth = fseBitCount(literalLengthTransition, literalLength);
    const literalLengthRest = literalLength >> literalLengthWidth;
    bits |= <u64>(literalLength ^ (literalLengthRest << literalLengthWidth)) << bitCount;
    bitCount += literalLengthWidth;
    literalLength = fseNextState(literalLengthCoder, literalLengthTransition, literalLengthRest);

    sequence = load<u64>(at);
    const extraCount = sequence >> EXTRA_COUNT_SHIFT;
    if (extraCount > FEW_EXTRA_BITS) {
      store<u64>(out, bits);
      out += <usize>(bitCount >> 3);
      bits >>= bitCount & ~7;
      bitCount &= 7;
    }
    bits |= lowBits(sequence, EXTRA_COUNT_SHIFT) << bitCount;
    bitCount += extraCount;
  }
  if (at > sequences()) return limit + 1;

  store<u64>(out, bits);
  out += <usize>(bitCount >> 3);
  bits >>= bitCount & ~7;
  bitCount &= 7;
  bits |= lowBits(matchLength, accuracyOf(matchLengthCoder)) << bitCount;
  bitCount += accuracyOf(matchLengthCoder);
  bits |= lowBits(offset, accuracyOf(offsetCoder)) << bitCount;
  bitCount += accuracyOf(offsetCoder);
  bits |= lowBits(literalLength, accuracyOf(literalLengthCoder)) << bitCount;
  bitCount += accuracyOf(literalLengthCoder);
  bits |= <u64>1 << bitCount;
  store<u64>(out, bits);
  return out + <usize>((bitCount + 8) >> 3);
}
