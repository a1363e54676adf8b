// DEFLATE compression (RFC 1951): finds matches, parses lazily, and cuts the source into blocks.
//
// Lazy: a match is taken only if none that starts a byte later is better. Matches are of four bytes or more; those of three, and distant ones
// of four, cost more than they save on JSON records. The constants below are chosen for zlib's default level: on bench/core/gzip.bench.ts the
// sizes are within 2 % of it, mostly below. Twice the depths make flights-200k.json 2 % smaller, at two thirds of the speed.

import { FIRST_LENGTH_SYMBOL, lengthBases, lengthExtraBits, LITLEN_SYMBOLS, MAXIMUM_MATCH, MAXIMUM_STORED } from "./deflate-symbols";
import { writeBlock } from "./deflate-block";
import { findMatch, HASHED_BYTES, insertMatches, matchDistance, matchLength, resetMatches } from "./deflate-matches";
import { resetFrequencies, shouldSplit } from "./deflate-split";
import { distanceFrequencies, litlenFrequencies, MAXIMUM_BLOCK_BYTES, MAXIMUM_SEQUENCES, sequences } from "./gzip-workspace";

/** Positions tried for a match, and for a better one a byte later. */
const DEPTH: u32 = 24;
const LAZY_DEPTH: u32 = 12;
/** The same once the match at hand is longer than GOOD_LENGTH: a better one is unlikely. */
const GOOD_DEPTH: u32 = 6;
const GOOD_LENGTH: u32 = 16;
/** A match this long is taken at once. */
const NICE_LENGTH: u32 = 128;
/** A match of four bytes further away than this costs more than four literals, as a rule. */
const SHORT_MATCH_DISTANCE: u32 = 2048;
/** After every 2^STRIDE_SHIFT bytes without a match, the search goes on in steps that are one byte longer: the data does not compress. */
const STRIDE_SHIFT: u32 = 8;
/** Bytes between two looks at whether the block should end; no block but the last is shorter. */
const SPLIT_INTERVAL: u32 = 8192;

/** u8 each: for each match length from 3, its symbol - 257. */
const lengthSymbols = memory.data(256, 16);

/** How far the parse has come. */
@unmanaged
class Parse {
  position: usize;
  end: usize;
  /** First byte of the block. */
  blockStart: usize;
  /** First byte behind the last match. */
  literalStart: usize;
  sequenceCount: u32;
}

const parse = changetype<Parse>(memory.data(32, 16));

function prepareLengthSymbols(): void {
  if (load<u8>(lengthSymbols, 255) != 0) return;
  for (let index: u32 = 0; index < LITLEN_SYMBOLS - FIRST_LENGTH_SYMBOL; index++) {
    const first = <usize>load<u16>(lengthBases + (index << 1)) - 3;
    const count: usize = 1 << load<u8>(lengthExtraBits + index);
    memory.fill(lengthSymbols + first, <u8>index, count);
  }
}

// @ts-ignore: decorator
@inline
function countSymbol(frequency: usize): void {
  store<u32>(frequency, load<u32>(frequency) + 1);
}

/** Symbol of the distance `back` + 1: two symbols for each power of two. */
// @ts-ignore: decorator
@inline
function distanceSymbol(back: u32): u32 {
  if (back < 2) return back;
  const top = 31 - clz(back);
  return (top << 1) | ((back >> (top - 1)) & 1);
}

/** Is there no match, or one that costs more than its literals? */
// @ts-ignore: decorator
@inline
function isWorthless(match: u32): bool {
  return match == 0 || (matchLength(match) == HASHED_BYTES && matchDistance(match) > SHORT_MATCH_DISTANCE);
}

/** Is `next`, found a byte after `match`, worth a literal more? A bit of distance is worth a quarter of a byte of length. */
// @ts-ignore: decorator
@inline
function isBetter(next: u32, match: u32): bool {
  if (next == 0) return false;
  const gained = <i32>(matchLength(next) - matchLength(match)) << 2;
  return gained + <i32>(clz(matchDistance(next)) - clz(matchDistance(match))) > 2;
}

