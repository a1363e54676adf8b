// Finds earlier occurrences of the bytes at a position: hash chains over the last 32 KB.
//
//   heads   newest position of each hash of four bytes, as an address; 0: none
//   chain   for each position, by its low 15 bits: how far back the one before it with the same hash is, capped to a u16
//
// A chain starts at a head and passes only through positions that were inserted in this call, so the heads are cleared and the chain need not
// be. A distance over 32768 ends it: what lies behind has been overwritten. The source is at an address far above that (memory.ts), so an empty
// head is always too far away.

import { MAXIMUM_MATCH, WINDOW_BYTES } from "./deflate-symbols";
import { chain, HASH_BITS, heads } from "./gzip-workspace";

/** Bytes that a position must have from itself to the end to be inserted or searched. */
export const HASHED_BYTES: u32 = 4;

const CHAIN_MASK: usize = WINDOW_BYTES - 1;
const MULTIPLIER: u32 = 0x9e3779b1;
/** Bits of the hash for the shortest sources. */
const MINIMUM_HASH_BITS: u32 = 9;

/** u32: 32 less the bits of the hash. */
const hashShift = memory.data(4, 4);

/** Forgets all positions, and prepares for `length` bytes: a short source gets a small table, which is soon cleared. */
export function resetMatches(length: u32): void {
  const bits = max(MINIMUM_HASH_BITS, min(HASH_BITS, 32 - clz(length)));
  store<u32>(hashShift, 32 - bits);
  memory.fill(heads(), 0, 4 << bits);
}

// @ts-ignore: decorator
@inline
function headOf(bytes: u32): usize {
  return heads() + (((bytes * MULTIPLIER) >> load<u32>(hashShift)) << 2);
}

// @ts-ignore: decorator
@inline
function chainAt(at: usize): usize {
  return chain() + ((at & CHAIN_MASK) << 1);
}

/** Inserts the positions from `at` up to `end`, each of which has HASHED_BYTES. */
export function insertMatches(at: usize, end: usize): void {
  for (; at < end; at++) {
    const bytes = load<u32>(at);
    const head = headOf(bytes);
    store<u16>(chainAt(at), min<u32>(<u32>at - load<u32>(head), 0xffff));
    store<u32>(head, at);
  }
}

/** How many bytes at `left` and `right` are equal, at most `limit`, of which `length` are known to be. */
// @ts-ignore: decorator
@inline
function equalBytes(left: usize, right: usize, length: u32, limit: u32): u32 {
  for (; length + 8 <= limit; length += 8) {
    const difference = load<u64>(left + length) ^ load<u64>(right + length);
    if (difference != 0) return length + (<u32>ctz(difference) >> 3);
  }
  while (length < limit && load<u8>(left + length) == load<u8>(right + length)) length++;
  return length;
}

/** A match as one number: length in bits 16.., distance - 1 in bits 0..15. Zero: none. */
// @ts-ignore: decorator
@inline
function packMatch(length: u32, distance: u32): u32 {
  return (length << 16) | (distance - 1);
}

// @ts-ignore: decorator
@inline
export function matchLength(match: u32): u32 {
  return match >> 16;
}

// @ts-ignore: decorator
@inline
export function matchDistance(match: u32): u32 {
  return (match & 0xffff) + 1;
}

/**
 * Inserts `at` and looks for the longest match that is longer than `longest` and starts there.
 * @param end end of the source, HASHED_BYTES or more behind `at`
 * @param nice a length that is good enough to stop at
 * @param depth most positions to try
 * @returns the match (matchLength, matchDistance), or 0
 */
export function findMatch(at: usize, end: usize, longest: u32, nice: u32, depth: u32): u32 {
  const limit = <u32>min<usize>(end - at, MAXIMUM_MATCH);
  nice = min(nice, limit);
  const bytes = load<u32>(at);
  const head = headOf(bytes);
  let distance = <u32>(at - load<u32>(head));
  store<u16>(chainAt(at), min<u32>(distance, 0xffff));
  store<u32>(head, at);
  if (longest >= limit) return 0;

  let best: u32 = 0;
  let tail = load<u32>(at + longest - 3); // the bytes that a longer match must have last
  while (distance <= WINDOW_BYTES) {
    const candidate = at - distance;
    if (load<u32>(candidate + longest - 3) == tail && load<u32>(candidate) == bytes) {
      const length = equalBytes(candidate, at, 4, limit);
      if (length > longest) {
        best = packMatch(length, distance);
        if (length >= nice) break;
        longest = length;
        tail = load<u32>(at + longest - 3);
      }
    }
    if (--depth == 0) break;
    distance += load<u16>(chainAt(candidate));
  }
  return best;
}
