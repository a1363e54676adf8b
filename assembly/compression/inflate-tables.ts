// Decode tables of inflate: code lengths in, lookup table out.
//
// A table is indexed with the next PRIMARY_BITS bits of the input. A code that is longer leads to a subtable, indexed with the bits that
// follow. An entry is a u32 and says everything that the decode loop needs to know:
//
//   bit   0..5   bits to drop: the code, and the extra bits of a length or distance
//   bit   6..7   literals in this entry: 1..3, or 0 if it is something else
//   literals:
//   bit   8..31  the literals, first one lowest
//   length, distance, code length symbol:
//   bit   8..11  bits of the code alone, so that the extra bits are those above it
//   bit  16..30  base value
//   anything else (bit 31 set, bits 6..7 clear):
//   bit   8..11  index bits of the subtable
//   bit  12..14  SUBTABLE, END or INVALID
//   bit  16..30  where the subtable starts, in entries from the start of the table
//
// Over-subscribed and incomplete codes are refused, but for the two that zlib accepts too (inflate_table in inftrees.c): no code at all,
// and a single code of one bit. What such a code leaves undefined decodes to INVALID.

import { CORRUPT } from "../status";
import {
  distanceBases,
  distanceExtraBits,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  FIRST_LENGTH_SYMBOL,
  FIXED_DISTANCE_SYMBOLS,
  FIXED_LITLEN_SYMBOLS,
  lengthBases,
  lengthExtraBits,
  LITERAL_SYMBOLS,
  LITLEN_SYMBOLS,
  MAXIMUM_CODE_BITS,
  PRECODE_SYMBOLS,
} from "./deflate-symbols";
import { sortedSymbols } from "./gzip-workspace";

export const LITLEN_PRIMARY_BITS: u32 = 10;
export const DISTANCE_PRIMARY_BITS: u32 = 8;
export const PRECODE_PRIMARY_BITS: u32 = 7;

const LITERAL_COUNT: u32 = 3 << 6;
const ONE_LITERAL: u32 = 1 << 6;
const EXCEPTION: u32 = 1 << 31;
export const SUBTABLE: u32 = 1 << 12;
export const END: u32 = 1 << 13;
const INVALID: u32 = 1 << 14;
const INVALID_ENTRY: u32 = EXCEPTION | INVALID;

// The three alphabets, as buildTable is told which one it has.
export const LITLEN: i32 = 0;
export const DISTANCE: i32 = 1;
export const PRECODE: i32 = 2;

/** u32 each: how many codes have length 0, 1, ... 15. */
const counts = memory.data(64, 16);
/** u32 each: where in sortedSymbols() the codes of each length begin. */
const starts = memory.data(64, 16);

// @ts-ignore: decorator
@inline
function countOf(length: u32): u32 {
  return load<u32>(counts + (length << 2));
}

/** u32 each: the entries of all symbols of an alphabet, but for the bits of their codes. */
const litlenEntries = memory.data(FIXED_LITLEN_SYMBOLS * 4, 16);
const distanceEntries = memory.data(FIXED_DISTANCE_SYMBOLS * 4, 16);
const precodeEntries = memory.data(PRECODE_SYMBOLS * 4, 16);

/** Fills `count` entries of symbols that stand for a base value and extra bits. */
function fillValueEntries(entries: usize, bases: usize, extraBits: usize, count: u32): void {
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    store<u32>(entries + (symbol << 2), (<u32>load<u16>(bases + (symbol << 1)) << 16) | load<u8>(extraBits + symbol));
  }
}

