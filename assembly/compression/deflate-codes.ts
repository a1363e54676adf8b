// Length-limited canonical Huffman codes for deflate.
//
// Code lengths come from the in-place algorithm of Moffat and Katajainen ("In-Place Calculation of Minimum-Redundancy Codes", 1995), on the
// frequencies in ascending order. Lengths over the limit are cut to it, and the code is made to fit again (Kraft's sum at most one) by
// lengthening the shortest possible codes; this is not optimal, but within a few bits of it, and it is rare.
//
// A code as the writer wants it is a u32: the code word with its first bit lowest in bits 0..15, its length in bits 16..31.

import { sortBuffer } from "./gzip-workspace";
import { MAXIMUM_CODE_BITS } from "./deflate-symbols";

/** Sort keys: the symbol in the low bits, its frequency above. A frequency is less than 2^23, as no block is that long. */
const SYMBOL_BITS: u32 = 9;
const SYMBOL_MASK: u32 = (1 << SYMBOL_BITS) - 1;

/** u32 each: how many codes have length 0, 1, ... 15; then: the next code word of each length. */
const counts = memory.data(64, 16);
/** u32 each: buckets of one pass of the sort. */
const buckets = memory.data(1024, 16);

// @ts-ignore: decorator
@inline
function keyAt(index: u32): u32 {
  return load<u32>(sortBuffer() + (index << 2));
}

// @ts-ignore: decorator
@inline
function setKey(index: u32, key: u32): void {
  store<u32>(sortBuffer() + (index << 2), key);
}

/** Sorts `count` keys at `from` into `to` by the byte at `shift`, keeping the order of equals. */
function sortByByte(from: usize, to: usize, count: u32, shift: u32): void {
  memory.fill(buckets, 0, 1024);
  const end = from + (count << 2);
  for (let key = from; key < end; key += 4) {
    const bucket = buckets + (((load<u32>(key) >> shift) & 0xff) << 2);
    store<u32>(bucket, load<u32>(bucket) + 4);
  }
  let place = <u32>to;
  for (let bucket = buckets; bucket < buckets + 1024; bucket += 4) {
    const bytes = load<u32>(bucket);
    store<u32>(bucket, place);
    place += bytes;
  }
  for (let key = from; key < end; key += 4) {
    const bucket = buckets + (((load<u32>(key) >> shift) & 0xff) << 2);
    const next = load<u32>(bucket);
    store<u32>(bucket, next + 4);
    store<u32>(next, load<u32>(key));
  }
}

/** Sorts the symbols that occur by frequency into the sort buffer. @returns how many there are */
function sortByFrequency(frequencies: usize, symbolCount: u32): u32 {
  const first = sortBuffer();
  const second = first + (512 << 2);
  let count: u32 = 0;
  let seen: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const frequency = load<u32>(frequencies + (symbol << 2));
    if (frequency == 0) continue;
    seen |= frequency;
    setKey(count++, (frequency << SYMBOL_BITS) | symbol);
  }
  sortByByte(first, second, count, SYMBOL_BITS);
  if (seen >> 8 == 0) {
    memory.copy(first, second, count << 2);
    return count;
  }
  sortByByte(second, first, count, SYMBOL_BITS + 8);
  if (seen >> 16 != 0) {
    sortByByte(first, second, count, SYMBOL_BITS + 16);
    memory.copy(first, second, count << 2);
  }
  return count;
}

/** A node's value in the algorithm below: everything above the symbol, which stays where it is. */
// @ts-ignore: decorator
@inline
function nodeAt(index: u32): u32 {
  return keyAt(index) >> SYMBOL_BITS;
}

// @ts-ignore: decorator
@inline
function setNode(index: u32, value: u32): void {
  setKey(index, (value << SYMBOL_BITS) | (keyAt(index) & SYMBOL_MASK));
}

