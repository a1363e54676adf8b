// Finite state entropy coding, the encoder's half (RFC 8878, 4.1): from symbol counts to a distribution, its description in the
// frame, and the tables that code symbols by it.
//
// A coder (FSE_CODER_BYTES), its fields by byte position:
//
//      0 u64[64]  transitions, a symbol each: bits 0-31 what to add to the state so that its bits from 16 up are the number of bits
//                 to write, bits 32-63 where the symbol's states begin, less the least value that the shortened state can have
//    512 u16[512] states, ordered by symbol
//   1536 i16[64]  distribution: cells of the table for each symbol, -1 for "less than one"
//   1664 u32      accuracy: log2 of the number of cells
//   1668 u32      last symbol of the distribution
//
// A state is a cell number plus the number of cells. The encoder walks the symbols backwards: for each it writes the low bits of the
// state (`fseBitCount` of them) and moves on (`fseNextState`), so that the decoder, reading backwards, comes out in order. A coder that
// is all zeros codes any one symbol, in no bits.
//
// Invariant: a distribution's cells, -1 counted as one, add up to exactly 1 << accuracy, and every symbol that occurs has a cell.

import { FSE_MIN_ACCURACY } from "./zstd-constants";

const STATES_AT: usize = 512;
const DISTRIBUTION_AT: usize = 1536;
const ACCURACY_AT: usize = 1664;
const LAST_SYMBOL_AT: usize = 1668;

const MAX_CELLS: i32 = 512;
/** Symbol of each cell while a coder is built. */
const CELL_SYMBOLS: usize = memory.data(MAX_CELLS);
/** Where the next state of each symbol goes while a coder is built. */
const NEXT_STATES: usize = memory.data(64 * 2, 2);

/** What distributionCost answers when the distribution lacks a symbol that occurs. */
export const IMPOSSIBLE: u32 = 0x7fffffff;

// @ts-ignore: decorator
@inline
export function distributionOf(coder: usize): usize {
  return coder + DISTRIBUTION_AT;
}

// @ts-ignore: decorator
@inline
export function accuracyOf(coder: usize): u32 {
  return load<u32>(coder, ACCURACY_AT);
}

// @ts-ignore: decorator
@inline
export function lastSymbolOf(coder: usize): u32 {
  return load<u32>(coder, LAST_SYMBOL_AT);
}

/** Says what the coder's distribution, already in place, covers. */
export function setDistribution(coder: usize, lastSymbol: u32, accuracy: u32): void {
  store<u32>(coder, accuracy, ACCURACY_AT);
  store<u32>(coder, lastSymbol, LAST_SYMBOL_AT);
}

// @ts-ignore: decorator
@inline
function floorLog2(value: u32): u32 {
  return 31 - clz(value);
}

/** Accuracy that pays for `total` symbols (at least 2): a finer table describes them better and takes more bytes to describe. */
export function chooseAccuracy(total: u32, lastSymbol: u32, maxAccuracy: u32): u32 {
  const forSymbols = floorLog2(lastSymbol) + 1;
  const forTotal = max(floorLog2(total - 1), 3) - 2;
  return min(max(max(forTotal, forSymbols), FSE_MIN_ACCURACY), maxAccuracy);
}

/**
 * Shares the cells of a table among the symbols by their counts (u32 each), at least one for each that occurs.
 * At least two symbols occur, and no more than there are cells.
 */
export function shareCells(counts: usize, lastSymbol: u32, total: u32, accuracy: u32, distribution: usize): void {
  const scale = (<u64>1 << (accuracy + 32)) / total;
  let unused: i32 = 1 << accuracy;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const count = load<u32>(counts + (symbol << 2));
    const cells = count == 0 ? 0 : max<i32>(1, <i32>((<u64>count * scale + 0x80000000) >> 32));
    store<i16>(distribution + (symbol << 1), <i16>cells);
    unused -= cells;
  }
  for (; unused > 0; unused--) giveCell(counts, lastSymbol, distribution);
  for (; unused < 0; unused++) takeCell(counts, lastSymbol, distribution);
}

