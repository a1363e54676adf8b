// The description of a Huffman tree, the encoder's half (RFC 8878, 4.2.1):
//
//   first byte | weights of symbols 0 to last - 1
//
//   first byte 128-255: that less 127 weights follow, 4 bits each, the first in the upper half of its byte
//   first byte 1-127: that many bytes follow: a distribution of accuracy 6 at most, and an FSE stream of the weights
//
// A weight is the longest length + 1 - the symbol's length, or 0 if the symbol has no code. The last symbol's is what fills the tree.

import { HUFFMAN_MAX_BITS, WEIGHTS_MAX_ACCURACY } from "./zstd-constants";
import { chooseAccuracy, shareCells, writeDistribution } from "./zstd-encode-distribution";
import {
  accuracyOf,
  buildCoder,
  distributionOf,
  fseBitCount,
  fseFirstState,
  fseNextState,
  setDistribution,
  transitionOf,
} from "./zstd-encode-fse";
import { lastSymbolOf, lengthOf, maxLengthOf } from "./zstd-encode-huffman";
import { sorting, weightCoder } from "./zstd-encode-memory";

/** A tree description can give at most this many weights as they are, 4 bits each. */
const MAX_DIRECT_WEIGHTS: u32 = 128;
/** Coded weights take at most this many bytes. */
const MAX_CODED_BYTES: u32 = 127;
/** First byte of a tree description: below 128 the size of the coded weights, above 127 the number of direct ones + 127. */
const DIRECT_WEIGHTS: u32 = 127;

/**
 * Writes the tree description (RFC 8878, 4.2.1), whichever of its two forms is shorter, to `treeDescription()`.
 * @returns the bytes written, at most 129, or 0 if the tree cannot be described
 */
export function describeTree(code: usize): u32 {
  const lastSymbol = lastSymbolOf(code);
  const maxLength = maxLengthOf(code);
  const weights = sorting();
  const to = treeDescription();
  for (let symbol: usize = 0; symbol < lastSymbol; symbol++) {
    const length = lengthOf(code, symbol);
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
  for (let index: usize = 0; index < count; index++) {
    const at = counts + (<usize>load<u8>(weights + index) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let lastWeight = HUFFMAN_MAX_BITS;
  while (load<u32>(counts + (<usize>lastWeight << 2)) == 0) lastWeight--;
  if (load<u32>(counts + (<usize>lastWeight << 2)) == count) return 0;

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
    const rest = other >> width;
    bits |= <u64>(other ^ (rest << width)) << bitCount;
    bitCount += width;
    const next = fseNextState(coder, transition, rest);
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