/** Replaces the `count` (two or more) ascending frequencies by their code lengths, which descend. */
function computeLengths(count: u32): void {
  // Join the two lightest nodes until one is left. Joined nodes are parents' places from then on.
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let next: u32 = 0; next < count - 1; next++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= count || (root < next && nodeAt(root) < nodeAt(leaf))) {
        weight += nodeAt(root);
        setNode(root++, next);
      } else weight += nodeAt(leaf++);
    }
    setNode(next, weight);
  }
  // Depths of the joined nodes, from the root at count - 2 down.
  setNode(count - 2, 0);
  for (let next: i32 = count - 3; next >= 0; next--) setNode(next, nodeAt(nodeAt(next)) + 1);
  // Depths of the leaves: at each depth, the places that joined nodes do not take.
  let places: u32 = 1;
  let depth: u32 = 0;
  let joined: i32 = count - 2;
  let index: i32 = count - 1;
  while (places > 0) {
    let taken: u32 = 0;
    for (; joined >= 0 && nodeAt(joined) == depth; joined--) taken++;
    for (; places > taken; places--) setNode(index--, depth);
    places = taken << 1;
    depth++;
  }
}

/** Counts the lengths in the sort buffer, cut to `limit`, and lengthens codes until they fit. */
function countLengths(count: u32, limit: u32): void {
  memory.fill(counts, 0, 64);
  let total: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const length = min(nodeAt(index), limit);
    total += 1 << (limit - length);
    store<u32>(counts + (length << 2), load<u32>(counts + (length << 2)) + 1);
  }
  // Taking one of the longest codes away and hanging it below a shorter one, as its sibling, shrinks the sum by one.
  for (; total > <u32>(1 << limit); total--) {
    let length = limit - 1;
    while (load<u32>(counts + (length << 2)) == 0) length--;
    const shorter = counts + (length << 2);
    store<u32>(shorter, load<u32>(shorter) - 1);
    store<u32>(shorter, load<u32>(shorter, 4) + 2, 4);
    store<u32>(counts + (limit << 2), load<u32>(counts + (limit << 2)) - 1);
  }
}

/** Gives one of the two symbols that a code needs a length, where fewer occur. zlib does the same, for old decoders. */
function padLengths(lengths: usize, count: u32): void {
  const used = count == 1 ? keyAt(0) & SYMBOL_MASK : 0;
  store<u8>(lengths + used, 1);
  store<u8>(lengths + (used == 0 ? 1 : 0), 1);
}

/**
 * Writes the code lengths (a byte for each symbol) of a Huffman code for `frequencies` (u32 each), none longer than `limit` bits. At least
 * two symbols get a code, so the code is always complete.
 */
export function buildLengths(frequencies: usize, symbolCount: u32, limit: u32, lengths: usize): void {
  memory.fill(lengths, 0, symbolCount);
  const count = sortByFrequency(frequencies, symbolCount);
  if (count < 2) {
    padLengths(lengths, count);
    return;
  }
  computeLengths(count);
  countLengths(count, limit);
  let index: u32 = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = load<u32>(counts + (length << 2)); left > 0; left--) {
      store<u8>(lengths + (keyAt(index++) & SYMBOL_MASK), length);
    }
  }
}

/** The low `length` bits of `code`, back to front. */
function reverseBits(code: u32, length: u32): u32 {
  code = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  code = ((code & 0x3333) << 2) | ((code >> 2) & 0x3333);
  code = ((code & 0x0f0f) << 4) | ((code >> 4) & 0x0f0f);
  code = ((code & 0x00ff) << 8) | (code >> 8);
  return code >> (16 - length);
}

/** Writes the canonical codes (u32 each) that `lengths` stand for (RFC 1951 section 3.2.2). */
export function assignCodes(lengths: usize, symbolCount: u32, codes: usize): void {
  memory.fill(counts, 0, 64);
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const count = counts + (<usize>load<u8>(lengths + symbol) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let code: u32 = 0;
  let previous: u32 = 0;
  for (let length: u32 = 1; length <= MAXIMUM_CODE_BITS; length++) {
    const count = load<u32>(counts + (length << 2));
    code = (code + previous) << 1;
    store<u32>(counts + (length << 2), code);
    previous = count;
  }
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const length = <u32>load<u8>(lengths + symbol);
    if (length == 0) continue;
    const next = counts + (length << 2);
    const code = load<u32>(next);
    store<u32>(next, code + 1);
    store<u32>(codes + (symbol << 2), (length << 16) | reverseBits(code, length));
  }
}
