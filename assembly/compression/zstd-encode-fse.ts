// Finite state entropy coding, the encoder's half (RFC 8878, 4.1): the tables that code symbols by a distribution
// (zstd-encode-distribution.ts), and the steps between states.
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
// state (`fseBitCount` of them) and moves on with the rest (`fseNextState`), so that the decoder, reading backwards, comes out in order. A coder that
// is all zeros codes any one symbol, in no bits.

import { floorLog2 } from "./zstd-encode-distribution";

const STATES_AT: usize = 512;
const DISTRIBUTION_AT: usize = 1536;
const ACCURACY_AT: usize = 1664;
const LAST_SYMBOL_AT: usize = 1668;

const MAX_CELLS: i32 = 512;
/** Symbol of each cell while a coder is built. */
const CELL_SYMBOLS: usize = memory.data(MAX_CELLS);
/** Where the next state of each symbol goes while a coder is built. */
const NEXT_STATES: usize = memory.data(64 * 2, 2);

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
  return fseNextState(coder, transition, ((bitCount << 16) - addend) >> bitCount);
}

/** Bits to write, from the low end of `state`, on the way to a symbol of this transition. */
// @ts-ignore: decorator
@inline
export function fseBitCount(transition: u64, state: u32): u32 {
  return (<u32>transition + state) >> 16;
}

/** The state on the other side of a transition, from what is left of this side's: `state >> fseBitCount`. */
// @ts-ignore: decorator
@inline
export function fseNextState(coder: usize, transition: u64, rest: u32): u32 {
  return <u32>load<u16>(coder + (<usize>(rest + <u32>(transition >> 32)) << 1), STATES_AT);
}
