// Zstandard compression (RFC 8878): one frame, greedy matches, entropy coding. All integers are little endian.
//
//   frame:  magic 4 | descriptor 1 | [window 1] | content size 1, 2 or 4 | blocks
//   block:  header 3: last 1 bit, type 2 bits, size 21 bits | content: raw bytes, one repeated byte, or literals and sequences
//
//   descriptor: bits 6-7 size of the content size, bit 5 single segment (no window byte), bit 2 checksum, bits 0-1 dictionary
//
// A frame of up to MAX_OFFSET bytes is a single segment. A longer one declares a window of MAX_OFFSET bytes, the most that the RFC
// asks every decoder to have. There is no content checksum, as Kafka's clients write none: a record batch has its own.
//
// Invariant: each block takes the cheapest of the three forms, so the output never exceeds zstdCompressBound.

import { OUTPUT_LIMIT } from "../status";
import { BLOCK_COMPRESSED, BLOCK_RAW, BLOCK_RLE, FRAME_MAGIC, MAX_BLOCK_BYTES } from "./zstd-constants";
import { writeLiterals } from "./zstd-encode-literals";
import { beginBlock, hashTable, keepBlock, literals, MAX_HASH_LOG, resetState, SLACK_BYTES, staging } from "./zstd-encode-memory";
import { writeSequences } from "./zstd-encode-sequences";
import { findSequences, literalCount, MAX_OFFSET } from "./zstd-match";

const MAX_FRAME_HEADER_BYTES: u32 = 10;
const BLOCK_HEADER_BYTES: u32 = 3;

const SINGLE_SEGMENT: u32 = 1 << 5;
/** Window byte: exponent - 10 in its upper five bits. 23 is MAX_OFFSET's. */
const WINDOW: u32 = (23 - 10) << 3;

/** Blocks shorter than this are not worth compressing: headers would eat what that saves. */
const MIN_COMPRESSED_BLOCK: u32 = 16;

const MIN_HASH_LOG: u32 = 8;

/** The most bytes that zstdCompress writes for `sourceLength` bytes, which the core can hold: far fewer than 2^32. */
export function zstdCompressBound(sourceLength: u32): u32 {
  return sourceLength + MAX_FRAME_HEADER_BYTES + BLOCK_HEADER_BYTES * (sourceLength / MAX_BLOCK_BYTES + 1);
}

/**
 * Compresses [source, source + sourceLength) into one frame at `destination`.
 * @returns the bytes written, or OUTPUT_LIMIT if the frame is longer than `capacity`
 */
export function zstdCompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const headerBytes = frameHeaderSize(sourceLength);
  if (capacity < headerBytes) return OUTPUT_LIMIT;
  writeFrameHeader(destination, sourceLength);
  const slotMask = hashTableBytes(sourceLength) - 4;
  resetState();

  const end = source + sourceLength;
  let block = source;
  let segment = source;
  let out = destination + headerBytes;
  let room = capacity - headerBytes;
  do {
    if ((block - source) % MAX_OFFSET == 0) {
      segment = block;
      memory.fill(hashTable(), 0, slotMask + 4);
    }
    const length = min<u32>(<u32>(end - block), MAX_BLOCK_BYTES);
    const written = writeBlock(out, room, segment, block, length, u32(block + length == end), slotMask);
    if (written < 0) return written;
    block += length;
    out += written;
    room -= written;
  } while (block < end);
  return <i32>(out - destination);
}

/** Bytes of magic, descriptor, window and content size. */
function frameHeaderSize(sourceLength: u32): u32 {
  if (sourceLength > MAX_OFFSET) return 4 + 1 + 1 + 4;
  return 4 + 1 + (sourceLength < 256 ? 1 : sourceLength < 65536 + 256 ? 2 : 4);
}

