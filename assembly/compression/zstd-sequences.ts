// The sequences section of a compressed block (RFC 8878, 3.1.1.3.2): each sequence copies some literals, then a match.
//
//   count      1 byte if < 128; 2 bytes, the first 128-254: ((first - 128) << 8) + second; or 255 and u16: that + 0x7f00
//   modes      1 byte, if count > 0: literal length, offset, match length in two bits each from the top; the low two must be 0
//   tables     in that order: RLE is one byte, the only code; FSE is a table description; predefined and repeat are nothing
//   bitstream  read backwards: the three initial states; per sequence the extra bits of offset, match length, literal length, then
//              (but for the last sequence) the next states of literal length, match length, offset
//
// Sequences are decoded a chunk at a time into the workspace, checked as they are, and then executed without looking back
// (zstd-execute.ts). Checked means: literals exist, the offset is at least 1 and reaches at most the frame's first byte, and the block
// does not grow past its limit. The window size is not looked at, because the whole frame's output is at hand.

import { CORRUPT, OUTPUT_LIMIT } from "../status";
import { endPosition, peek, topBits } from "./zstd-bits";
import {
  INITIAL_REPEAT_1,
  INITIAL_REPEAT_2,
  INITIAL_REPEAT_3,
  LITERAL_LENGTH_DEFAULT_ACCURACY,
  LITERAL_LENGTH_MAX_ACCURACY,
  LITERAL_LENGTH_MAX_CODE,
  MATCH_LENGTH_DEFAULT_ACCURACY,
  MATCH_LENGTH_MAX_ACCURACY,
  MATCH_LENGTH_MAX_CODE,
  MODE_FSE,
  MODE_PREDEFINED,
  MODE_RLE,
  OFFSET_DEFAULT_ACCURACY,
  OFFSET_MAX_ACCURACY,
  OFFSET_MAX_CODE,
} from "./zstd-constants";
import { executeSequences } from "./zstd-execute";
import { buildSingleTable, buildTable, describedAccuracy, describedSymbols, entryBits, entryExtra, entryNext, readDistribution } from "./zstd-fse";
import { literals, literalsSize } from "./zstd-literals";
import {
  LITERAL_LENGTH_PREDEFINED,
  LITERAL_LENGTH_VALUES,
  MATCH_LENGTH_PREDEFINED,
  MATCH_LENGTH_VALUES,
  OFFSET_PREDEFINED,
  OFFSET_VALUES,
} from "./zstd-values";
import {
  distribution,
  literalLengthTable,
  matchLengthTable,
  offsetTable,
  SEQUENCE_BYTES,
  SEQUENCES_PER_CHUNK,
  sequences,
} from "./zstd-workspace";

/** Bits that one load is sure to bring (zstd-bits.ts). Only sequences with huge lengths or offsets need more. */
const VALID_BITS: u32 = 57;

/** Accuracy of each table that the frame has set so far, or -1. The tables themselves are in the workspace. */
let literalLengthAccuracy: i32 = -1;
let offsetAccuracy: i32 = -1;
let matchLengthAccuracy: i32 = -1;

/** The three last offsets, most recent first. */
let repeat1: u32 = 0;
let repeat2: u32 = 0;
let repeat3: u32 = 0;

/** Where decoding stopped at the end of a chunk: the states, the bits left, and the literals and output that the chunks so far use. */
let literalLengthState: u32 = 0;
let offsetState: u32 = 0;
let matchLengthState: u32 = 0;
let position: i32 = 0;
let positionBeforeStates: i32 = 0;
let literalsUsed: u32 = 0;
let produced: u32 = 0;

/** Forgets what an earlier frame left. */
export function resetSequences(): void {
  literalLengthAccuracy = -1;
  offsetAccuracy = -1;
  matchLengthAccuracy = -1;
  repeat1 = INITIAL_REPEAT_1;
  repeat2 = INITIAL_REPEAT_2;
  repeat3 = INITIAL_REPEAT_3;
}

/**
 * Decodes and executes the sequences section in [source, end) over the literals of this block, writing at `output`.
 * @param frameStart where the frame's output begins: no match reaches before it
 * @param outputEnd the capacity's end
 * @param limit most bytes that the block may decode to
 * @returns bytes written, CORRUPT or OUTPUT_LIMIT
 */
export function decodeSequences(source: usize, end: usize, frameStart: usize, output: usize, outputEnd: usize, limit: u32): i32 {
  const available = <u32>(end - source);
  if (available == 0) return CORRUPT;
  let count: u32 = load<u8>(source);
  let at = source + 1;
  if (count >= 128) {
    const countBytes: u32 = count == 255 ? 3 : 2;
    if (available < countBytes) return CORRUPT;
    count = countBytes == 3 ? <u32>load<u16>(source, 1) + 0x7f00 : ((count - 128) << 8) + <u32>load<u8>(source, 1);
    at = source + countBytes;
  }
  literalsUsed = 0;
  const before = <u32>(output - frameStart);
  produced = before;
  let out = output;
  if (count > 0) {
    const tableBytes = readTables(at, end);
    if (tableBytes < 0) return tableBytes;
    at += tableBytes;
    if (!readStates(at, end)) return CORRUPT;
    let from = literals;
    while (count > 0) {
      const chunk = min(count, SEQUENCES_PER_CHUNK);
      count -= chunk;
      if (!decodeChunk(at, chunk) || literalsUsed > literalsSize || produced - before > limit) return CORRUPT;
      if (count == 0 && positionBeforeStates != 0) return CORRUPT;
      if (produced > <u32>(outputEnd - frameStart)) return OUTPUT_LIMIT;
      executeSequences(chunk, from, out, outputEnd);
      from = literals + literalsUsed;
      out = frameStart + produced;
    }
  } else if (at != end) return CORRUPT;

  const rest = literalsSize - literalsUsed;
  if (produced - before + rest > limit) return CORRUPT;
  if (rest > <u32>(outputEnd - out)) return OUTPUT_LIMIT;
  memory.copy(out, literals + literalsUsed, rest);
  return <i32>(out + rest - output);
}

