// zstd frames (RFC 8878, section 3): one or more of them, and skippable frames, follow each other in an input.
//
//   magic number      4 bytes, fd2fb528
//   descriptor        1 byte: content size flag (2 bits), single segment, unused, reserved (0), checksum, dictionary id flag (2 bits)
//   window            1 byte unless single segment: exponent (5 bits), mantissa (3 bits)
//   dictionary id     0, 1, 2 or 4 bytes by its flag
//   content size      0 (1 if single segment), 2 (value - 256), 4 or 8 bytes by its flag
//   blocks            3-byte header: last (1 bit), type (2 bits), size (21 bits); then 1 byte if RLE, else `size` bytes
//   checksum          4 bytes if declared: the low half of the content's XXH64
//
//   skippable magic   4 bytes, 184d2a5x; then u32 size and that many bytes, which mean nothing
//
// Output is flat: a match finds the whole frame's output in place, so no window buffer exists and the window's size is only looked at for
// the limit that it puts on blocks.

import { CHECKSUM_MISMATCH, CORRUPT, OUTPUT_LIMIT, UNSUPPORTED } from "../status";
import { xxhash64 } from "./xxhash64";
import {
  BLOCK_COMPRESSED,
  BLOCK_RAW,
  BLOCK_RLE,
  FRAME_MAGIC,
  MAX_BLOCK_BYTES,
  SKIPPABLE_MAGIC,
  SKIPPABLE_MAGIC_MASK,
} from "./zstd-constants";
import { readLiterals, resetLiterals } from "./zstd-literals";
import { resetRepeatOffsets } from "./zstd-sequence-stream";
import { resetTables } from "./zstd-sequence-tables";
import { decodeSequences } from "./zstd-sequences";

const BLOCK_HEADER_BYTES: u32 = 3;
const CHECKSUM_BYTES: u32 = 4;
/** Largest window that the reference decoder can be made to accept: 2 GiB. */
const MAX_WINDOW_LOG: u32 = 31;
/** Results are i32. */
const MAX_RESULT: u64 = 0x7fffffff;

/** The header that `readHeader` has just read. The content size is 0 if none is declared. */
let hasContentSize: bool = false;
let contentSize: u64 = 0;
let blockLimit: u32 = 0;
let hasChecksum: bool = false;

/**
 * Decompresses all frames at `source` to `destination`.
 * @returns bytes written; CORRUPT, CHECKSUM_MISMATCH, UNSUPPORTED (a dictionary, a reserved feature) or OUTPUT_LIMIT
 */
export function zstdDecompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const end = source + sourceLength;
  const outputEnd = destination + capacity;
  let at = source;
  let out = destination;
  if (at == end) return CORRUPT;
  while (at < end) {
    const headerBytes = openFrame(at, end);
    if (headerBytes < 0) return headerBytes;
    if (headerBytes == 0) break;
    const written = decodeFrame(at + headerBytes, end, out, outputEnd);
    if (written < 0) return written;
    at = frameEnd;
    out += written;
  }
  return <i32>(out - destination);
}

/**
 * The decompressed size that the frames at `source` declare.
 * @returns the sum; UNSUPPORTED if a frame declares none, CORRUPT, or OUTPUT_LIMIT if it is 2 GiB or more
 */
export function zstdContentSize(source: usize, sourceLength: u32): i32 {
  return measureFrames(source, sourceLength, false);
}

/**
 * An upper bound of the decompressed size, from the block headers alone: for frames that declare no size.
 * @returns the bound; CORRUPT, UNSUPPORTED, or OUTPUT_LIMIT if it is 2 GiB or more
 */
export function zstdSizeBound(source: usize, sourceLength: u32): i32 {
  return measureFrames(source, sourceLength, true);
}

function measureFrames(source: usize, sourceLength: u32, fromBlocks: bool): i32 {
  const end = source + sourceLength;
  let at = source;
  let total: u64 = 0;
  if (at == end) return CORRUPT;
  while (at < end) {
    const headerBytes = openFrame(at, end);
    if (headerBytes < 0) return headerBytes;
    if (headerBytes == 0) break;
    const bound = measureBlocks(at + headerBytes, end);
    if (bound < 0) return CORRUPT;
    at = frameEnd;
    if (!hasContentSize && !fromBlocks) return UNSUPPORTED;
    const size = hasContentSize ? contentSize : <u64>bound;
    if (size > MAX_RESULT - total) return OUTPUT_LIMIT;
    total += size;
  }
  return <i32>total;
}

/** Where the frame ended that `decodeFrame` or `measureBlocks` has just walked. */
let frameEnd: usize = 0;

/** The most bytes that the blocks from `at` to the frame's end can decode to, or -1 if they are cut off. Sets `frameEnd`. */
function measureBlocks(at: usize, end: usize): i64 {
  let bound: i64 = 0;
  let last = false;
  while (!last) {
    if (end - at < BLOCK_HEADER_BYTES) return -1;
    const header = blockHeader(at);
    const type = blockType(header);
    const size = header >> 3;
    const stored: u32 = type == BLOCK_RLE ? 1 : size;
    at += BLOCK_HEADER_BYTES;
    if (end - at < stored) return -1;
    at += stored;
    bound += type == BLOCK_COMPRESSED ? blockLimit : size;
    last = (header & 1) != 0;
  }
  if (hasChecksum) {
    if (end - at < CHECKSUM_BYTES) return -1;
    at += CHECKSUM_BYTES;
  }
  frameEnd = at;
  return bound;
}

