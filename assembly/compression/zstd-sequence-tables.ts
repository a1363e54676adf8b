// The three tables that decode sequences: literal lengths, offsets, match lengths. What each is made from, and its state in this frame.
//
//   modes    1 byte: literal length, offset, match length in two bits each from the top; the low two must be 0
//   tables   in that order: RLE is one byte, the only code; FSE is a table description; predefined and repeat are nothing
//
// The tables themselves lie in the workspace, each always at the same place: predefined ones are copied there, so that the decoding loop
// has constant addresses and "repeat" has nothing to do.

import { CORRUPT } from "../status";
import {
  LITERAL_LENGTH_BASE,
  LITERAL_LENGTH_BITS,
  LITERAL_LENGTH_DEFAULT,
  LITERAL_LENGTH_DEFAULT_ACCURACY,
  LITERAL_LENGTH_MAX_ACCURACY,
  LITERAL_LENGTH_MAX_CODE,
  MATCH_LENGTH_BASE,
  MATCH_LENGTH_BITS,
  MATCH_LENGTH_DEFAULT,
  MATCH_LENGTH_DEFAULT_ACCURACY,
  MATCH_LENGTH_MAX_ACCURACY,
  MATCH_LENGTH_MAX_CODE,
  MODE_FSE,
  MODE_PREDEFINED,
  MODE_RLE,
  OFFSET_DEFAULT,
  OFFSET_DEFAULT_ACCURACY,
  OFFSET_DEFAULT_MAX_CODE,
  OFFSET_MAX_ACCURACY,
  OFFSET_MAX_CODE,
} from "./zstd-constants";
import { buildSingleTable, buildTable, describedAccuracy, describedSymbols, readDistribution, symbolValue } from "./zstd-fse";
import { distribution, literalLengthTable, matchLengthTable, offsetTable } from "./zstd-workspace";

/** One of the three. Lives in static memory; all but `accuracy` is written once, by `prepareTables`. */
@unmanaged
class SequenceTable {
  /** The decoding table, in the workspace. */
  table: usize;
  /** u64 per code: what it stands for (zstd-fse.ts). */
  values: usize;
  /** The predefined decoding table. */
  predefined: usize;
  predefinedAccuracy: u32;
  maxAccuracy: u32;
  maxCode: u32;
  /** Accuracy of the decoding table, or -1 if this frame has not set it yet. */
  accuracy: i32;
}

export const literalLengths: SequenceTable = changetype<SequenceTable>(memory.data(32, 8));
export const offsets: SequenceTable = changetype<SequenceTable>(memory.data(32, 8));
export const matchLengths: SequenceTable = changetype<SequenceTable>(memory.data(32, 8));

const LITERAL_LENGTH_VALUES: usize = memory.data(36 * 8, 8);
const OFFSET_VALUES: usize = memory.data(32 * 8, 8);
const MATCH_LENGTH_VALUES: usize = memory.data(53 * 8, 8);
const LITERAL_LENGTH_PREDEFINED: usize = memory.data(64 * 8, 8);
const OFFSET_PREDEFINED: usize = memory.data(32 * 8, 8);
const MATCH_LENGTH_PREDEFINED: usize = memory.data(64 * 8, 8);

let prepared: bool = false;

/** At the start of a frame: no table is set. */
export function resetTables(): void {
  if (!prepared) prepareTables();
  literalLengths.accuracy = -1;
  offsets.accuracy = -1;
  matchLengths.accuracy = -1;
}

