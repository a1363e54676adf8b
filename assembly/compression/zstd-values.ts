// What the symbols of zstd's FSE tables stand for, one u64 per symbol in the form that table entries want (zstd-fse.ts): the smallest
// value in the low 32 bits, the count of extra bits above it. And the predefined tables, built once.
//
// Both are filled on first use and then only read.

import {
  LITERAL_LENGTH_BASE,
  LITERAL_LENGTH_BITS,
  LITERAL_LENGTH_DEFAULT,
  LITERAL_LENGTH_DEFAULT_ACCURACY,
  LITERAL_LENGTH_MAX_CODE,
  MATCH_LENGTH_BASE,
  MATCH_LENGTH_BITS,
  MATCH_LENGTH_DEFAULT,
  MATCH_LENGTH_DEFAULT_ACCURACY,
  MATCH_LENGTH_MAX_CODE,
  OFFSET_DEFAULT,
  OFFSET_DEFAULT_ACCURACY,
  OFFSET_DEFAULT_MAX_CODE,
  OFFSET_MAX_CODE,
} from "./zstd-constants";
import { buildTable } from "./zstd-fse";

/** u64[36], u64[53], u64[32], u64[12]: per symbol, the value and extra bits. A Huffman weight stands for itself. */
export const LITERAL_LENGTH_VALUES: usize = memory.data(36 * 8, 8);
export const MATCH_LENGTH_VALUES: usize = memory.data(53 * 8, 8);
export const OFFSET_VALUES: usize = memory.data(32 * 8, 8);
export const WEIGHT_VALUES: usize = memory.data(12 * 8, 8);

/** u64[64], u64[64], u64[32]: the predefined tables. */
export const LITERAL_LENGTH_PREDEFINED: usize = memory.data(64 * 8, 8);
export const MATCH_LENGTH_PREDEFINED: usize = memory.data(64 * 8, 8);
export const OFFSET_PREDEFINED: usize = memory.data(32 * 8, 8);

let filled: bool = false;

/** Fills the tables of this file unless they are. The workspace's distribution, cells and spread are overwritten. */
export function fillValues(): void {
  if (filled) return;
  for (let code: u32 = 0; code <= LITERAL_LENGTH_MAX_CODE; code++) {
    const base = load<u32>(LITERAL_LENGTH_BASE + (code << 2));
    setValue(LITERAL_LENGTH_VALUES, code, base, load<u8>(LITERAL_LENGTH_BITS + code));
  }
  for (let code: u32 = 0; code <= MATCH_LENGTH_MAX_CODE; code++) {
    const base = load<u32>(MATCH_LENGTH_BASE + (code << 2));
    setValue(MATCH_LENGTH_VALUES, code, base, load<u8>(MATCH_LENGTH_BITS + code));
  }
  for (let code: u32 = 0; code <= OFFSET_MAX_CODE; code++) setValue(OFFSET_VALUES, code, 1 << code, code);
  for (let weight: u32 = 0; weight < 12; weight++) setValue(WEIGHT_VALUES, weight, weight, 0);
  buildTable(
    LITERAL_LENGTH_PREDEFINED,
    LITERAL_LENGTH_VALUES,
    LITERAL_LENGTH_DEFAULT,
    LITERAL_LENGTH_MAX_CODE + 1,
    LITERAL_LENGTH_DEFAULT_ACCURACY,
  );
  buildTable(
    MATCH_LENGTH_PREDEFINED,
    MATCH_LENGTH_VALUES,
    MATCH_LENGTH_DEFAULT,
    MATCH_LENGTH_MAX_CODE + 1,
    MATCH_LENGTH_DEFAULT_ACCURACY,
  );
  buildTable(OFFSET_PREDEFINED, OFFSET_VALUES, OFFSET_DEFAULT, OFFSET_DEFAULT_MAX_CODE + 1, OFFSET_DEFAULT_ACCURACY);
  filled = true;
}

function setValue(values: usize, symbol: u32, value: u32, extra: u32): void {
  store<u64>(values + (symbol << 3), <u64>value | (<u64>extra << 32));
}
