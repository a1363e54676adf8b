// The match finder that the snappy and lz4 compressors share: a greedy parse of one block of at most 64 KiB into sequences (some
// literals, then a match).
//
// Two hash tables hold the positions of earlier words, one of 8-byte words and one of 4-byte words. The long word is asked first: text
// with structure, such as JSON, repeats in long runs, and a chance match of 4 bytes would only cut one short. (With the short table
// alone, the JSON of bench/core/lz-codecs.bench.ts comes out 3-10 % larger, at most a fifth faster.) One entry a slot, two bytes an
// entry: a block's positions fit in 16 bits, so the tables stay in the nearest caches. A slot that was never filled says position 0,
// which is as good a guess as any.
//
// Data that does not compress is skipped faster and faster: after every 64 misses in a row the search steps one byte further, so that
// a random block costs a small part of what a compressible one does.
//
// Workspace (memory.ts):  long table, 32 KiB | short table, 16 KiB | staging, 128 KiB: a block's output while it is not known to fit

import { WORKSPACE_BYTES, workspace } from "../memory";

/** The most that `parseBlock` takes at once. */
export const BLOCK_BYTES: usize = 1 << 16;

/** A match starts at least this far from the end of its block, so that the loop may read 16 bytes from wherever it is. */
const START_MARGIN: usize = 16;

/** Slots in a table, as powers of two: a small block gets a small table, which is soon cleared. */
const MIN_SLOT_BITS: u32 = 8;
const MAX_LONG_SLOT_BITS: u32 = 14;
const MAX_SHORT_SLOT_BITS: u32 = 13;

/** How many misses in a row, as a power of two, make the search step one byte further. */
const SKIP_BITS: u32 = 6;

const SHORT_TABLE: usize = 2 << MAX_LONG_SLOT_BITS;
const STAGING: usize = SHORT_TABLE + (2 << MAX_SHORT_SLOT_BITS);
const STAGING_BYTES: usize = 2 * BLOCK_BYTES;
// @ts-ignore: a static check
if (STAGING + STAGING_BYTES > WORKSPACE_BYTES) ERROR("the match finder's tables exceed the workspace");

/** Where a block's output goes while it is not known to fit: 128 KiB. */
// @ts-ignore: decorator
@inline
export function staging(): usize {
  return workspace() + STAGING;
}

/**
 * Parses `length` bytes at `source` and has `Format` write them at `output`. `Format` is a class without fields, so that its methods
 * are compiled into this loop: `writeSequence(output, literals, literalLength, offset, matchLength)` and `writeLiterals(output,
 * literals, literalLength)` return the new output position; no match reaches into the last `trailingLiterals` bytes of the block.
 * The output must have room for the format's worst case, wide copies included.
 * @returns the output position after the block
 */
// @ts-ignore: decorator
@inline
export function parseBlock<Format>(source: usize, length: usize, output: usize): usize {
  const format = changetype<Format>(0);
  const end = source + length;
  if (length <= START_MARGIN) return format.writeLiterals(output, source, length);
  const lastStart = end - START_MARGIN;
  const matchEnd = end - format.trailingLiterals;
  const longTable = workspace();
  const shortTable = longTable + SHORT_TABLE;
  const longShift = 63 - <u64>clearTable(longTable, length, MAX_LONG_SLOT_BITS);
  const shortShift = 31 - clearTable(shortTable, length, MAX_SHORT_SLOT_BITS);
  let literals = source;
  let next = source + 1;
  while (true) {
    let misses: u32 = 1 << SKIP_BITS;
    let position: usize;
    let match: usize;
    while (true) {
      position = next;
      next = position + (misses++ >> SKIP_BITS);
      if (next > lastStart) return format.writeLiterals(output, literals, end - literals);
      const word = load<u64>(position);
      match = source + exchange(longTable + longSlot(word, longShift), position - source);
      const shortMatch = source + exchange(shortTable + shortSlot(<u32>word, shortShift), position - source);
      if (load<u64>(match) == word) break;
      if (load<u32>(shortMatch) == <u32>word) {
        // Perhaps a long match starts a byte later.
        const nextWord = load<u64>(position, 1);
        match = source + exchange(longTable + longSlot(nextWord, longShift), position + 1 - source);
        if (load<u64>(match) == nextWord) position++;
        else match = shortMatch;
        break;
      }
    }
    while (position > literals && match > source && load<u8>(position - 1) == load<u8>(match - 1)) {
      position--;
      match--;
    }

    const matchLength: usize = 4 + equalBytes(position + 4, match + 4, matchEnd);
    output = format.writeSequence(output, literals, position - literals, position - match, matchLength);
    literals = position + matchLength;
    if (literals >= lastStart) return format.writeLiterals(output, literals, end - literals);
    next = literals;
    // The last position inside the match is worth finding again; more would cost more than they save.
    remember(literals - 1, source, longTable, longShift, shortTable, shortShift);
  }
}

/** Zeroes a table sized for a block of `length` bytes; returns its slots as a power of two. */
function clearTable(table: usize, length: usize, maxBits: u32): u32 {
  const bits = min(max(32 - clz<u32>(<u32>length - 1), MIN_SLOT_BITS), maxBits);
  memory.fill(table, 0, 2 << bits);
  return bits;
}

// A slot is a byte offset into a table of two-byte entries, hence the even masks and the shifts that are one short.

// @ts-ignore: decorator
@inline
function longSlot(word: u64, shift: u64): usize {
  return <usize>((word * 0x9e3779b185ebca87) >> shift) & ~1;
}

// @ts-ignore: decorator
@inline
function shortSlot(word: u32, shift: u32): usize {
  return ((word * 0x9e3779b1) >> shift) & ~1;
}

/** Enters a position in both tables. */
// @ts-ignore: decorator
@inline
function remember(position: usize, source: usize, longTable: usize, longShift: u64, shortTable: usize, shortShift: u32): void {
  const word = load<u64>(position);
  store<u16>(longTable + longSlot(word, longShift), position - source);
  store<u16>(shortTable + shortSlot(<u32>word, shortShift), position - source);
}

/** Replaces a slot's entry and returns the old one. */
// @ts-ignore: decorator
@inline
function exchange(slot: usize, entry: usize): usize {
  const old = <usize>load<u16>(slot);
  store<u16>(slot, entry);
  return old;
}

/** How many bytes at `a` and `b` are equal, with `a` not going past `end`; `b` is below `a`. */
// @ts-ignore: decorator
@inline
function equalBytes(a: usize, b: usize, end: usize): usize {
  const start = a;
  while (a + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) return a - start + (<usize>ctz(difference) >> 3);
    a += 8;
    b += 8;
  }
  while (a < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return a - start;
}
