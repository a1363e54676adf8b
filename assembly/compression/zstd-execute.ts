// Executes decoded sequences (zstd-sequences.ts has had them checked): copies literals and matches to the output.
//
// Copies are 16 bytes wide and overshoot by up to OVERSHOOT bytes while at least that much capacity follows the sequence; what they
// write too much is overwritten by the next sequence. The last few sequences before the capacity's end are copied exactly. Most
// literals are shorter than 16 bytes and most matches shorter than 32, so that much is copied without asking.
//
// A match at an offset below 16 overlaps itself within one wide copy. Its output repeats `offset` bytes, so a vector of 16 bytes of that
// pattern is made by one shuffle, and stored in steps of the largest multiple of the offset that fits in 16.

import { REPEAT_SHUFFLES, REPEAT_STEPS } from "./lz-copy";
import { OVERSHOOT, SEQUENCE_BYTES, sequences } from "./zstd-workspace";

/** Executes the first `count` sequences in the workspace: literals come from `from`, output goes to `to`, capacity ends at `outputEnd`. */
export function executeSequences(count: u32, from: usize, to: usize, outputEnd: usize): void {
  const safeEnd = outputEnd - OVERSHOOT;
  let sequence = sequences();
  const sequencesEnd = sequence + count * SEQUENCE_BYTES;
  for (; sequence < sequencesEnd; sequence += SEQUENCE_BYTES) {
    const literalLength = load<u32>(sequence);
    const matchLength = load<u32>(sequence, 4);
    const offset = load<u32>(sequence, 8);
    const matchTo = to + literalLength;
    const next = matchTo + matchLength;
    if (next > safeEnd) break;
    copy16(to, from);
    if (literalLength > 16) copyWide(to + 16, from + 16, matchTo);
    from += literalLength;
    if (offset >= 16) {
      const matchFrom = matchTo - offset;
      copy16(matchTo, matchFrom);
      v128.store(matchTo, v128.load(matchFrom, 16), 16);
      if (matchLength > 32) copyWide(matchTo + 32, matchFrom + 32, next);
    } else {
      repeatPattern(matchTo, offset, next);
    }
    to = next;
  }
  if (sequence < sequencesEnd) executeExactly(sequence, sequencesEnd, from, to);
}

// @ts-ignore: decorator
@inline
function copy16(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
}

/** Copies in steps of 16 bytes until `end` is reached or passed; at least one step. */
// @ts-ignore: decorator
@inline
function copyWide(to: usize, from: usize, end: usize): void {
  do {
    copy16(to, from);
    to += 16;
    from += 16;
  } while (to < end);
}

/** Fills [to, end), and up to 15 bytes more, with repetitions of the `offset` bytes before `to`; `offset` is 1 to 15. */
// @ts-ignore: decorator
@inline
function repeatPattern(to: usize, offset: u32, end: usize): void {
  // Every index is below 16, where the relaxed shuffle is the same on all machines.
  const pattern = i8x16.relaxed_swizzle(v128.load(to - offset), v128.load(REPEAT_SHUFFLES + (offset << 4)));
  const step: usize = load<u8>(REPEAT_STEPS + offset);
  do {
    v128.store(to, pattern);
    to += step;
  } while (to < end);
}

/** Executes sequences without a byte of overshoot. */
function executeExactly(sequence: usize, sequencesEnd: usize, from: usize, to: usize): void {
  for (; sequence < sequencesEnd; sequence += SEQUENCE_BYTES) {
    const literalLength = load<u32>(sequence);
    memory.copy(to, from, literalLength);
    from += literalLength;
    to += literalLength;
    const matchFrom = to - load<u32>(sequence, 8);
    const end = to + load<u32>(sequence, 4);
    // What has been written of a match repeats its pattern, so that each copy can be as long as everything since the match's source.
    while (to < end) {
      const bytes = min(to - matchFrom, end - to);
      memory.copy(to, matchFrom, bytes);
      to += bytes;
    }
  }
}
