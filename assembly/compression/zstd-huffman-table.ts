// zstd's Huffman tables (RFC 8878, 4.2.1): from a tree description in the source to a decoding table in the workspace.
//
//   header byte < 128   that many bytes of FSE-coded weights: a table description, then a backward bitstream of two interleaved states
//   header byte >= 128  header - 127 weights of 4 bits, the first in the high half of the first byte
//
// A symbol's weight w > 0 means a code of (longest + 1 - w) bits; 0 means that the symbol does not occur. The last symbol's weight is
// not stored: it completes the sum of 2^(w - 1) to a power of two.
//
// The decoding table is indexed by the next HUFFMAN_MAX_BITS bits, whatever the longest code is: entries are u16, the code's length in
// the low byte and the symbol in the high byte. All 2048 entries are always set, so any bits decode to something.

import { CORRUPT } from "../status";
import { endPosition, peek, STREAM_BASE, topBits } from "./zstd-bits";
import { HUFFMAN_MAX_BITS, WEIGHTS_MAX_ACCURACY } from "./zstd-constants";
import { buildTable, describedAccuracy, describedSymbols, entryBits, entryNext, readDistribution } from "./zstd-fse";
import { distribution, huffmanTable, weights, weightsTable } from "./zstd-workspace";

/** u64[12]: a weight stands for itself (zstd-fse.ts). */
const WEIGHT_VALUES: usize = memory.data<u64>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

/** u32[13]: while a table is built, the number of symbols of each weight, then the entry where the next symbol of that weight goes. */
const RANKS: usize = memory.data(13 * 4, 4);

/**
 * Reads the tree description at `source` and builds the decoding table.
 * @returns bytes read, or CORRUPT
 */
export function readHuffmanTable(source: usize, end: usize): i32 {
  if (source >= end) return CORRUPT;
  const header: u32 = load<u8>(source);
  const stored = header < 128 ? header : (header - 126) >> 1;
  if (stored > <u32>(end - source) - 1) return CORRUPT;
  const count = header < 128 ? readCodedWeights(source + 1, stored) : readDirectWeights(source + 1, header - 127);
  if (count < 0) return count;
  const status = buildHuffmanTable(<u32>count);
  return status < 0 ? status : <i32>(stored + 1);
}

function readDirectWeights(source: usize, count: u32): i32 {
  for (let i: u32 = 0; i < count; i += 2) {
    const pair: u32 = load<u8>(source + (i >> 1));
    store<u8>(weights() + i, pair >> 4);
    store<u8>(weights() + i, pair & 15, 1);
  }
  return <i32>count;
}

/** Decodes the weights in the `length` bytes at `source`; the two states take turns until one would overread the stream. */
function readCodedWeights(source: usize, length: u32): i32 {
  const described = readDistribution(source, source + length, HUFFMAN_MAX_BITS, WEIGHTS_MAX_ACCURACY);
  if (described < 0) return described;
  const accuracy = describedAccuracy;
  const table = weightsTable();
  buildTable(table, WEIGHT_VALUES, distribution(), describedSymbols, accuracy);
  const start = source + described;
  let position = endPosition(start, length - described);
  if (position < <i32>(2 * accuracy)) return CORRUPT;
  const first = peek(start + STREAM_BASE, position);
  let entry = load<u64>(table + (topBits(first, accuracy) << 3));
  let other = load<u64>(table + (topBits(first << accuracy, accuracy) << 3));
  position -= 2 * accuracy;
  let count: u32 = 0;
  while (count < 254) {
    store<u8>(weights() + count++, <u32>entry);
    const bits = entryBits(entry) & 63;
    const next = entryNext(entry) + topBits(peek(start + STREAM_BASE, position), bits);
    position -= <i32>bits;
    entry = other;
    if (position < 0) {
      store<u8>(weights() + count++, <u32>entry);
      return <i32>count;
    }
    other = load<u64>(table + (next << 3));
  }
  return CORRUPT;
}

/** Infers the last weight and fills the decoding table from the `count` weights before it. */
function buildHuffmanTable(count: u32): i32 {
  memory.fill(RANKS, 0, 13 * 4);
  let sum: u32 = 0;
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const weight: u32 = load<u8>(weights() + symbol);
    if (weight > HUFFMAN_MAX_BITS) return CORRUPT;
    sum += (1 << weight) >> 1;
    countRank(weight);
  }
  if (sum == 0) return CORRUPT;
  const longest: u32 = 32 - clz<u32>(sum);
  const missing: u32 = (1 << longest) - sum;
  if (longest > HUFFMAN_MAX_BITS || !isPowerOfTwo(missing)) return CORRUPT;
  const lastWeight: u32 = 32 - clz<u32>(missing);
  store<u8>(weights() + count, lastWeight);
  countRank(lastWeight);
  if (load<u32>(RANKS, 4) < 2) return CORRUPT;
  placeRanks(longest);
  for (let symbol: u32 = 0; symbol <= count; symbol++) fillSymbol(symbol, longest);
  return 0;
}

// @ts-ignore: decorator
@inline
function isPowerOfTwo(value: u32): bool {
  return (value & (value - 1)) == 0;
}

// @ts-ignore: decorator
@inline
function countRank(weight: u32): void {
  store<u32>(RANKS + (weight << 2), load<u32>(RANKS + (weight << 2)) + 1);
}

/** Turns the counts into first entries: small weights, which are long codes, come first. */
function placeRanks(longest: u32): void {
  let at: u32 = 0;
  for (let weight: u32 = 1; weight <= longest; weight++) {
    const symbols = load<u32>(RANKS + (weight << 2));
    store<u32>(RANKS + (weight << 2), at);
    at += symbols << (weight - 1 + HUFFMAN_MAX_BITS - longest);
  }
}

/** Sets the entries of one symbol: all those whose index begins with its code. */
function fillSymbol(symbol: u32, longest: u32): void {
  const weight: u32 = load<u8>(weights() + symbol);
  if (weight == 0) return;
  const entries: u32 = 1 << (weight - 1 + HUFFMAN_MAX_BITS - longest);
  const first = load<u32>(RANKS + (weight << 2));
  store<u32>(RANKS + (weight << 2), first + entries);
  const entry = (longest + 1 - weight) | (symbol << 8);
  let at = huffmanTable() + (first << 1);
  if (entries < 4) {
    store<u16>(at, entry);
    if (entries == 2) store<u16>(at, entry, 2);
    return;
  }
  const end = at + (entries << 1);
  const four = <u64>entry * 0x0001000100010001;
  for (; at < end; at += 8) store<u64>(at, four);
}