/** Fills the entries of this file. Cheap to repeat. */
export function prepareEntries(): void {
  if (load<u32>(litlenEntries) != 0) return;
  for (let symbol: u32 = 0; symbol < PRECODE_SYMBOLS; symbol++) store<u32>(precodeEntries + (symbol << 2), symbol << 16);
  for (let symbol: u32 = DISTANCE_SYMBOLS; symbol < FIXED_DISTANCE_SYMBOLS; symbol++) store<u32>(distanceEntries + (symbol << 2), INVALID_ENTRY);
  for (let symbol: u32 = LITLEN_SYMBOLS; symbol < FIXED_LITLEN_SYMBOLS; symbol++) store<u32>(litlenEntries + (symbol << 2), INVALID_ENTRY);
  for (let symbol: u32 = 0; symbol < LITERAL_SYMBOLS; symbol++) store<u32>(litlenEntries + (symbol << 2), (symbol << 8) | ONE_LITERAL);
  store<u32>(litlenEntries + (END_OF_BLOCK << 2), EXCEPTION | END);
  fillValueEntries(litlenEntries + (FIRST_LENGTH_SYMBOL << 2), lengthBases, lengthExtraBits, LITLEN_SYMBOLS - FIRST_LENGTH_SYMBOL);
  fillValueEntries(distanceEntries, distanceBases, distanceExtraBits, DISTANCE_SYMBOLS);
}

// @ts-ignore: decorator
@inline
function entriesOf(alphabet: i32): usize {
  return alphabet == LITLEN ? litlenEntries : alphabet == DISTANCE ? distanceEntries : precodeEntries;
}

/** The entry of `symbol`, whose code (or the part of it that is left in a subtable) has `bits` bits. */
// @ts-ignore: decorator
@inline
function entryOf(entries: usize, symbol: u32, bits: u32): u32 {
  const entry = load<u32>(entries + (symbol << 2));
  return entry + bits + (entry & ONE_LITERAL ? 0 : bits << 8);
}

/** Sorts the symbols that have a code by length, then by value, which is the order of their codes. */
function sortSymbols(lengths: usize, symbolCount: u32): void {
  memory.fill(counts, 0, 64);
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const count = counts + (<usize>load<u8>(lengths + symbol) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let start: u32 = 0;
  for (let length: u32 = 1; length <= MAXIMUM_CODE_BITS; length++) {
    store<u32>(starts + (length << 2), start);
    start += countOf(length);
  }
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const length = <usize>load<u8>(lengths + symbol);
    if (length == 0) continue;
    const place = load<u32>(starts + (length << 2));
    store<u32>(starts + (length << 2), place + 1);
    store<u16>(sortedSymbols() + (place << 1), symbol);
  }
}

/** Codes that are not used, in units of the longest code: zero if the code is complete, less than zero if over-subscribed. */
function unusedCodes(): i32 {
  let unused: i32 = 1;
  for (let length: u32 = 1; length <= MAXIMUM_CODE_BITS; length++) {
    unused = (unused << 1) - countOf(length); // once negative, it stays so
  }
  return unused;
}

/** The next code of `length` bits, both written with their first bit lowest; `code` is not the last, all ones. */
// @ts-ignore: decorator
@inline
function nextCode(code: u32, length: u32): u32 {
  const bit: u32 = 0x80000000 >> clz(code ^ ((1 << length) - 1));
  return (code & (bit - 1)) | bit;
}

/** The table of an incomplete code: no code, or one code, the bit 0. */
function fillIncomplete(entries: usize, table: usize, primaryBits: u32): i32 {
  const single = countOf(1) == 1;
  const even = single ? entryOf(entries, load<u16>(sortedSymbols()), 1) : INVALID_ENTRY;
  for (let index: u32 = 0; index < 1 << primaryBits; index += 2) {
    store<u32>(table + (index << 2), even);
    store<u32>(table + (index << 2), INVALID_ENTRY, 4);
  }
  return 0;
}

/**
 * Fills the subtables with the codes longer than `primaryBits`, the first of which is `code`.
 * A subtable is as deep as it takes until its codes fill it.
 */