/** Parses up to `stop` (a match may reach past it), or less if the sequences run out. */
function parseTo(stop: usize): void {
  const end = parse.end;
  const lastHashed = end - HASHED_BYTES;
  const literals = litlenFrequencies();
  const lengths = literals + (FIRST_LENGTH_SYMBOL << 2);
  const distances = distanceFrequencies();
  let sequence = sequences() + (parse.sequenceCount << 3);
  const sequencesEnd = sequences() + (MAXIMUM_SEQUENCES << 3);
  let at = parse.position;
  let literalStart = parse.literalStart;

  while (at < stop && sequence < sequencesEnd) {
    if (at > lastHashed) {
      countSymbol(literals + (<usize>load<u8>(at++) << 2));
      continue;
    }
    let match = findMatch(at, end, 3, NICE_LENGTH, DEPTH);
    if (isWorthless(match)) {
      const stride: usize = 1 + ((at - literalStart) >> STRIDE_SHIFT);
      for (const next = min(at + stride, stop); at < next; at++) countSymbol(literals + (<usize>load<u8>(at) << 2));
      continue;
    }
    let inserted = at + 1;
    while (matchLength(match) < NICE_LENGTH && at < lastHashed) {
      const depth = matchLength(match) > GOOD_LENGTH ? GOOD_DEPTH : LAZY_DEPTH;
      const next = findMatch(inserted++, end, matchLength(match) - 1, NICE_LENGTH, depth);
      if (!isBetter(next, match)) break;
      countSymbol(literals + (<usize>load<u8>(at++) << 2));
      match = next;
    }
    const length = matchLength(match);
    const back = matchDistance(match) - 1;
    const symbol = distanceSymbol(back);
    countSymbol(lengths + (<usize>load<u8>(lengthSymbols + length - 3) << 2));
    countSymbol(distances + (symbol << 2));
    store<u32>(sequence, at - literalStart);
    store<u32>(sequence, (length - 3) | (back << 8) | (symbol << 23), 4);
    sequence += 8;
    at += length;
    insertMatches(inserted, min(at, lastHashed + 1));
    literalStart = at;
  }
  parse.position = at;
  parse.literalStart = literalStart;
  parse.sequenceCount = <u32>(sequence - sequences()) >> 3;
}

/** Parses one block. */
function parseBlock(): void {
  parse.blockStart = parse.position;
  parse.literalStart = parse.position;
  parse.sequenceCount = 0;
  resetFrequencies();
  const limit = min<usize>(parse.end, parse.blockStart + MAXIMUM_BLOCK_BYTES - MAXIMUM_MATCH);
  while (parse.position < limit && parse.sequenceCount < MAXIMUM_SEQUENCES) {
    parseTo(min<usize>(limit, parse.position + SPLIT_INTERVAL));
    if (parse.position < limit && shouldSplit()) return;
  }
}

/** Most bytes that `length` bytes become: all of them stored, in the shortest blocks, and each of them in pieces of MAXIMUM_STORED. */
export function deflateBound(length: u32): u32 {
  return length + 5 * (1 + length / SPLIT_INTERVAL + length / MAXIMUM_STORED);
}

/**
 * Compresses `length` bytes at `source` to the writer's position, and leaves that behind the last byte.
 * @returns 0 or OUTPUT_LIMIT
 */
export function deflate(source: usize, length: u32): i32 {
  prepareLengthSymbols();
  resetMatches(length);
  parse.position = source;
  parse.end = source + length;
  do {
    parseBlock();
    const blockStart = parse.blockStart;
    const status = writeBlock(blockStart, <u32>(parse.position - blockStart), parse.sequenceCount, parse.position == parse.end);
    if (status < 0) return status;
  } while (parse.position < parse.end);
  return 0;
}