/** Reads the modes byte and sets up the three tables. Returns the bytes read, or CORRUPT. */
function readTables(source: usize, end: usize): i32 {
  if (source >= end) return CORRUPT;
  const modes: u32 = load<u8>(source);
  if ((modes & 3) != 0) return CORRUPT;
  let at = source + 1;

  let bytes = readTable(
    at,
    end,
    modes >> 6,
    literalLengthTable(),
    LITERAL_LENGTH_VALUES,
    LITERAL_LENGTH_PREDEFINED,
    LITERAL_LENGTH_DEFAULT_ACCURACY,
    LITERAL_LENGTH_MAX_ACCURACY,
    LITERAL_LENGTH_MAX_CODE,
    literalLengthAccuracy,
  );
  if (bytes < 0) return bytes;
  literalLengthAccuracy = tableAccuracy;
  at += bytes;

  bytes = readTable(
    at,
    end,
    (modes >> 4) & 3,
    offsetTable(),
    OFFSET_VALUES,
    OFFSET_PREDEFINED,
    OFFSET_DEFAULT_ACCURACY,
    OFFSET_MAX_ACCURACY,
    OFFSET_MAX_CODE,
    offsetAccuracy,
  );
  if (bytes < 0) return bytes;
  offsetAccuracy = tableAccuracy;
  at += bytes;

  bytes = readTable(
    at,
    end,
    (modes >> 2) & 3,
    matchLengthTable(),
    MATCH_LENGTH_VALUES,
    MATCH_LENGTH_PREDEFINED,
    MATCH_LENGTH_DEFAULT_ACCURACY,
    MATCH_LENGTH_MAX_ACCURACY,
    MATCH_LENGTH_MAX_CODE,
    matchLengthAccuracy,
  );
  if (bytes < 0) return bytes;
  matchLengthAccuracy = tableAccuracy;
  return <i32>(at + bytes - source);
}

/** Accuracy of the table that `readTable` has just set up. */
let tableAccuracy: i32 = -1;

/** Sets up one table by its mode. Returns the bytes read, or CORRUPT. */
function readTable(
  source: usize,
  end: usize,
  mode: u32,
  table: usize,
  values: usize,
  predefined: usize,
  predefinedAccuracy: u32,
  maxAccuracy: u32,
  maxCode: u32,
  previousAccuracy: i32,
): i32 {
  if (mode == MODE_PREDEFINED) {
    memory.copy(table, predefined, 8 << predefinedAccuracy);
    tableAccuracy = predefinedAccuracy;
    return 0;
  }
  if (mode == MODE_RLE) {
    if (source >= end || <u32>load<u8>(source) > maxCode) return CORRUPT;
    buildSingleTable(table, values, load<u8>(source));
    tableAccuracy = 0;
    return 1;
  }
  if (mode == MODE_FSE) {
    const bytes = readDistribution(source, end, maxCode, maxAccuracy);
    if (bytes < 0) return bytes;
    buildTable(table, values, distribution(), describedSymbols, describedAccuracy);
    tableAccuracy = describedAccuracy;
    return bytes;
  }
  tableAccuracy = previousAccuracy;
  return previousAccuracy < 0 ? CORRUPT : 0;
}

/** Reads the initial states from the end of the bitstream in [start, end). */
function readStates(start: usize, end: usize): bool {
  if (start >= end) return false;
  position = endPosition(start, <u32>(end - start));
  if (position < literalLengthAccuracy + offsetAccuracy + matchLengthAccuracy) return false;
  let bits = peek(start, position);
  literalLengthState = topBits(bits, literalLengthAccuracy);
  bits <<= literalLengthAccuracy;
  offsetState = topBits(bits, offsetAccuracy);
  bits <<= offsetAccuracy;
  matchLengthState = topBits(bits, matchLengthAccuracy);
  position -= literalLengthAccuracy + offsetAccuracy + matchLengthAccuracy;
  return true;
}

/**
 * Decodes the next `count` sequences of the bitstream at `start` into the workspace; false if one is not valid.
 *
 * The states that follow the block's last sequence are decoded from bits that are not there; nothing uses them.
 */
function decodeChunk(start: usize, count: u32): bool {
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

    let bits = peek(start, left);
    const offsetValue = <u32>entryO + topBits(bits, entryExtra(entryO));
    bits <<= entryExtra(entryO);
    const matchLength = <u32>entryM + topBits(bits, entryExtra(entryM));
    bits <<= entryExtra(entryM);
    leftBeforeStates = left - extraBits;
    if (extraBits + stateBits > VALID_BITS) {
      const leftNow = leftBeforeStates + (<i32>entryExtra(entryL) & 63);
      if (leftNow < 0) return false;
      bits = peek(start, leftNow);
    }
    const literalLength = <u32>entryL + topBits(bits, entryExtra(entryL));
    bits <<= entryExtra(entryL);
    left = leftBeforeStates - stateBits;

    stateL = entryNext(entryL) + topBits(bits, entryBits(entryL));
    bits <<= entryBits(entryL);
    stateM = entryNext(entryM) + topBits(bits, entryBits(entryM));
    bits <<= entryBits(entryM);
    stateO = entryNext(entryO) + topBits(bits, entryBits(entryO));

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
