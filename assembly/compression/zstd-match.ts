// The zstd encoder's match finder: one hash table of positions, one candidate a position, greedy. It turns a block into literals
// (copied together in workspace) and sequences, a u64 each:
//
//   bits 0-17 literal length | bits 18-35 match length - 3 | bits 36-63 offset value
//
// The offset value is as RFC 8878 (3.1.1.5) has it: 1 is the last offset (or, after no literals, the one before it), and an offset
// that is spelled out is itself + 3. Where nothing matches, the distance between tries grows, so that data without repeats costs little.
//
// A source is cut into segments of MAX_OFFSET bytes, each of which starts with an empty table: the positions found there can then not be
// further back than any decoder has to look. (An empty slot means the segment's first position, which is as good as any: what
// counts is that the bytes are the same.)
//
// Invariants: a match lies inside the block, and what it copies from lies between the start of the source and the match, at most
// MAX_OFFSET back. Reads stay inside the source: no match starts in a block's last 16 bytes, so the 8-byte loads at a position
// and the 16-byte copies of what is before one stay in it.

import { MIN_MATCH } from "./zstd-constants";
import { hashTable, literals, NEXT, STATE_REPEAT_1, STATE_REPEAT_2, sequences } from "./zstd-encode-memory";

/** Furthest that a match may reach back: the window that every decoder is asked to have (RFC 8878, 3.1.1.1.2). */
export const MAX_OFFSET: u32 = 8 << 20;

/** Bytes at the end of a block where no match starts. */
const TAIL_BYTES: usize = 16;

/** Matches are looked for by this many bytes at once. */
const FIRST_BYTES: usize = 4;

/** The step between tries grows by one each time this many bytes have passed without a match. */
const PATIENCE_BYTES: usize = 128;

/** Puts the bits that place a slot, four bytes each, at the low end; the mask then picks as many as the table has. */
const SLOT_SHIFT: u64 = 46;

/** Odd, with bits that look random: 2^64 divided by the golden ratio. */
const HASH_FACTOR: u64 = 0x9e3779b97f4a7c15;

/**
 * Byte position, in the hash table, of the slot for the 7 bytes at `at`. So many because of what an offset costs: a match found by fewer
 * is often too short to pay for it, and the short ones that do pay, at the last offsets, are found without the table.
 */
// @ts-ignore: decorator
@inline
function slotOf(at: usize, slotMask: u32): u32 {
  return <u32>(((load<u64>(at) << 8) * HASH_FACTOR) >> SLOT_SHIFT) & slotMask;
}

/** Puts the position of `at` into its slot. */
// @ts-ignore: decorator
@inline
function remember(table: usize, segment: usize, at: usize, slotMask: u32): void {
  store<u32>(table + slotOf(at, slotMask), <u32>(at - segment));
}

// @ts-ignore: decorator
@inline
function sequenceOf(literalLength: usize, matchLength: usize, offsetValue: usize): u64 {
  return (<u64>offsetValue << 36) | (<u64>(matchLength - MIN_MATCH) << 18) | <u64>literalLength;
}

/** How many bytes are equal from `a` and from `b` on, up to `end`, where `b < a <= end`. */
// @ts-ignore: decorator
@inline
function countEqual(a: usize, b: usize, end: usize): usize {
  const start = a;
  while (a + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference != 0) return a - start + <usize>(ctz(difference) >> 3);
    a += 8;
    b += 8;
  }
  while (a < end && load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return a - start;
}

/** Copies 16 bytes at a time: may read and write up to 15 bytes more than `length`. */
// @ts-ignore: decorator
@inline
function copyWide(to: usize, from: usize, length: usize): void {
  const end = to + length;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
}

/** Bytes in `literals()` after findSequences. */
const LITERAL_BYTES: usize = memory.data(4, 4);

/** How many literals the last call of findSequences left. */
export function literalCount(): u32 {
  return load<u32>(LITERAL_BYTES);
}