function fillSubtables(entries: usize, table: usize, primaryBits: u32, code: u32, place: usize): void {
  const primaryMask: u32 = (1 << primaryBits) - 1;
  let end: u32 = 1 << primaryBits;
  let start: u32 = 0;
  let prefix: u32 = ~0;
  let indexBits: u32 = 0;
  for (let length = primaryBits + 1; length <= MAXIMUM_CODE_BITS; length++) {
    for (let left = countOf(length); left > 0; left--) {
      if ((code & primaryMask) != prefix) {
        prefix = code & primaryMask;
        start = end;
        indexBits = length - primaryBits;
        for (let used = left; used < 1 << indexBits; used = (used << 1) + countOf(primaryBits + indexBits)) indexBits++;
        end += 1 << indexBits;
        store<u32>(table + (prefix << 2), EXCEPTION | SUBTABLE | (start << 16) | (indexBits << 8) | primaryBits);
      }
      const entry = entryOf(entries, load<u16>(place), length - primaryBits);
      for (let index = code >> primaryBits; index < 1 << indexBits; index += 1 << (length - primaryBits)) {
        store<u32>(table + ((start + index) << 2), entry);
      }
      place += 2;
      if (code != <u32>((1 << length) - 1)) code = nextCode(code, length);
    }
  }
}

/** Repeats the first 2^bits entries of a table until it has 2^primaryBits. */
function doubleTable(table: usize, bits: u32, primaryBits: u32): i32 {
  for (; bits < primaryBits; bits++) memory.copy(table + (4 << bits), table, 4 << bits);
  return 0;
}

/**
 * Builds the table of the code that `lengths` (a byte for each symbol) describes.
 * @returns 0, or CORRUPT if the lengths make no code
 */
export function buildTable(alphabet: i32, lengths: usize, symbolCount: u32, table: usize, primaryBits: u32): i32 {
  sortSymbols(lengths, symbolCount);
  const unused = unusedCodes();
  if (unused != 0) {
    const atMostOne = countOf(0) + countOf(1) == symbolCount;
    return unused > 0 && atMostOne && alphabet != PRECODE ? fillIncomplete(entriesOf(alphabet), table, primaryBits) : CORRUPT;
  }
  const entries = entriesOf(alphabet);
  // Each code is written once, at its own index in a table of 2^length entries; the table is doubled before the next length.
  let code: u32 = 0;
  let place = sortedSymbols();
  for (let length: u32 = 1; length <= primaryBits; length++) {
    const half: usize = 4 << (length - 1);
    if (code != 0) memory.copy(table + half, table, half);
    for (let left = countOf(length); left > 0; left--) {
      store<u32>(table + (code << 2), entryOf(entries, load<u16>(place), length));
      place += 2;
      if (code == <u32>((1 << length) - 1)) return doubleTable(table, length, primaryBits);
      code = nextCode(code, length);
    }
  }
  fillSubtables(entries, table, primaryBits, code, place);
  return 0;
}

/**
 * Joins neighbours in the primary table of literals and lengths: where the index holds a second and a third whole literal behind the first,
 * the entry takes them in. From high indexes to low, because the entries that follow a code are at lower indexes and still single.
 */
export function packLiterals(table: usize, primaryBits: u32): void {
  for (let index: i32 = (1 << primaryBits) - 1; index >= 0; index--) {
    const first = load<u32>(table + (<usize>index << 2));
    if ((first & LITERAL_COUNT) != ONE_LITERAL) continue;
    let drops = first & 63;
    const second = load<u32>(table + (<usize>(index >> drops) << 2));
    if ((second & LITERAL_COUNT) != ONE_LITERAL || drops + (second & 63) > primaryBits) continue;
    drops += second & 63;
    let entry = (2 << 6) | (first & 0xff00) | ((second & 0xff00) << 8);
    const third = load<u32>(table + (<usize>(index >> drops) << 2));
    if ((third & LITERAL_COUNT) == ONE_LITERAL && drops + (third & 63) <= primaryBits) {
      drops += third & 63;
      entry = (entry & 0xffff00) | (3 << 6) | ((third & 0xff00) << 16);
    }
    store<u32>(table + (<usize>index << 2), entry | drops);
  }
}
