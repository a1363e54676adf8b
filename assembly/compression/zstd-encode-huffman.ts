// Huffman codes of literals, the encoder's half (RFC 8878, 4.2): lengths of at most 11 bits, the codes that they imply, and the exact
// size of what a code would write. zstd-encode-tree.ts describes a code in the frame.
//
// A Huffman code (HUFFMAN_CODE_BYTES), its fields by byte position:
//
//      0 u64[256]  entries: the code at the top, its length in the low bits; 0 when the symbol has no code
//   2048 u8[256]   lengths
//   2304 u32       longest length
//   2308 u32       last symbol that has a code
//
// Symbol counts come as u32[256], and for the sizes of four streams as u32[256][4], a lane for each.
//
// Invariant: the lengths of a built code fill the tree exactly (the sum of 2^-length is 1), so that a decoder can derive the last one.

import { HUFFMAN_MAX_BITS } from "./zstd-constants";
import { sorting } from "./zstd-encode-memory";

const LENGTHS_AT: usize = 2048;
const MAX_LENGTH_AT: usize = 2304;
const LAST_SYMBOL_AT: usize = 2308;

// @ts-ignore: decorator
@inline
export function lengthOf(code: usize, symbol: usize): u32 {
  return load<u8>(code + symbol, LENGTHS_AT);
}

// @ts-ignore: decorator
@inline
export function maxLengthOf(code: usize): u32 {
  return load<u32>(code, MAX_LENGTH_AT);
}

// @ts-ignore: decorator
@inline
export function lastSymbolOf(code: usize): u32 {
  return load<u32>(code, LAST_SYMBOL_AT);
}

/** How many symbols of each length there are, u32[12]; and the next code of each length while codes are given out. */
const LENGTH_COUNTS: usize = memory.data(4 * 12, 4);
const NEXT_CODES: usize = memory.data(4 * 12, 4);

/** u32[4]: what streamSizes found. */
const STREAM_SIZES: usize = memory.data(16, 16);

/** Bytes of stream `index` after streamSizes. */
// @ts-ignore: decorator
@inline
export function streamSize(index: u32): u32 {
  return load<u32>(STREAM_SIZES + (<usize>index << 2));
}

/**
 * Sizes in bytes of the streams whose symbols `lanes` counts, one a lane, each with its end mark; see streamSize.
 * @returns their sum in all, or u32.MAX_VALUE if a symbol that occurs has no code
 */
export function streamSizes(code: usize, lanes: usize): u32 {
  let bits = i32x4.splat(0);
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const counts = v128.load(lanes + (symbol << 4));
    const length = lengthOf(code, symbol);
    if (length == 0 && v128.any_true(counts)) return u32.MAX_VALUE;
    bits = i32x4.add(bits, i32x4.mul(counts, i32x4.splat(length)));
  }
  const sizes = i32x4.add(i32x4.shr_u(bits, 3), i32x4.splat(1));
  v128.store(STREAM_SIZES, sizes);
  return streamSize(0) + streamSize(1) + streamSize(2) + streamSize(3);
}

/** Size in bytes of one stream with all the symbols, or u32.MAX_VALUE if a symbol that occurs has no code. */
export function singleStreamSize(code: usize, counts: usize): u32 {
  let bits: u32 = 0;
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const count = load<u32>(counts + (symbol << 2));
    const length = lengthOf(code, symbol);
    if (length == 0 && count != 0) return u32.MAX_VALUE;
    bits += count * length;
  }
  return (bits >> 3) + 1;
}

/**
 * Builds a code for the symbols that `counts` counts: at least two different ones, at most 2^17 in all, none of them more often
 * than `greatest`.
 */
export function buildHuffman(code: usize, counts: usize, greatest: u32): void {
  const keys = sorting();
  const used = sortByCount(keys, keys + 1024, counts, greatest);
  const work = keys + 2048;
  for (let index: usize = 0; index < used; index++) {
    store<u32>(work + (index << 2), load<u32>(keys + (index << 2)) >> 8);
  }
  countLengths(work, used);
  limitLengths();
  assignLengths(code, keys, used);
  assignCodes(code);
}

/** Writes a key, count << 8 | symbol, for each symbol that occurs, ascending, to u32[256] `keys`; `spare` is as large. */
function sortByCount(keys: usize, spare: usize, counts: usize, greatest: u32): u32 {
  let used: u32 = 0;
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const count = load<u32>(counts + (symbol << 2));
    store<u32>(spare + (<usize>used << 2), (count << 8) | <u32>symbol);
    used += u32(count != 0);
  }
  // Counts have up to 18 bits: three passes of six.
  sortByDigit(spare, keys, used, 8);
  if (greatest < 64) return used;
  sortByDigit(keys, spare, used, 14);
  sortByDigit(spare, keys, used, 20);
  return used;
}

