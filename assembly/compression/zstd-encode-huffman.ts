// Huffman codes of literals, the encoder's half (RFC 8878, 4.2): lengths of at most 11 bits, the codes that they imply, the
// description of the tree, and the exact size of what a code would write.
//
// A Huffman code (HUFFMAN_CODE_BYTES), its fields by byte position:
//
//      0 u64[256]  entries: the code at the top, its length in the low bits; 0 when the symbol has no code
//   2048 u8[256]   lengths
//   2304 u32       longest length
//   2308 u32       last symbol that has a code
//
// Symbol counts come as u32[256][4], one lane for each of the four streams, so that the size of each stream is known before
// anything is written.
//
// Invariant: the lengths of a built code fill the tree exactly (the sum of 2^-length is 1), so that a decoder can derive the last one.

import {
  accuracyOf,
  buildCoder,
  chooseAccuracy,
  distributionOf,
  fseBitCount,
  fseFirstState,
  fseNextState,
  setDistribution,
  shareCells,
  transitionOf,
  writeDistribution,
} from "./zstd-encode-fse";
import { sorting, weightCoder } from "./zstd-encode-memory";
import { HUFFMAN_MAX_BITS, WEIGHTS_MAX_ACCURACY } from "./zstd-constants";

const LENGTHS_AT: usize = 2048;
const MAX_LENGTH_AT: usize = 2304;
const LAST_SYMBOL_AT: usize = 2308;

/** How many symbols of each length there are, u32[12]; and the next code of each length while codes are given out. */
const LENGTH_COUNTS: usize = memory.data(4 * 12, 4);
const NEXT_CODES: usize = memory.data(4 * 12, 4);

/** u32[4]: what streamSizes found. */
const STREAM_SIZES: usize = memory.data(16, 16);

/** A tree description can give at most this many weights as they are, 4 bits each. */
const MAX_DIRECT_WEIGHTS: u32 = 128;
/** Coded weights take at most this many bytes. */
const MAX_CODED_BYTES: u32 = 127;
/** First byte of a tree description: below 128 the size of the coded weights, above 127 the number of direct ones + 127. */
const DIRECT_WEIGHTS: u32 = 127;

/** Bytes of stream `index` after streamSizes. */
// @ts-ignore: decorator
@inline
export function streamSize(index: u32): u32 {
  return load<u32>(STREAM_SIZES + (<usize>index << 2));
}

/**
 * Sizes in bytes of the streams whose symbols `counts` counts, one a lane, each with its end mark; see streamSize.
 * @returns their sum in all, or u32.MAX_VALUE if a symbol that occurs has no code
 */
export function streamSizes(code: usize, counts: usize): u32 {
  let bits = i32x4.splat(0);
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const lanes = v128.load(counts + (symbol << 4));
    const length = load<u8>(code + symbol, LENGTHS_AT);
    if (length == 0 && v128.any_true(lanes)) return u32.MAX_VALUE;
    bits = i32x4.add(bits, i32x4.mul(lanes, i32x4.splat(length)));
  }
  const sizes = i32x4.add(i32x4.shr_u(bits, 3), i32x4.splat(1));
  v128.store(STREAM_SIZES, sizes);
  return streamSize(0) + streamSize(1) + streamSize(2) + streamSize(3);
}

/** Size in bytes of one stream with all the symbols, or u32.MAX_VALUE if a symbol that occurs has no code. */
export function singleStreamSize(code: usize, counts: usize): u32 {
  let bits: u32 = 0;
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const count = laneSum(counts, symbol);
    const length = <u32>load<u8>(code + symbol, LENGTHS_AT);
    if (length == 0 && count != 0) return u32.MAX_VALUE;
    bits += count * length;
  }
  return (bits >> 3) + 1;
}

/** How often a symbol occurs in all four lanes. */
// @ts-ignore: decorator
@inline
export function laneSum(counts: usize, symbol: usize): u32 {
  const at = counts + (symbol << 4);
  return load<u32>(at) + load<u32>(at, 4) + load<u32>(at, 8) + load<u32>(at, 12);
}

/**
 * Builds a code for the symbols that `counts` counts: at least two different ones, at most 2^17 in all.
 */