/** Gives one more cell to the symbol that saves the most bits by it: about count / (cells + 1/2). */
function giveCell(counts: usize, lastSymbol: u32, distribution: usize): void {
  let best: usize = 0;
  let bestCount: u64 = 0;
  let bestCells: u64 = 1;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const count = <u64>load<u32>(counts + (symbol << 2));
    const cells = (<u64>load<u16>(distribution + (symbol << 1)) << 1) + 1;
    if (count * bestCells > bestCount * cells) {
      best = symbol;
      bestCount = count;
      bestCells = cells;
    }
  }
  const cell = distribution + (best << 1);
  store<i16>(cell, load<i16>(cell) + 1);
}

/** Takes a cell from the symbol that loses the fewest bits by it, about count / (cells - 1/2), and has one to spare. */
function takeCell(counts: usize, lastSymbol: u32, distribution: usize): void {
  let best: usize = 0;
  let bestCount: u64 = u32.MAX_VALUE;
  let bestCells: u64 = 1;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const cells = <u64>load<u16>(distribution + (symbol << 1));
    if (cells < 2) continue;
    const count = <u64>load<u32>(counts + (symbol << 2));
    const weight = (cells << 1) - 1;
    if (count * bestCells < bestCount * weight) {
      best = symbol;
      bestCount = count;
      bestCells = weight;
    }
  }
  const cell = distribution + (best << 1);
  store<i16>(cell, load<i16>(cell) - 1);
}

/**
 * The bits that symbols of these counts take when coded by a distribution, in 256ths: a symbol's mean over all states.
 * @returns IMPOSSIBLE if a symbol that occurs has no cell
 */
export function distributionCost(counts: usize, lastSymbol: u32, distribution: usize, distributionLast: u32, accuracy: u32): u32 {
  if (lastSymbol > distributionLast) return IMPOSSIBLE;
  let cost: u32 = 0;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const count = load<u32>(counts + (symbol << 2));
    if (count == 0) continue;
    const cells = load<i16>(distribution + (symbol << 1));
    if (cells == 0) return IMPOSSIBLE;
    if (cells <= 1) {
      cost += count * (accuracy << 8);
      continue;
    }
    const maxBits = accuracy - floorLog2(cells - 1);
    cost += count * (((maxBits + 1) << 8) - (((<u32>cells << maxBits) << 8) >> accuracy));
  }
  return cost;
}

/**
 * Writes the description of a distribution (RFC 8878, 4.1.1): 4 bits of accuracy - 5, then a value a symbol whose width shrinks as
 * fewer cells remain, and after a symbol without cells 2-bit counts of how many more have none. May write 8 bytes more than it says.
 * @returns the bytes written, at most 3 bits and 10 bits a symbol
 */
export function writeDistribution(to: usize, distribution: usize, lastSymbol: u32, accuracy: u32): u32 {
  let bits: u64 = accuracy - FSE_MIN_ACCURACY;
  let bitCount: u64 = 4;
  let remaining: i32 = (1 << accuracy) + 1;
  let width = accuracy + 1;
  let out = to;
  let symbol: u32 = 0;
  while (remaining > 1) {
    const cells = <i32>load<i16>(distribution + (<usize>symbol << 1));
    symbol++;
    // Values below `short` take a bit less: those that the remaining cells cannot reach are not provided for.
    const threshold = 1 << (width - 1);
    const short = 2 * threshold - 1 - remaining;
    const value = cells + 1;
    bits |= <u64>(value >= threshold ? value + short : value) << bitCount;
    bitCount += width - u32(value < short);
    remaining -= abs(cells);
    while (remaining > 1 && remaining < 1 << (width - 1)) width--;
    if (cells == 0) {
      let zeros: u32 = 0;
      while (symbol <= lastSymbol && load<i16>(distribution + (<usize>symbol << 1)) == 0) {
        zeros++;
        symbol++;
      }
      for (; zeros >= 3; zeros -= 3) {
        bits |= <u64>3 << bitCount;
        bitCount += 2;
      }
      bits |= <u64>zeros << bitCount;
      bitCount += 2;
    }
    // At most 7 bits stay, and a symbol adds at most 10 and 36 for the 53 that may follow without cells.
    store<u64>(out, bits);
    out += <usize>(bitCount >> 3);
    bits >>= bitCount & ~7;
    bitCount &= 7;
  }
  store<u8>(out, <u8>bits);
  return <u32>(out - to) + u32(bitCount > 0);
}