/**
 * Finds the sequences of the block [block, blockEnd) and updates the repeat offsets of NEXT. One function, since its locals are the
 * registers of the encoder's hottest loop.
 * @param segment first byte of the segment that the block is in
 * @param slotMask the hash table's size in bytes, less 4; the table holds positions in this segment or zeros
 * @returns the number of sequences; the literals before, between and after them are in `literals()`
 */
export function findSequences(segment: usize, block: usize, blockEnd: usize, slotMask: u32): u32 {
  const table = hashTable();
  const last = blockEnd - min(TAIL_BYTES, blockEnd - block);
  let literal = literals();
  let sequence = sequences();
  let repeat1: usize = load<u32>(NEXT, STATE_REPEAT_1);
  let repeat2: usize = load<u32>(NEXT, STATE_REPEAT_2);
  let anchor = block;
  // Nothing comes before the first position: the source's first repeat offset, 1, could reach out of it.
  let at = block + usize(block == segment);

  while (at + FIRST_BYTES < last) {
    let step: usize = 2;
    let patience = at + PATIENCE_BYTES;
    let slot = slotOf(at, slotMask);
    let match: usize = 0;

    while (true) {
      // Two positions in a row go through the table, the one after them is tried at the last offset.
      const ahead = at + step;
      if (ahead + 1 >= last) break;
      const candidate = segment + load<u32>(table + slot);
      store<u32>(table + slot, <u32>(at - segment));
      const nextSlot = slotOf(at + 1, slotMask);
      const next = segment + load<u32>(table + nextSlot);
      store<u32>(table + nextSlot, <u32>(at + 1 - segment));
      if (load<u32>(ahead) == load<u32>(ahead - repeat1)) {
        at = ahead;
        match = at - repeat1;
        break;
      }
      if (load<u32>(candidate) == load<u32>(at)) {
        match = candidate;
        break;
      }
      if (load<u32>(next) == load<u32>(at + 1)) {
        at++;
        match = next;
        break;
      }
      slot = slotOf(ahead, slotMask);
      at = ahead;
      if (at >= patience) {
        step++;
        patience += PATIENCE_BYTES;
      }
    }

    if (match == 0) break;

    // Bytes before the position found may match too.
    const found = at;
    while (at > anchor && match > segment && load<u8>(at - 1) == load<u8>(match - 1)) {
      at--;
      match--;
    }
    const offset = at - match;
    let offsetValue: usize = 1;
    if (offset != repeat1 || at == anchor) {
      // Right after a match, the last offset has no name: it is spelled out.
      offsetValue = offset + 3;
      repeat2 = repeat1;
      repeat1 = offset;
    }

    const known = found - at + FIRST_BYTES;
    const length = known + countEqual(at + known, match + known, blockEnd);
    copyWide(literal, anchor, at - anchor);
    literal += at - anchor;
    store<u64>(sequence, sequenceOf(at - anchor, length, offsetValue));
    sequence += 8;
    anchor = at + length;

    if (anchor + FIRST_BYTES < last) {
      remember(table, segment, at + 2, slotMask);
      remember(table, segment, anchor - 2, slotMask);
      while (anchor + FIRST_BYTES < last && load<u32>(anchor) == load<u32>(anchor - repeat2)) {
        const again = FIRST_BYTES + countEqual(anchor + FIRST_BYTES, anchor + FIRST_BYTES - repeat2, blockEnd);
        const swap = repeat2;
        repeat2 = repeat1;
        repeat1 = swap;
        remember(table, segment, anchor, slotMask);
        store<u64>(sequence, sequenceOf(0, again, 1));
        sequence += 8;
        anchor += again;
      }
    }
    at = anchor;
  }

  memory.copy(literal, anchor, blockEnd - anchor);
  store<u32>(LITERAL_BYTES, <u32>(literal + (blockEnd - anchor) - literals()));
  store<u32>(NEXT, <u32>repeat1, STATE_REPEAT_1);
  store<u32>(NEXT, <u32>repeat2, STATE_REPEAT_2);
  return <u32>((sequence - sequences()) >> 3);
}
