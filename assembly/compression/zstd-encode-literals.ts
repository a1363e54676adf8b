// The literals section of a compressed block (RFC 8878, 3.1.1.3.1):
//
//   header 1-5 | raw: the literals; RLE: one byte; compressed: [tree description] | [sizes of streams 1-3, u16 each] | stream(s)
//
//   header, little endian:  type 2 bits | size format 2 bits | literal count | compressed size
//     raw, RLE:             format 0 (1 bit): count 5 bits;  1: 12;  3: 20;  no compressed size
//     compressed, treeless: format 0: one stream, 10 bits each;  1, 2, 3: four streams, 10, 14 or 18 bits each
//
// Literals are counted once, four streams of them each in a lane of its own. From that follows the exact size that each choice would
// have (a new tree, the last tree again, or none), and so the choice and the sizes of the streams, before any of it is written.
//
// A stream holds its symbols from last to first, bits from the low end up, and a 1 bit as its end mark above the last.

import { LITERALS_COMPRESSED, LITERALS_RAW, LITERALS_RLE, LITERALS_TREELESS } from "./zstd-constants";
import { buildHuffman, singleStreamSize, streamSize, streamSizes } from "./zstd-encode-huffman";
import { counters, laneCounters, NEXT, STATE_HUFFMAN, spareHuffman } from "./zstd-encode-memory";
import { describeTree, treeDescription } from "./zstd-encode-tree";

/** Fewer literals than this are not worth a look. */
const MIN_COMPRESSED: u32 = 24;
/** From this many literals on there are four streams. */
const MIN_FOUR_STREAMS: u32 = 1 << 10;
/** Sizes of the first three streams. */
const JUMP_TABLE_BYTES: u32 = 6;
/** Symbols that fit between two stores: 4 of at most 11 bits and the 7 bits that stay leave the low bits of an entry out of the way. */
const BATCH: usize = 4;

/**
 * Writes the literals section; may write SLACK_BYTES more than it says.
 * @param room bytes at `to`, SLACK_BYTES not counted
 * @returns the bytes written, or 0 if there is not enough room
 */
export function writeLiterals(to: usize, room: u32, literals: usize, count: u32): u32 {
  if (count < MIN_COMPRESSED) return writeRaw(to, room, literals, count);
  const greatest = countSymbols(literals, count);
  if (greatest == count) return writeRepeated(to, room, load<u8>(literals), count);
  // Symbols this even come to nearly 8 bits each.
  if (greatest <= (count >> 7) + 4) return writeRaw(to, room, literals, count);

  const fresh = spareHuffman();
  buildHuffman(fresh, counters(), greatest);
  const treeSize = describeTree(fresh);
  const freshSize: u32 = treeSize == 0 ? u32.MAX_VALUE : treeSize + streamsSize(fresh, count);
  const last = <usize>load<u32>(NEXT, STATE_HUFFMAN);
  const lastSize = last == 0 ? u32.MAX_VALUE : streamsSize(last, count);

  const header = headerSize(count);
  const size = min(freshSize, lastSize);
  const leastGain = (count >> 6) + 2;
  if (size >= count - leastGain) return writeRaw(to, room, literals, count);
  if (header + size > room) return 0;
  if (lastSize <= freshSize) {
    writeHeader(to, LITERALS_TREELESS, count, size);
    writeStreams(to + header, last, literals, count);
  } else {
    writeHeader(to, LITERALS_COMPRESSED, count, size);
    memory.copy(to + header, treeDescription(), treeSize);
    writeStreams(to + header + treeSize, fresh, literals, count);
    store<u32>(NEXT, <u32>fresh, STATE_HUFFMAN);
  }
  return header + size;
}

function writeRaw(to: usize, room: u32, literals: usize, count: u32): u32 {
  const size = writePlainHeader(to, LITERALS_RAW, count);
  if (size > room || count > room - size) return 0;
  memory.copy(to + size, literals, count);
  return size + count;
}

function writeRepeated(to: usize, room: u32, symbol: u8, count: u32): u32 {
  const size = writePlainHeader(to, LITERALS_RLE, count);
  if (size >= room) return 0;
  store<u8>(to + size, symbol);
  return size + 1;
}

/** Writes the header of a raw or RLE section, and returns its size. */
function writePlainHeader(to: usize, type: u32, count: u32): u32 {
  if (count < 1 << 5) {
    store<u8>(to, <u8>(type | (count << 3)));
    return 1;
  }
  if (count < 1 << 12) {
    store<u16>(to, <u16>(type | (1 << 2) | (count << 4)));
    return 2;
  }
  store<u32>(to, type | (3 << 2) | (count << 4));
  return 3;
}

/** Size of the header of a compressed or treeless section. */
function headerSize(count: u32): u32 {
  return count < 1 << 10 ? 3 : count < 1 << 14 ? 4 : 5;
}

/** Writes the header of a compressed or treeless section. `size` is less than `count`. */
function writeHeader(to: usize, type: u32, count: u32, size: u32): void {
  const bytes = headerSize(count);
  const format = bytes > 3 ? bytes - 2 : u32(count >= MIN_FOUR_STREAMS);
  const width: u64 = bytes == 3 ? 10 : bytes == 4 ? 14 : 18;
  store<u64>(to, type | (format << 2) | (<u64>count << 4) | (<u64>size << (4 + width)));
}

/** Symbols in each stream but the last, which may have up to 3 fewer. */
// @ts-ignore: decorator
@inline
function quarter(count: u32): u32 {
  return (count + 3) >> 2;
}