export function buildHuffman(code: usize, counts: usize): void {
  const keys = sorting();
  const used = sortByCount(keys, keys + 1024, counts);
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
function sortByCount(keys: usize, spare: usize, counts: usize): u32 {
  let used: u32 = 0;
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const count = laneSum(counts, symbol);
    store<u32>(spare + (<usize>used << 2), (count << 8) | <u32>symbol);
    used += u32(count != 0);
  }
  // Counts have up to 18 bits: three passes of six.
  sortByDigit(spare, keys, used, 8);
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
function addCell(cells: usize, index: u32): void {
  setCell(cells, index, cellOf(cells, index) + 1);
}

// @ts-ignore: decorator
@inline
function addLength(length: u32, count: i32): void {
  setCell(LENGTH_COUNTS, length, cellOf(LENGTH_COUNTS, length) + count);
}

/**
 * Where the cut to HUFFMAN_MAX_BITS has made the lengths too short to tell apart, lengthens others: the deepest leaf above the
 * limit makes room for itself and one from the limit below it, which frees one unit of the tree at a time.
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
  const lastSymbol = load<u32>(code, LAST_SYMBOL_AT);
  for (let symbol: usize = 0; symbol <= lastSymbol; symbol++) {
    const length = <u32>load<u8>(code + symbol, LENGTHS_AT);
    if (length == 0) continue;
    const value = cellOf(NEXT_CODES, length);
    setCell(NEXT_CODES, length, value + 1);
    store<u64>(code + (symbol << 3), (<u64>value << (64 - length)) | length);
  }
}

/**
 * Writes the tree description (RFC 8878, 4.2.1), whichever of its two forms is shorter, to `treeDescription()`.
 * @returns the bytes written, at most 129, or 0 if the tree cannot be described
 */
export function describeTree(code: usize): u32 {
  const lastSymbol = load<u32>(code, LAST_SYMBOL_AT);
  const maxLength = load<u32>(code, MAX_LENGTH_AT);
  const weights = sorting();
  const to = treeDescription();
  for (let symbol: usize = 0; symbol < lastSymbol; symbol++) {
    const length = <u32>load<u8>(code + symbol, LENGTHS_AT);
    store<u8>(weights + symbol, <u8>(length == 0 ? 0 : maxLength + 1 - length));
  }
  // The last symbol's weight is not written: it is what fills the tree.
  store<u8>(weights + lastSymbol, 0);
  const direct = lastSymbol <= MAX_DIRECT_WEIGHTS;
  const directSize: u32 = 1 + ((lastSymbol + 1) >> 1);
  const codedSize = writeCodedWeights(to + 1, weights, lastSymbol);
  if (codedSize != 0 && codedSize <= MAX_CODED_BYTES && (codedSize + 1 < directSize || !direct)) {
    store<u8>(to, <u8>codedSize);
    return codedSize + 1;
  }
  if (!direct) return 0;
  store<u8>(to, <u8>(DIRECT_WEIGHTS + lastSymbol));
  for (let symbol: usize = 0; symbol < lastSymbol; symbol += 2) {
    store<u8>(to + 1 + (symbol >> 1), (load<u8>(weights + symbol) << 4) | load<u8>(weights + symbol, 1));
  }
  return directSize;
}

/** Where describeTree writes. */
export function treeDescription(): usize {
  return sorting() + 2048;
}

/**
 * Writes `count` weights as an FSE stream with its distribution before it. Two states take turns, the first with the even weights.
 * @returns the bytes written, or 0 if there are too few weights, or all are the same: nothing would tell where that stream ends
 */
function writeCodedWeights(to: usize, weights: usize, count: u32): u32 {
  if (count < 2) return 0;
  const counts = sorting() + 1024;
  memory.fill(counts, 0, 4 * (HUFFMAN_MAX_BITS + 1));
  for (let index: usize = 0; index < count; index++) addCell(counts, load<u8>(weights + index));
  let lastWeight = HUFFMAN_MAX_BITS;
  while (cellOf(counts, lastWeight) == 0) lastWeight--;
  if (cellOf(counts, lastWeight) == count) return 0;

  const coder = weightCoder();
  const accuracy = chooseAccuracy(count, lastWeight, WEIGHTS_MAX_ACCURACY);
  shareCells(counts, lastWeight, count, accuracy, distributionOf(coder));
  setDistribution(coder, lastWeight, accuracy);
  buildCoder(coder);
  const descriptionSize = writeDistribution(to, distributionOf(coder), lastWeight, accuracy);
  return descriptionSize + writeWeightStream(to + descriptionSize, coder, weights, count);
}

/** Writes the FSE stream of at least 2 weights; may write 8 bytes more than it says. */
function writeWeightStream(to: usize, coder: usize, weights: usize, count: u32): u32 {
  const accuracy = accuracyOf(coder);
  // `state` is the one whose turn it is. The last two weights cost nothing: they are where the states begin.
  let index = <i32>count - 3;
  let state = fseFirstState(coder, load<u8>(weights + index + 1));
  let other = fseFirstState(coder, load<u8>(weights + index + 2));
  let bits: u64 = 0;
  let bitCount: u64 = 0;
  let out = to;
  for (; index >= 0; index--) {
    const transition = transitionOf(coder, load<u8>(weights + index));
    const width = fseBitCount(transition, other);
    bits |= <u64>(other & ((1 << width) - 1)) << bitCount;
    bitCount += width;
    const next = fseNextState(coder, transition, other, width);
    other = state;
    state = next;
    store<u64>(out, bits);
    out += <usize>(bitCount >> 3);
    bits >>= bitCount & ~7;
    bitCount &= 7;
  }
  // `state` now belongs to weight 0. The decoder reads it first, so it is written last, with the end mark above it.
  const mask = (1 << accuracy) - 1;
  bits |= <u64>(other & mask) << bitCount;
  bits |= <u64>(state & mask) << (bitCount + accuracy);
  bits |= <u64>1 << (bitCount + 2 * accuracy);
  store<u64>(out, bits);
  return <u32>(out - to) + <u32>((bitCount + 2 * accuracy + 8) >> 3);
}
