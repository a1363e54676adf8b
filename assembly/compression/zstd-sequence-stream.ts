// Decoding the bitstream of a sequences section (RFC 8878, 3.1.1.3.2.1 and 3.1.1.5).
//
//   states    initial states of the literal length, offset and match length tables: as many bits as the table's accuracy
//   per sequence
//     extra bits   of the offset, the match length, the literal length
//     states       of the literal length, the match length, the offset; not after the last sequence
//
// Invariant: a sequence in the workspace has an offset of at least 1 that reaches at most the frame's first byte. The window's size is not
// looked at, because the whole frame's output is at hand. The caller checks the sums, once per chunk: a chunk adds less than 2^28 to them,
// so that they cannot wrap.

import { endPosition, peek, STREAM_BASE, topBits } from "./zstd-bits";
import { INITIAL_REPEAT_1, INITIAL_REPEAT_2, INITIAL_REPEAT_3 } from "./zstd-constants";
import { entryBits, entryExtra, entryHasExtra, entryNext } from "./zstd-fse";
import { literalLengths, matchLengths, offsets } from "./zstd-sequence-tables";
import { literalLengthTable, matchLengthTable, offsetTable, SEQUENCE_BYTES, sequences } from "./zstd-workspace";

/** Literals that the block's sequences so far copy. */
export let literalsUsed: u32 = 0;
/** Bytes of the frame's output after the sequences so far. */
export let produced: u32 = 0;

/** Bits that one load is sure to bring (zstd-bits.ts). Only sequences with huge lengths or offsets need more. */
const VALID_BITS: u32 = 57;

/** The three last offsets of the frame, most recent first. */
let repeat1: u32 = 0;
let repeat2: u32 = 0;
let repeat3: u32 = 0;

/** Where decoding stopped at the end of a chunk: the bits left, before and after the states that follow it, and those states. */
let positionBeforeStates: i32 = 0;
let position: i32 = 0;
let literalLengthState: u32 = 0;
let offsetState: u32 = 0;
let matchLengthState: u32 = 0;

/** At the start of a frame. */
export function resetRepeatOffsets(): void {
  repeat1 = INITIAL_REPEAT_1;
  repeat2 = INITIAL_REPEAT_2;
  repeat3 = INITIAL_REPEAT_3;
}

/** Reads the initial states of the stream in [start, end) when the frame has `before` bytes of output. False if there are none. */
export function openStream(start: usize, end: usize, before: u32): bool {
  literalsUsed = 0;
  produced = before;
  const accuracyL = literalLengths.accuracy;
  const accuracyO = offsets.accuracy;
  const accuracyM = matchLengths.accuracy;
  position = endPosition(start, <u32>(end - start));
  if (position < accuracyL + accuracyO + accuracyM) return false;
  const bits = peek(start + STREAM_BASE, position);
  literalLengthState = topBits(bits, accuracyL);
  offsetState = topBits(bits << accuracyL, accuracyO);
  matchLengthState = topBits(bits << (accuracyL + accuracyO), accuracyM);
  position -= accuracyL + accuracyO + accuracyM;
  return true;
}

/** Whether the sequences so far have used every bit of the stream, as they must at its end. */
export function streamIsUsedUp(): bool {
  return positionBeforeStates == 0;
}

/**
 * Decodes the next `count` sequences of the bitstream at `start` into the workspace; false if one is not valid.
 *
 * The states that follow the block's last sequence are decoded from bits that are not there; nothing uses them.
 */
export function decodeChunk(start: usize, count: u32): bool {
  const base = start + STREAM_BASE;
  let left = position;
  let leftBeforeStates = left;
  let stateL = literalLengthState;
  let stateO = offsetState;
  let stateM = matchLengthState;
  let recent1 = repeat1;
  let recent2 = repeat2;
  let recent3 = repeat3;
  let made = produced;
  let used = literalsUsed;
  let sequence = sequences();
  const sequencesEnd = sequence + count * SEQUENCE_BYTES;
  do {
    if (left < 0) return false;
    const entryO = load<u64>(offsetTable() + (stateO << 3));
    const entryM = load<u64>(matchLengthTable() + (stateM << 3));
    const entryL = load<u64>(literalLengthTable() + (stateL << 3));
    const counts = <u32>((entryO >> 32) + (entryM >> 32) + (entryL >> 32));
    const extraBits = counts & 0xff;
    const stateBits = (counts >> 8) & 0xff;

    let bits = peek(base, left);
    const offsetValue = <u32>entryO + topBits(bits, entryExtra(entryO));
    bits <<= entryExtra(entryO);
    const matchLength = <u32>entryM + topBits(bits, entryExtra(entryM));
    bits <<= entryExtra(entryM);
    leftBeforeStates = left - extraBits;
    if (extraBits + stateBits > VALID_BITS) {
      // The literal length and the states come from a second load, at the place that this arithmetic goes back to.
      const leftNow = leftBeforeStates + (<i32>entryExtra(entryL) & 63);
      if (leftNow < 0) return false;
      bits = peek(base, leftNow);
    }
    let literalLength = <u32>entryL;
    if (entryHasExtra(entryL)) {
      literalLength += topBits(bits, entryExtra(entryL));
      bits <<= entryExtra(entryL);
    }
    left = leftBeforeStates - stateBits;

    stateL = entryNext(entryL) + topBits(bits, entryBits(entryL));
    bits <<= entryBits(entryL);
    stateM = entryNext(entryM) + topBits(bits, entryBits(entryM));
    bits <<= entryBits(entryM);
    stateO = entryNext(entryO) + topBits(bits, entryBits(entryO));

    // Which offset repeats is close to random in real data: selecting is faster than branching.
    const index = offsetValue - 1 + <u32>(literalLength == 0);
    let repeat = select<u32>(recent1, recent2, index == 0);
    repeat = select<u32>(recent3, repeat, index == 2);
    repeat = select<u32>(recent1 - 1, repeat, index == 3);
    const offset = select<u32>(offsetValue - 3, repeat, offsetValue > 3);
    recent3 = select<u32>(recent3, recent2, index < 2);
    recent2 = select<u32>(recent2, recent1, index < 1);
    recent1 = offset;

    used += literalLength;
    made += literalLength;
    if (offset - 1 >= made) return false;
    made += matchLength;
    store<u32>(sequence, literalLength);
    store<u32>(sequence, matchLength, 4);
    store<u32>(sequence, offset, 8);
    sequence += SEQUENCE_BYTES;
  } while (sequence < sequencesEnd);

  position = left;
  positionBeforeStates = leftBeforeStates;
  literalLengthState = stateL;
  offsetState = stateO;
  matchLengthState = stateM;
  repeat1 = recent1;
  repeat2 = recent2;
  repeat3 = recent3;
  produced = made;
  literalsUsed = used;
  return true;
}