/**
 * Counts the symbols in counters(), and those of each stream in laneCounters() where there are four.
 * @returns the greatest number of times that any symbol occurs
 */
function countSymbols(literals: usize, count: u32): u32 {
  if (count < MIN_FOUR_STREAMS) countStream(literals, count);
  else countStreams(literals, count);
  const counts = counters();
  let greatest: u32 = 0;
  for (let at = counts; at < counts + 1024; at += 4) greatest = max(greatest, load<u32>(at));
  return greatest;
}

function countStream(literals: usize, count: u32): void {
  const counts = counters();
  memory.fill(counts, 0, 1024);
  for (let at = literals; at < literals + count; at++) {
    const counter = counts + (<usize>load<u8>(at) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}

function countStreams(literals: usize, count: u32): void {
  const lanes = laneCounters();
  memory.fill(lanes, 0, 4096);
  const length: usize = quarter(count);
  const second = literals + length;
  const third = second + length;
  const fourth = third + length;
  const lastLength = <usize>count - 3 * length;
  let at: usize = 0;
  for (; at + 4 <= lastLength; at += 4) {
    countFour(lanes, load<u32>(literals + at));
    countFour(lanes + 4, load<u32>(second + at));
    countFour(lanes + 8, load<u32>(third + at));
    countFour(lanes + 12, load<u32>(fourth + at));
  }
  for (let rest = at; rest < lastLength; rest++) countOne(lanes + 12, load<u8>(fourth + rest));
  for (; at < length; at++) {
    countOne(lanes, load<u8>(literals + at));
    countOne(lanes + 4, load<u8>(second + at));
    countOne(lanes + 8, load<u8>(third + at));
  }
  const counts = counters();
  for (let symbol: usize = 0; symbol < 256; symbol++) {
    const lane = lanes + (symbol << 4);
    store<u32>(counts + (symbol << 2), load<u32>(lane) + load<u32>(lane, 4) + load<u32>(lane, 8) + load<u32>(lane, 12));
  }
}

// @ts-ignore: decorator
@inline
function countOne(lane: usize, symbol: u32): void {
  const at = lane + (<usize>symbol << 4);
  store<u32>(at, load<u32>(at) + 1);
}

// @ts-ignore: decorator
@inline
function countFour(lane: usize, symbols: u32): void {
  countOne(lane, symbols & 0xff);
  countOne(lane, (symbols >> 8) & 0xff);
  countOne(lane, (symbols >> 16) & 0xff);
  countOne(lane, symbols >> 24);
}

/** Bytes of all streams by `code`, and of their jump table, or u32.MAX_VALUE if `code` lacks a symbol. */
function streamsSize(code: usize, count: u32): u32 {
  if (count < MIN_FOUR_STREAMS) return singleStreamSize(code, counters());
  const size = streamSizes(code, laneCounters());
  return size == u32.MAX_VALUE ? size : size + JUMP_TABLE_BYTES;
}

/** Writes what streamsSize has measured. */
function writeStreams(to: usize, code: usize, literals: usize, count: u32): void {
  if (count < MIN_FOUR_STREAMS) {
    writeStream(to, code, literals, literals + count);
    return;
  }
  streamSizes(code, laneCounters());
  store<u16>(to, <u16>streamSize(0));
  store<u16>(to, <u16>streamSize(1), 2);
  store<u16>(to, <u16>streamSize(2), 4);
  const length = quarter(count);
  let from = literals;
  let out = to + JUMP_TABLE_BYTES;
  for (let stream: u32 = 0; stream < 3; stream++) {
    writeStream(out, code, from, from + length);
    from += length;
    out += streamSize(stream);
  }
  writeStream(out, code, from, literals + count);
}

/**
 * Writes one stream; may write 8 bytes more than its size.
 *
 * `bits` is filled from the top: an entry has its code there already, and shifting by an entry shifts by its length, since only the
 * low 6 bits of a shift count. The rest of an entry falls below the bits that are in use.
 */
function writeStream(to: usize, code: usize, from: usize, end: usize): void {
  let out = to;
  let bits: u64 = 0;
  let bitCount: u64 = 0;
  let at = end;
  while (at >= from + BATCH) {
    at -= BATCH;
    const entry3 = load<u64>(code + (<usize>load<u8>(at, 3) << 3));
    const entry2 = load<u64>(code + (<usize>load<u8>(at, 2) << 3));
    const entry1 = load<u64>(code + (<usize>load<u8>(at, 1) << 3));
    const entry0 = load<u64>(code + (<usize>load<u8>(at) << 3));
    bits = (bits >> entry3) | entry3;
    bits = (bits >> entry2) | entry2;
    bits = (bits >> entry1) | entry1;
    bits = (bits >> entry0) | entry0;
    bitCount = (bitCount + entry3 + entry2 + entry1 + entry0) & 0xff;
    store<u64>(out, bits >> (64 - bitCount));
    out += <usize>(bitCount >> 3);
    bitCount &= 7;
  }
  while (at > from) {
    at--;
    const entry = load<u64>(code + (<usize>load<u8>(at) << 3));
    bits = (bits >> entry) | entry;
    bitCount = (bitCount + entry) & 0xff;
  }
  // The end mark.
  bits = (bits >> 1) | (<u64>1 << 63);
  bitCount++;
  store<u64>(out, bits >> (64 - bitCount));
}
