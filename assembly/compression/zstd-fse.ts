// FSE decoding tables (RFC 8878, 4.1): from a table description in the source, or from a given distribution.
//
// A description is a little-endian bitstream, read forwards, zero-padded to a byte:
//
//   accuracy - 5     4 bits
//   probabilities    per symbol, until their sum is 1 << accuracy: value - 1 is the probability, -1 meaning "less than 1". A value
//                    has as many bits as the largest that is still possible needs, or one less if it is small enough.
//                    After each probability of 0: 2-bit counts of further symbols with 0, repeated while the count is 3.
//
// A table has 1 << accuracy entries (its index is the state), each a u64 so that one load brings everything:
//
//   bits 0-31    value    what the state stands for: a smallest length, a smallest offset value, a Huffman weight
//   bits 32-39   extra    extra bits to add to that value
//   bits 40-47   bits     bits to read for the next state
//   bits 48-63   next     smallest next state
//
// The first two come from a table with a u64 per symbol ("values"). Counts sit where `topBits` and shifts can use them undivided:
// a shift takes its count modulo 64. Invariant: for every entry, next + 2^bits - 1 < table size, so that a state is never checked.

import { CORRUPT } from "../status";
import { FSE_MIN_ACCURACY } from "./zstd-constants";
import { cells, distribution, spread } from "./zstd-workspace";

/** Accuracy of the table that `readDistribution` has just read. */
export let describedAccuracy: u32 = 0;
/** Symbols, the last of which has a probability, of the table that `readDistribution` has just read. */
export let describedSymbols: u32 = 0;

/** What a symbol stands for, in the form that a table entry holds it. */
// @ts-ignore: decorator
@inline
export function symbolValue(value: u32, extra: u32): u64 {
  return <u64>value | (<u64>extra << 32);
}

// @ts-ignore: decorator
@inline
export function entryHasExtra(entry: u64): bool {
  return (entry & 0xff00000000) != 0;
}

// @ts-ignore: decorator
@inline
export function entryExtra(entry: u64): u64 {
  return entry >> 32;
}

// @ts-ignore: decorator
@inline
export function entryBits(entry: u64): u64 {
  return entry >> 40;
}

// @ts-ignore: decorator
@inline
export function entryNext(entry: u64): u32 {
  return <u32>(entry >> 48);
}

/**
 * Reads a table description at `source` into the workspace's distribution (i16 per symbol).
 * @returns bytes read, or CORRUPT
 */
export function readDistribution(source: usize, end: usize, maxSymbol: u32, maxAccuracy: u32): i32 {
  const available: u32 = <u32>min<usize>(end - source, 1024) << 3;
  const accuracy = (peekForward(source, end, 0) & 15) + FSE_MIN_ACCURACY;
  if (accuracy > maxAccuracy) return CORRUPT;
  let position: u32 = 4;
  let remaining: u32 = 1 << accuracy;
  let symbol: u32 = 0;
  while (remaining > 0) {
    if (symbol > maxSymbol || position > available) return CORRUPT;
    const word = peekForward(source, end, position);
    const width = 32 - clz<u32>(remaining + 1);
    const low = word & ((1 << (width - 1)) - 1);
    const short: u32 = (1 << width) - 2 - remaining;
    let value = word & ((1 << width) - 1);
    if (low < short) {
      value = low;
      position += width - 1;
    } else {
      if (value >= 1 << (width - 1)) value -= short;
      position += width;
    }
    store<i16>(distribution() + (symbol << 1), <i32>value - 1);
    symbol += 1;
    if (value == 1) {
      let zeros: u32;
      do {
        if (position > available) return CORRUPT;
        zeros = peekForward(source, end, position) & 3;
        position += 2;
        if (symbol + zeros > maxSymbol + 1) return CORRUPT;
        for (let i: u32 = 0; i < zeros; i++) store<i16>(distribution() + ((symbol + i) << 1), 0);
        symbol += zeros;
      } while (zeros == 3);
    } else {
      const used: u32 = value == 0 ? 1 : value - 1;
      remaining -= used;
    }
  }
  if (position > available) return CORRUPT;
  describedAccuracy = accuracy;
  describedSymbols = symbol;
  return <i32>((position + 7) >> 3);
}

/** At least 16 bits at `position` bits after `source`, first bit lowest; bits past `end` are zero. */
function peekForward(source: usize, end: usize, position: u32): u32 {
  const at = source + (position >> 3);
  let word: u32 = 0;
  if (end - source >= 4 && at <= end - 4) {
    word = load<u32>(at);
  } else {
    for (let i: u32 = 0; i < 4 && at + i < end; i++) word |= <u32>load<u8>(at + i) << (i << 3);
  }
  return word >> (position & 7);
}

/** Builds the decoding table of a distribution (i16 per symbol, `symbols` of them, summing to 1 << accuracy). */
export function buildTable(table: usize, values: usize, probabilities: usize, symbols: u32, accuracy: u32): void {
  spreadSymbols(probabilities, symbols, accuracy);
  const size: u32 = 1 << accuracy;
  for (let state: u32 = 0; state < size; state++) {
    const symbol: u32 = load<u8>(spread() + state);
    const cell: u32 = load<u16>(cells() + (symbol << 1));
    store<u16>(cells() + (symbol << 1), cell + 1);
    const bits = accuracy + clz<u32>(cell) - 31;
    const next = (cell << bits) - size;
    store<u64>(table + (state << 3), load<u64>(values + (symbol << 3)) | (<u64>bits << 40) | (<u64>next << 48));
  }
}

/** Gives each symbol its cells of the table, and sets the number of its first cell. */
function spreadSymbols(probabilities: usize, symbols: u32, accuracy: u32): void {
  const size: u32 = 1 << accuracy;
  const mask = size - 1;
  const step = (size >> 1) + (size >> 3) + 3;
  let high = size;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const probability: i32 = load<i16>(probabilities + (symbol << 1));
    store<u16>(cells() + (symbol << 1), probability < 0 ? 1 : probability);
    if (probability < 0) store<u8>(spread() + --high, symbol);
  }
  let at: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const probability: i32 = load<i16>(probabilities + (symbol << 1));
    for (let i = 0; i < probability; i++) {
      store<u8>(spread() + at, symbol);
      do at = (at + step) & mask;
      while (at >= high);
    }
  }
}

/** Builds the table of one state, which always stands for `symbol`. */
export function buildSingleTable(table: usize, values: usize, symbol: u32): void {
  store<u64>(table, load<u64>(values + (symbol << 3)));
}