/** Fills what never changes. The workspace's cells and spread are overwritten. */
function prepareTables(): void {
  literalLengths.table = literalLengthTable();
  literalLengths.values = LITERAL_LENGTH_VALUES;
  literalLengths.predefined = LITERAL_LENGTH_PREDEFINED;
  literalLengths.predefinedAccuracy = LITERAL_LENGTH_DEFAULT_ACCURACY;
  literalLengths.maxAccuracy = LITERAL_LENGTH_MAX_ACCURACY;
  literalLengths.maxCode = LITERAL_LENGTH_MAX_CODE;
  fillValues(LITERAL_LENGTH_VALUES, LITERAL_LENGTH_BASE, LITERAL_LENGTH_BITS, LITERAL_LENGTH_MAX_CODE);
  buildPredefined(literalLengths, LITERAL_LENGTH_DEFAULT, LITERAL_LENGTH_MAX_CODE);

  offsets.table = offsetTable();
  offsets.values = OFFSET_VALUES;
  offsets.predefined = OFFSET_PREDEFINED;
  offsets.predefinedAccuracy = OFFSET_DEFAULT_ACCURACY;
  offsets.maxAccuracy = OFFSET_MAX_ACCURACY;
  offsets.maxCode = OFFSET_MAX_CODE;
  for (let code: u32 = 0; code <= OFFSET_MAX_CODE; code++) store<u64>(OFFSET_VALUES + (code << 3), symbolValue(1 << code, code));
  buildPredefined(offsets, OFFSET_DEFAULT, OFFSET_DEFAULT_MAX_CODE);

  matchLengths.table = matchLengthTable();
  matchLengths.values = MATCH_LENGTH_VALUES;
  matchLengths.predefined = MATCH_LENGTH_PREDEFINED;
  matchLengths.predefinedAccuracy = MATCH_LENGTH_DEFAULT_ACCURACY;
  matchLengths.maxAccuracy = MATCH_LENGTH_MAX_ACCURACY;
  matchLengths.maxCode = MATCH_LENGTH_MAX_CODE;
  fillValues(MATCH_LENGTH_VALUES, MATCH_LENGTH_BASE, MATCH_LENGTH_BITS, MATCH_LENGTH_MAX_CODE);
  buildPredefined(matchLengths, MATCH_LENGTH_DEFAULT, MATCH_LENGTH_MAX_CODE);
  prepared = true;
}

function fillValues(values: usize, bases: usize, extraBits: usize, maxCode: u32): void {
  for (let code: u32 = 0; code <= maxCode; code++) {
    store<u64>(values + (code << 3), symbolValue(load<u32>(bases + (code << 2)), load<u8>(extraBits + code)));
  }
}

function buildPredefined(kind: SequenceTable, probabilities: usize, maxCode: u32): void {
  buildTable(kind.predefined, kind.values, probabilities, maxCode + 1, kind.predefinedAccuracy);
}

/**
 * Reads the modes byte and sets up the three tables; the block ends at `end`.
 * @returns bytes read, or CORRUPT
 */
export function readTables(source: usize, end: usize): i32 {
  if (source >= end) return CORRUPT;
  const modes: u32 = load<u8>(source);
  if ((modes & 3) != 0) return CORRUPT;
  let at = source + 1;
  let bytes = readTable(literalLengths, modes >> 6, at, end);
  if (bytes < 0) return bytes;
  at += bytes;
  bytes = readTable(offsets, (modes >> 4) & 3, at, end);
  if (bytes < 0) return bytes;
  at += bytes;
  bytes = readTable(matchLengths, (modes >> 2) & 3, at, end);
  return bytes < 0 ? bytes : <i32>(at + bytes - source);
}

/** Sets up one table by its mode. Returns the bytes read, or CORRUPT. */
function readTable(kind: SequenceTable, mode: u32, source: usize, end: usize): i32 {
  if (mode == MODE_PREDEFINED) {
    memory.copy(kind.table, kind.predefined, 8 << kind.predefinedAccuracy);
    kind.accuracy = kind.predefinedAccuracy;
    return 0;
  }
  if (mode == MODE_RLE) {
    if (source >= end) return CORRUPT;
    const code: u32 = load<u8>(source);
    if (code > kind.maxCode) return CORRUPT;
    buildSingleTable(kind.table, kind.values, code);
    kind.accuracy = 0;
    return 1;
  }
  if (mode == MODE_FSE) {
    const bytes = readDistribution(source, end, kind.maxCode, kind.maxAccuracy);
    if (bytes < 0) return bytes;
    buildTable(kind.table, kind.values, distribution(), describedSymbols, describedAccuracy);
    kind.accuracy = describedAccuracy;
    return bytes;
  }
  return kind.accuracy < 0 ? CORRUPT : 0;
}
