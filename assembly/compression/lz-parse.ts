// The match finder that the snappy and lz4 compressors share: a greedy parse of one block of at most 64 KiB into sequences (some
// literals, then a match), found through a hash table of the positions of earlier 4-byte words. One entry a slot, two bytes an entry:
// a block's positions fit in 16 bits, so the table stays in the first-level cache.
//
// Data that does not compress is skipped faster and faster: after every 64 misses in a row the search steps one byte further, so that
// a random block costs a small part of what a compressible one does.
//
// Workspace (memory.ts):  hash table, 32 KiB | staging, 128 KiB: one block's output where the destination may lack room for it

import { WORKSPACE_BYTES, workspace } from "../memory";

/** The most that `parseBlock` takes at once. */
export const BLOCK_BYTES: usize = 1 << 16;

/** A match starts at least this far from the end of its block, so that the loops here may read 16 bytes from where they are. */
const START_MARGIN: usize = 16;

const MIN_TABLE_BITS: u32 = 8;
const MAX_TABLE_BITS: u32 = 14;

/** How many misses in a row, as a power of two, make the search step one byte further. */
const SKIP_BITS: u32 = 6;

const STAGING: usize = 2 << MAX_TABLE_BITS;
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
  const table = workspace();
  const shift = clearTable(table, length);
  let literals = source;
  let next = source + 1;
  while (true) {
    let misses: u32 = 1 << SKIP_BITS;
    let position: usize;
    let candidate: usize;
    let word: u32;
    do {
      position = next;
      next = position + (misses++ >> SKIP_BITS);
      if (next > lastStart) return format.writeLiterals(output, literals, end - literals);
      word = load<u32>(position);
      const slot = table + slotOf(word, shift);
      candidate = source + load<u16>(slot);
      store<u16>(slot, position - source);
    } while (load<u32>(candidate) != word);

    while (position > literals && candidate > source && load<u8>(position - 1) == load<u8>(candidate - 1)) {
      position--;
      candidate--;
    }

    // After a match, try the very next position before searching on: matches often come in rows.
    do {
      const matchLength: usize = 4 + equalBytes(position + 4, candidate + 4, matchEnd);
      output = format.writeSequence(output, literals, position - literals, position - candidate, matchLength);
      position += matchLength;
      literals = position;
      if (position >= lastStart) return format.writeLiterals(output, literals, end - literals);
      store<u16>(table + slotOf(load<u32>(position - 2), shift), position - 2 - source);
      word = load<u32>(position);
      const slot = table + slotOf(word, shift);
      candidate = source + load<u16>(slot);
      store<u16>(slot, position - source);
    } while (load<u32>(candidate) == word);
    next = position + 1;
  }
}

/** Zeroes a table sized for the block, and returns the shift that turns a hash into one of its slots. */
function clearTable(table: usize, length: usize): u32 {
  const bits = min(max(32 - clz<u32>(<u32>length - 1), MIN_TABLE_BITS), MAX_TABLE_BITS);
  memory.fill(table, 0, 2 << bits);
  return 31 - bits;
}

/** The slot of a word, as a byte offset into a table of two-byte entries (hence the even mask). */
// @ts-ignore: decorator
@inline
function slotOf(word: u32, shift: u32): usize {
  return ((word * 0x9e3779b1) >> shift) & ~1;
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
