// Distributions of finite state entropy coding, the encoder's half (RFC 8878, 4.1.1): how many cells of a table each symbol gets, what
// coding by that would cost, and how the frame describes it.
//
// A distribution is an i16 a symbol: its cells, or -1 for "less than one", which stands for one at the table's end. Only the
// predefined distributions have any of those; ours say 1, which costs the same.
//
// Invariant: the cells, -1 counted as one, add up to exactly 1 << accuracy, and every symbol that occurs has a cell.

import { FSE_MIN_ACCURACY } from "./zstd-constants";

/** What distributionCost answers when the distribution lacks a symbol that occurs. */
export const IMPOSSIBLE: u32 = 0x7fffffff;

// @ts-ignore: decorator
@inline
export function floorLog2(value: u32): u32 {
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