// @ts-ignore: decorator
@inline
function blockHeader(at: usize): u32 {
  return <u32>load<u16>(at) | (<u32>load<u8>(at, 2) << 16);
}

// @ts-ignore: decorator
@inline
function blockType(header: u32): u32 {
  return (header >> 1) & 3;
}

/** Reads the next frame's header. @returns the bytes before its blocks, skippable frames too; 0 if those are all; CORRUPT or UNSUPPORTED */
function openFrame(at: usize, end: usize): i32 {
  for (let from = at; from < end; ) {
    const skipped = skippableBytes(from, end);
    if (skipped < 0) return CORRUPT;
    if (skipped == 0) {
      const headerBytes = readHeader(from, end);
      return headerBytes < 0 ? headerBytes : <i32>(from - at) + headerBytes;
    }
    from += <usize>skipped;
  }
  return 0;
}

/** Length of the skippable frame at `at`, 0 if something else is there, -1 if it is cut off. */
function skippableBytes(at: usize, end: usize): i64 {
  if (end - at < 8 || (load<u32>(at) & SKIPPABLE_MAGIC_MASK) != SKIPPABLE_MAGIC) return 0;
  const bytes: u64 = 8 + <u64>load<u32>(at, 4);
  return bytes > <u64>(end - at) ? -1 : <i64>bytes;
}

/** Reads the magic number and the frame header. Returns their length, CORRUPT or UNSUPPORTED. */
function readHeader(at: usize, end: usize): i32 {
  const available = <u32>(end - at);
  if (available < 5 || load<u32>(at) != FRAME_MAGIC) return CORRUPT;
  const descriptor: u32 = load<u8>(at, 4);
  const singleSegment = (descriptor >> 5) & 1;
  const dictionaryBytes: u32 = (1 << (descriptor & 3)) >> 1;
  const sizeFlag = descriptor >> 6;
  const sizeBytes: u32 = sizeFlag == 0 ? singleSegment : 1 << sizeFlag;
  const windowBytes = 1 - singleSegment;
  const headerBytes: u32 = 5 + windowBytes + dictionaryBytes + sizeBytes;
  if (available < headerBytes) return CORRUPT;
  if ((descriptor & 8) != 0) return UNSUPPORTED;
  hasChecksum = (descriptor & 4) != 0;

  const dictionaryId = loadNumber(at + 5 + windowBytes, dictionaryBytes);
  if (dictionaryId != 0) return UNSUPPORTED;
  hasContentSize = sizeBytes != 0;
  contentSize = loadNumber(at + 5 + windowBytes + dictionaryBytes, sizeBytes);
  if (sizeBytes == 2) contentSize += 256;
  let window = contentSize;
  if (windowBytes != 0) {
    const exponent: u32 = <u32>load<u8>(at, 5) >> 3;
    if (exponent + 10 > MAX_WINDOW_LOG) return UNSUPPORTED;
    const base: u64 = <u64>1 << (exponent + 10);
    window = base + (base >> 3) * (<u64>load<u8>(at, 5) & 7);
  }
  blockLimit = <u32>min<u64>(window, MAX_BLOCK_BYTES);
  return <i32>headerBytes;
}

/** The little-endian number in `bytes` (0 to 8) bytes. */
function loadNumber(at: usize, bytes: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < bytes; i++) value |= <u64>load<u8>(at + i) << (i << 3);
  return value;
}

/** Decodes the blocks and checks the checksum of the frame whose header has just been read. Sets `frameEnd`. */
function decodeFrame(at: usize, end: usize, output: usize, outputEnd: usize): i32 {
  if (contentSize > <u64>(outputEnd - output)) return OUTPUT_LIMIT;
  resetLiterals();
  resetTables();
  resetRepeatOffsets();
  let out = output;
  let last = false;
  while (!last) {
    if (end - at < BLOCK_HEADER_BYTES) return CORRUPT;
    const header = blockHeader(at);
    const type = blockType(header);
    const size = header >> 3;
    const stored: u32 = type == BLOCK_RLE ? 1 : size;
    at += BLOCK_HEADER_BYTES;
    if (size > blockLimit || end - at < stored) return CORRUPT;
    const written = decodeBlock(type, at, size, end, output, out, outputEnd);
    if (written < 0) return written;
    at += stored;
    out += written;
    last = (header & 1) != 0;
  }
  if (hasContentSize && contentSize != <u64>(out - output)) return CORRUPT;
  if (hasChecksum) {
    if (end - at < CHECKSUM_BYTES) return CORRUPT;
    if (load<u32>(at) != <u32>xxhash64(output, <u32>(out - output))) return CHECKSUM_MISMATCH;
    at += CHECKSUM_BYTES;
  }
  frameEnd = at;
  return <i32>(out - output);
}

/** Decodes one block of `size` bytes (of output, if RLE) to `out`. Returns the bytes written, CORRUPT or OUTPUT_LIMIT. */
function decodeBlock(type: u32, at: usize, size: u32, sourceEnd: usize, frameStart: usize, out: usize, outputEnd: usize): i32 {
  if (type == BLOCK_COMPRESSED) {
    const end = at + size;
    const literalsBytes = readLiterals(at, end, sourceEnd);
    if (literalsBytes < 0) return literalsBytes;
    return decodeSequences(at + literalsBytes, end, frameStart, out, outputEnd, blockLimit);
  }
  if (type > BLOCK_COMPRESSED) return CORRUPT;
  if (size > <u32>(outputEnd - out)) return OUTPUT_LIMIT;
  if (type == BLOCK_RAW) memory.copy(out, at, size);
  else memory.fill(out, load<u8>(at), size);
  return <i32>size;
}
