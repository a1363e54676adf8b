// LZ4 frame format (https://github.com/lz4/lz4, doc/lz4_Frame_format.md), little-endian:
//
//   magic u32 = 0x184D2204
//   FLG u8:  version (bits 7-6) = 1 | independent blocks (5) | block checksums (4) | content size (3) | content checksum (2) |
//            reserved (1) = 0 | dictionary id (0)
//   BD u8:   reserved (7) = 0 | maximum block size (6-4): 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB | reserved (3-0) = 0
//   [content size u64]  [dictionary id u32]
//   HC u8:   second byte of the xxHash32 of all from FLG to here
//   blocks:  size u32 (bit 31: stored, not compressed) | data | [xxHash32 of the data as it is here, u32]
//   EndMark u32 = 0
//   [xxHash32 of the content, u32]
//
// and the skippable frame: magic u32 = 0x184D2A50..5F | size u32 | that many bytes. Frames may follow each other.
//
// Written: what Kafka's Java client writes (org.apache.kafka.common.compress.Lz4BlockOutputStream), 64 KiB independent blocks and no
// option. Read: all of the above but dictionaries. The EndMark is required, and every checksum that is there is checked.

import { CHECKSUM_MISMATCH, CORRUPT, MEMORY_LIMIT, OUTPUT_LIMIT, UNSUPPORTED } from "../status";
import { compressLz4Block, decompressLz4Block } from "./lz4-block";
import { BLOCK_BYTES } from "./lz-parse";
import { xxhash32 } from "./xxhash32";

const MAGIC: u32 = 0x184d2204;
const SKIPPABLE_MAGIC: u32 = 0x184d2a50;

const VERSION: u32 = 0x40;
const VERSION_MASK: u32 = 0xc0;
const INDEPENDENT_BLOCKS: u32 = 0x20;
const BLOCK_CHECKSUMS: u32 = 0x10;
const CONTENT_SIZE: u32 = 0x08;
const CONTENT_CHECKSUM: u32 = 0x04;
const RESERVED: u32 = 0x02;
const DICTIONARY_ID: u32 = 0x01;

const BLOCK_64_KIB: u32 = 0x40;
const STORED: u32 = 0x80000000;

/** Magic, FLG, BD, HC. */
const SHORT_HEADER_BYTES: usize = 7;
const BLOCK_HEADER_BYTES: usize = 4;
const END_MARK_BYTES: usize = 4;
const CHECKSUM_BYTES: usize = 4;

/** The most bytes that `lz4Compress` writes for `length` bytes, or MEMORY_LIMIT when that is more than an i32 holds. */
export function lz4CompressBound(length: u32): i32 {
  const blocks = (<u64>length + BLOCK_BYTES - 1) / BLOCK_BYTES;
  const bound = SHORT_HEADER_BYTES + <u64>length + blocks * BLOCK_HEADER_BYTES + END_MARK_BYTES;
  return bound > <u64>i32.MAX_VALUE ? MEMORY_LIMIT : <i32>bound;
}

/** Compresses into one frame, as Kafka's Java client does. Returns bytes written, or OUTPUT_LIMIT. */
export function lz4Compress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  if (capacity < <u32>(SHORT_HEADER_BYTES + END_MARK_BYTES)) return OUTPUT_LIMIT;
  store<u32>(destination, MAGIC);
  store<u8>(destination, VERSION | INDEPENDENT_BLOCKS, 4);
  store<u8>(destination, BLOCK_64_KIB, 5);
  store<u8>(destination, xxhash32(destination + 4, 2, 0) >> 8, 6);

  const sourceEnd = source + sourceLength;
  const outputEnd = destination + capacity - END_MARK_BYTES;
  let output = destination + SHORT_HEADER_BYTES;
  while (source < sourceEnd) {
    const length = min(sourceEnd - source, BLOCK_BYTES);
    output = writeBlock(source, length, output, outputEnd);
    if (output == 0) return OUTPUT_LIMIT;
    source += length;
  }
  store<u32>(output, 0);
  return <i32>(output + END_MARK_BYTES - destination);
}

/** Writes a block, stored where it does not compress. Returns the position after it, or 0 when it does not fit. */
function writeBlock(source: usize, length: usize, output: usize, outputEnd: usize): usize {
  if (outputEnd - output < BLOCK_HEADER_BYTES) return 0;
  const data = output + BLOCK_HEADER_BYTES;
  const compressed = compressLz4Block(source, length, data, outputEnd - data);
  if (compressed > 0) {
    store<u32>(output, <u32>compressed);
    return data + compressed;
  }
  if (length > outputEnd - data) return 0;
  store<u32>(output, <u32>length | STORED);
  memory.copy(data, source, length);
  return data + length;
}

// The frame being read: where its blocks start, and what its header says. Set by `readHeader`.
let blocksStart: usize = 0;
let flags: u32 = 0;
let blockBytes: usize = 0;
let contentSize: u64 = 0;
// Where the next frame starts. Set by `readFrame`.
let frameEnd: usize = 0;

/**
 * Decompresses one frame or several in a row, skippable frames among them.
 * @returns bytes written; CORRUPT (an empty input too); CHECKSUM_MISMATCH; UNSUPPORTED (a dictionary); or OUTPUT_LIMIT
 */
export function lz4Decompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  return readFrames<Decode>(source, sourceLength, destination, capacity);
}

/**
 * A capacity that is enough for `lz4Decompress`, from the sizes and the number of the blocks: at most 255 times the input, and at most
 * one block above what comes out.
 * @returns it; the status of what `lz4Decompress` refuses outside the blocks; or MEMORY_LIMIT when it is more than an i32 holds
 */