/** One pass of a radix sort: moves `used` keys in the order of the 6 bits at `shift`, equal ones in the order that they have. */
function sortByDigit(from: usize, to: usize, used: u32, shift: u32): void {
  const places = sorting() + 3072;
  const end = from + (<usize>used << 2);
  memory.fill(places, 0, 64 * 4);
  for (let at = from; at < end; at += 4) {
    const place = places + (<usize>((load<u32>(at) >> shift) & 63) << 2);
    store<u32>(place, load<u32>(place) + 4);
  }
  let total = <u32>to;
  for (let place = places; place < places + 64 * 4; place += 4) {
    const bytes = load<u32>(place);
    store<u32>(place, total);
    total += bytes;
  }
  for (let at = from; at < end; at += 4) {
    const key = load<u32>(at);
    const place = places + (<usize>((key >> shift) & 63) << 2);
    const slot = load<u32>(place);
    store<u32>(slot, key);
    store<u32>(place, slot + 4);
  }
}

/**
 * Fills LENGTH_COUNTS with the numbers of leaves at each depth of the Huffman tree of `used` ascending weights, those deeper than
 * HUFFMAN_MAX_BITS counted there. In place: Moffat and Katajainen, "In-place calculation of minimum-redundancy codes" (1995). A
 * cell of `tree` holds a weight, then its node's parent, then its node's depth.
 */
function countLengths(tree: usize, used: u32): void {
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let node: u32 = 0; node < used - 1; node++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const takeNode = leaf >= used || (root < node && cellOf(tree, root) < cellOf(tree, leaf));
      if (takeNode) {
        weight += cellOf(tree, root);
        setCell(tree, root++, node);
      } else weight += cellOf(tree, leaf++);
    }
    setCell(tree, node, weight);
  }

  memory.fill(LENGTH_COUNTS, 0, 4 * 12);
  setCell(tree, used - 2, 0);
  for (let node = <i32>used - 3; node >= 0; node--) setCell(tree, node, cellOf(tree, cellOf(tree, node)) + 1);
  let available: u32 = 1;
  let node = <i32>used - 2;
  for (let depth: u32 = 0; available > 0; depth++) {
    let inner: u32 = 0;
    for (; node >= 0 && cellOf(tree, node) == depth; node--) inner++;
    addLength(min(depth, HUFFMAN_MAX_BITS), available - inner);
    available = inner << 1;
  }
}

// @ts-ignore: decorator
@inline
function cellOf(cells: usize, index: u32): u32 {
  return load<u32>(cells + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function setCell(cells: usize, index: u32, value: u32): void {
  store<u32>(cells + (<usize>index << 2), value);
}

// @ts-ignore: decorator
@inline
function addLength(length: u32, count: i32): void {
  setCell(LENGTH_COUNTS, length, cellOf(LENGTH_COUNTS, length) + count);
}

/**
 * Makes the lengths fit a tree again where the cut to HUFFMAN_MAX_BITS has left too many short ones. A step takes a leaf from the
 * bottom and puts it beside one from as far down as there is above the bottom, both now a level lower: that frees one place at the
 * bottom, so the steps end with a tree that is exactly full.
 */
function limitLengths(): void {
  let taken: u32 = 0;
  for (let length: u32 = 1; length <= HUFFMAN_MAX_BITS; length++) {
    taken += cellOf(LENGTH_COUNTS, length) << (HUFFMAN_MAX_BITS - length);
  }
  for (; taken > 1 << HUFFMAN_MAX_BITS; taken--) {
    let length = HUFFMAN_MAX_BITS - 1;
    while (cellOf(LENGTH_COUNTS, length) == 0) length--;
    addLength(HUFFMAN_MAX_BITS, -1);
    addLength(length, -1);
    addLength(length + 1, 2);
  }
}

/** Gives the longest lengths to the rarest symbols. */
function assignLengths(code: usize, keys: usize, used: u32): void {
  memory.fill(code, 0, LENGTHS_AT + 256);
  let index: u32 = 0;
  let lastSymbol: u32 = 0;
  let maxLength: u32 = 0;
  for (let length = HUFFMAN_MAX_BITS; length > 0; length--) {
    const count = cellOf(LENGTH_COUNTS, length);
    if (count > 0) maxLength = max(maxLength, length);
    for (const end = index + count; index < end; index++) {
      const symbol = cellOf(keys, index) & 0xff;
      store<u8>(code + symbol, <u8>length, LENGTHS_AT);
      lastSymbol = max(lastSymbol, symbol);
    }
  }
  store<u32>(code, maxLength, MAX_LENGTH_AT);
  store<u32>(code, lastSymbol, LAST_SYMBOL_AT);
}

/** Derives the codes from the lengths (RFC 8878, 4.2.1.3): from the longest length on, within a length in the symbols' order. */
function assignCodes(code: usize): void {
  let next: u32 = 0;
  for (let length = HUFFMAN_MAX_BITS; length > 0; length--) {
    setCell(NEXT_CODES, length, next);
    next = (next + cellOf(LENGTH_COUNTS, length)) >> 1;
  }
  const lastSymbol = lastSymbolOf(code);
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const length = lengthOf(code, symbol);
    if (length == 0) continue;
    const value = cellOf(NEXT_CODES, length);
    setCell(NEXT_CODES, length, value + 1);
    store<u64>(code + (symbol << 3), (<u64>value << (64 - length)) | length);
  }
}