/** Spreads the symbols over the cells (RFC 8878, 4.1.1), those of less than one cell at the end. */
function spreadSymbols(distribution: usize, lastSymbol: u32, accuracy: u32): void {
  const cellCount: usize = 1 << accuracy;
  const step = (cellCount >> 1) + (cellCount >> 3) + 3;
  let high = cellCount - 1;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    if (load<i16>(distribution + (symbol << 1)) == -1) store<u8>(CELL_SYMBOLS + high--, <u8>symbol);
  }
  let cell: usize = 0;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    for (let left: i32 = load<i16>(distribution + (symbol << 1)); left > 0; left--) {
      store<u8>(CELL_SYMBOLS + cell, <u8>symbol);
      do cell = (cell + step) & (cellCount - 1);
      while (cell > high);
    }
  }
}

/** Fills in the transitions, and in NEXT_STATES where each symbol's states begin. */
function buildTransitions(coder: usize, distribution: usize, lastSymbol: u32, accuracy: u32): void {
  let begin: u32 = 0;
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const cells = <u32>abs(<i32>load<i16>(distribution + (symbol << 1)));
    store<u16>(NEXT_STATES + (symbol << 1), <u16>begin);
    // A symbol with n cells takes `maxBits` bits in a state of at least n << maxBits, else one less.
    const maxBits = cells < 2 ? accuracy : accuracy - floorLog2(cells - 1);
    const addend = (maxBits << 16) - (cells << maxBits);
    store<u64>(coder + (symbol << 3), <u64>addend | (<u64>(begin - cells) << 32));
    begin += cells;
  }
}

/** Builds a coder's transitions and states from its distribution. */
export function buildCoder(coder: usize): void {
  const distribution = distributionOf(coder);
  const lastSymbol = lastSymbolOf(coder);
  const accuracy = accuracyOf(coder);
  spreadSymbols(distribution, lastSymbol, accuracy);
  buildTransitions(coder, distribution, lastSymbol, accuracy);
  const cellCount: usize = 1 << accuracy;
  for (let cell: usize = 0; cell < cellCount; cell++) {
    const next = NEXT_STATES + (<usize>load<u8>(CELL_SYMBOLS + cell) << 1);
    const index = <usize>load<u16>(next);
    store<u16>(next, <u16>(index + 1));
    store<u16>(coder + (index << 1), <u16>(cellCount + cell), STATES_AT);
  }
}

// @ts-ignore: decorator
@inline
export function transitionOf(coder: usize, symbol: u32): u64 {
  return load<u64>(coder + (<usize>symbol << 3));
}

/** The state that ends (for the decoder, begins) a stream at `symbol`: one that the decoder must read at least a bit to leave. */
export function fseFirstState(coder: usize, symbol: u32): u32 {
  const transition = transitionOf(coder, symbol);
  const addend = <u32>transition;
  const bitCount = (addend + (1 << 15)) >> 16;
  return fseNextState(coder, transition, (bitCount << 16) - addend, bitCount);
}

/** Bits to write, from the low end of `state`, on the way to a symbol of this transition. */
// @ts-ignore: decorator
@inline
export function fseBitCount(transition: u64, state: u32): u32 {
  return (<u32>transition + state) >> 16;
}

// @ts-ignore: decorator
@inline
export function fseNextState(coder: usize, transition: u64, state: u32, bitCount: u32): u32 {
  return <u32>load<u16>(coder + (<usize>((state >> bitCount) + <u32>(transition >> 32)) << 1), STATES_AT);
}