export function lz4DecompressBound(source: usize, sourceLength: u32): i32 {
  return readFrames<Measure>(source, sourceLength, 0, i32.MAX_VALUE);
}

/** What `readFrames` does with a frame's blocks: decode them, and check them against what the frame says of them. */
@unmanaged
class Decode {
  // @ts-ignore: decorator
  @inline
  get verifies(): bool {
    return true;
  }

  takeBlock(source: usize, length: usize, stored: bool, output: usize, room: usize, windowStart: usize): i32 {
    if (stored) {
      if (length > room) return OUTPUT_LIMIT;
      memory.copy(output, source, length);
      return <i32>length;
    }
    const written = decompressLz4Block(source, length, output, min(room, blockBytes), windowStart);
    return written == OUTPUT_LIMIT && room >= blockBytes ? CORRUPT : written;
  }
}

/** The same walk, touching no output: answers the most that each block can give. No byte of a block yields more than 255. */
@unmanaged
class Measure {
  // @ts-ignore: decorator
  @inline
  get verifies(): bool {
    return false;
  }

  takeBlock(_source: usize, length: usize, stored: bool, _output: usize, room: usize, _windowStart: usize): i32 {
    const most = stored ? length : min(length * 255, blockBytes);
    return most > room ? MEMORY_LIMIT : <i32>most;
  }
}

function readFrames<Action>(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const sourceEnd = source + sourceLength;
  let total: usize = 0;
  do {
    if (sourceEnd - source < 8) return CORRUPT;
    const magic = load<u32>(source);
    if ((magic & ~0xf) == SKIPPABLE_MAGIC) {
      const length = <usize>load<u32>(source, 4);
      source += 8;
      if (length > sourceEnd - source) return CORRUPT;
      source += length;
    } else {
      if (magic != MAGIC) return CORRUPT;
      const written = readFrame<Action>(source + 4, sourceEnd, destination + total, <usize>capacity - total);
      if (written < 0) return written;
      total += written;
      source = frameEnd;
    }
  } while (source < sourceEnd);
  return <i32>total;
}

/** Reads a frame from after its magic, and sets `frameEnd`. Returns bytes written, or a status. */
function readFrame<Action>(source: usize, sourceEnd: usize, destination: usize, capacity: usize): i32 {
  const verifies = changetype<Action>(0).verifies;
  const status = readHeader(source, sourceEnd);
  if (status < 0) return status;
  const written = readBlocks<Action>(blocksStart, sourceEnd, destination, capacity);
  if (written < 0) return written;
  if (verifies && (flags & CONTENT_SIZE) != 0 && contentSize != <u64>written) return CORRUPT;
  if ((flags & CONTENT_CHECKSUM) != 0) {
    if (sourceEnd - frameEnd < CHECKSUM_BYTES) return CORRUPT;
    if (verifies && load<u32>(frameEnd) != xxhash32(destination, <u32>written, 0)) return CHECKSUM_MISMATCH;
    frameEnd += CHECKSUM_BYTES;
  }
  return written;
}

/** Reads the header from FLG to HC. Returns 0 or a status. */
function readHeader(source: usize, sourceEnd: usize): i32 {
  if (sourceEnd - source < 3) return CORRUPT;
  flags = load<u8>(source);
  const blockDescriptor = <u32>load<u8>(source, 1);
  const hasContentSize = (flags & CONTENT_SIZE) != 0;
  const hasDictionaryId = (flags & DICTIONARY_ID) != 0;
  const length: usize = 2 + (hasContentSize ? 8 : 0) + (hasDictionaryId ? 4 : 0);
  if (sourceEnd - source <= length) return CORRUPT;
  if ((flags & VERSION_MASK) != VERSION || (flags & RESERVED) != 0 || (blockDescriptor & 0x8f) != 0) return CORRUPT;
  const sizeCode = blockDescriptor >> 4;
  if (sizeCode < 4) return CORRUPT;
  if (<u32>load<u8>(source + length) != ((xxhash32(source, <u32>length, 0) >> 8) & 0xff)) return CHECKSUM_MISMATCH;
  if (hasDictionaryId) return UNSUPPORTED;
  blockBytes = (<usize>1) << (8 + 2 * sizeCode);
  contentSize = hasContentSize ? load<u64>(source, 2) : 0;
  blocksStart = source + length + 1;
  return 0;
}

/** Reads blocks up to and with the EndMark, and sets `frameEnd` to after it. Returns bytes written, or a status. */
function readBlocks<Action>(source: usize, sourceEnd: usize, destination: usize, capacity: usize): i32 {
  const action = changetype<Action>(0);
  const independent = (flags & INDEPENDENT_BLOCKS) != 0;
  const checksumBytes: usize = (flags & BLOCK_CHECKSUMS) != 0 ? CHECKSUM_BYTES : 0;
  let total: usize = 0;
  while (true) {
    if (sourceEnd - source < BLOCK_HEADER_BYTES) return CORRUPT;
    const header = load<u32>(source);
    source += BLOCK_HEADER_BYTES;
    if (header == 0) break;
    const length = <usize>(header & ~STORED);
    const available = sourceEnd - source;
    if (length > blockBytes || length > available || checksumBytes > available - length) return CORRUPT;
    if (action.verifies && checksumBytes > 0 && load<u32>(source + length) != xxhash32(source, <u32>length, 0)) return CHECKSUM_MISMATCH;
    const output = destination + total;
    const windowStart = independent ? output : destination;
    const written = action.takeBlock(source, length, (header & STORED) != 0, output, capacity - total, windowStart);
    if (written < 0) return written;
    total += written;
    source += length + checksumBytes;
  }
  frameEnd = source;
  return <i32>total;
}