function writeFrameHeader(to: usize, sourceLength: u32): void {
  store<u32>(to, FRAME_MAGIC);
  if (sourceLength > MAX_OFFSET) {
    store<u8>(to, 2 << 6, 4);
    store<u8>(to, WINDOW, 5);
    store<u32>(to, sourceLength, 6);
  } else if (sourceLength < 256) {
    store<u8>(to, SINGLE_SEGMENT, 4);
    store<u8>(to, <u8>sourceLength, 5);
  } else if (sourceLength < 65536 + 256) {
    store<u8>(to, SINGLE_SEGMENT | (1 << 6), 4);
    store<u16>(to, <u16>(sourceLength - 256), 5);
  } else {
    store<u8>(to, SINGLE_SEGMENT | (2 << 6), 4);
    store<u32>(to, sourceLength, 5);
  }
}

/** Bytes of a hash table that suits the source: a small one is emptied sooner. */
function hashTableBytes(sourceLength: u32): u32 {
  return 4 << min(max(32 - clz(sourceLength), MIN_HASH_LOG), MAX_HASH_LOG);
}

// @ts-ignore: decorator
@inline
function blockHeader(last: u32, type: u32, size: u32): u32 {
  return last | (type << 1) | (size << 3);
}

// @ts-ignore: decorator
@inline
function storeHeader(to: usize, header: u32): void {
  store<u16>(to, <u16>header);
  store<u8>(to, <u8>(header >> 16), 2);
}

/** Writes the block [block, block + length) of a segment (zstd-match.ts). @returns the bytes written, or OUTPUT_LIMIT */
function writeBlock(to: usize, room: u32, segment: usize, block: usize, length: u32, last: u32, slotMask: u32): i32 {
  if (room < BLOCK_HEADER_BYTES) return OUTPUT_LIMIT;
  const content = to + BLOCK_HEADER_BYTES;
  const contentRoom = room - BLOCK_HEADER_BYTES;
  if (length > 1 && isRepeated(block, length)) {
    if (contentRoom < 1) return OUTPUT_LIMIT;
    storeHeader(to, blockHeader(last, BLOCK_RLE, length));
    store<u8>(content, load<u8>(block));
    return BLOCK_HEADER_BYTES + 1;
  }

  const direct = contentRoom >= length + SLACK_BYTES;
  const work = direct ? content : staging();
  const size = compressBlock(work, segment, block, length, slotMask);
  if (size > 0) {
    if (size > contentRoom) return OUTPUT_LIMIT;
    if (!direct) memory.copy(content, work, size);
    keepBlock();
    storeHeader(to, blockHeader(last, BLOCK_COMPRESSED, size));
    return BLOCK_HEADER_BYTES + size;
  }
  if (length > contentRoom) return OUTPUT_LIMIT;
  memory.copy(content, block, length);
  storeHeader(to, blockHeader(last, BLOCK_RAW, length));
  return BLOCK_HEADER_BYTES + length;
}

/** Whether all bytes of a block are the same. */
function isRepeated(block: usize, length: u32): bool {
  const end = block + length - 1;
  let at = block;
  for (; at + 8 <= end; at += 8) {
    if (load<u64>(at) != load<u64>(at, 1)) return false;
  }
  for (; at < end; at++) {
    if (load<u8>(at) != load<u8>(at, 1)) return false;
  }
  return true;
}

/**
 * Writes the literals and sequences sections of a block to `to`, where length + SLACK_BYTES bytes may be spoilt.
 * @returns the bytes written, or 0 if the block is better off raw; NEXT is then worthless
 */
function compressBlock(to: usize, segment: usize, block: usize, length: u32, slotMask: u32): u32 {
  if (length < MIN_COMPRESSED_BLOCK) return 0;
  beginBlock();
  const sequenceCount = findSequences(segment, block, block + length, slotMask);
  // A saving of less than this is not worth the time to decode it.
  const room = length - (length >> 6) - 2;
  const literalsSize = writeLiterals(to, room, literals(), literalCount());
  if (literalsSize == 0) return 0;
  const sequencesSize = writeSequences(to + literalsSize, room - literalsSize, sequenceCount);
  return sequencesSize == 0 ? 0 : literalsSize + sequencesSize;
}
