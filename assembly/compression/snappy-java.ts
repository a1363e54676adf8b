// The framing that snappy-java's SnappyOutputStream puts around raw blocks (https://github.com/xerial/snappy-java), and Kafka's Java
// clients with it:
//
//   magic, 8 bytes: 82 53 4E 41 50 50 59 00 (0x82 "SNAPPY" 0)
//   version u32 = 1, big-endian | lowest version that can read it u32 = 1, big-endian
//   blocks: length u32, big-endian | a raw block (snappy.ts) of at most 32 KiB uncompressed
//
// Streams may follow each other: a whole header may stand where a block could. (The length that the magic would be is negative in
// Java's terms, so no block can look like it.) Other clients (librdkafka) send a raw block without this framing, so a reader of
// Kafka's batches must tell them apart. The rule: an input that starts with the 8 bytes of the magic is framed, any other is raw.
// It is never wrong: read as a raw block, the magic declares 10,626 bytes and then starts with a copy, from before the first byte.

import { CORRUPT, MEMORY_LIMIT, OUTPUT_LIMIT, UNSUPPORTED } from "../status";
import { snappyCompress, snappyCompressBound, snappyDecompress, snappyUncompressedLength } from "./snappy";

/** The magic as a little-endian u64. */
const MAGIC: u64 = 0x00595050_414e5382;
const MAGIC_BYTES: usize = 8;
const HEADER_BYTES: usize = 16;
const VERSION: u32 = 1;
const LENGTH_BYTES: usize = 4;
/** Uncompressed bytes in a block: SnappyOutputStream's default, and Kafka's. */
const BLOCK_BYTES: usize = 32 << 10;

/** The most bytes that `snappyJavaCompress` writes for `length` bytes, or MEMORY_LIMIT when that is more than an i32 holds. */
export function snappyJavaCompressBound(length: u32): i32 {
  const blocks = (<u64>length + BLOCK_BYTES - 1) / BLOCK_BYTES;
  const bound = HEADER_BYTES + blocks * (LENGTH_BYTES + <u64>snappyCompressBound(<u32>BLOCK_BYTES));
  return bound > <u64>i32.MAX_VALUE ? MEMORY_LIMIT : <i32>bound;
}

/** Compresses into snappy-java's framing, 32 KiB a block. Returns bytes written, or OUTPUT_LIMIT. */
export function snappyJavaCompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  if (capacity < <u32>HEADER_BYTES) return OUTPUT_LIMIT;
  store<u64>(destination, MAGIC);
  store<u32>(destination, bswap(VERSION), 8);
  store<u32>(destination, bswap(VERSION), 12);
  const sourceEnd = source + sourceLength;
  const outputEnd = destination + capacity;
  let output = destination + HEADER_BYTES;
  while (source < sourceEnd) {
    if (outputEnd - output < LENGTH_BYTES) return OUTPUT_LIMIT;
    const block = output + LENGTH_BYTES;
    const length = min(sourceEnd - source, BLOCK_BYTES);
    const written = snappyCompress(source, <u32>length, block, <u32>(outputEnd - block));
    if (written < 0) return written;
    store<u32>(output, bswap(<u32>written));
    output = block + written;
    source += length;
  }
  return <i32>(output - destination);
}

/**
 * Decompresses snappy-java's framing.
 * @returns bytes written; CORRUPT; UNSUPPORTED (version 0); or OUTPUT_LIMIT
 */
export function snappyJavaDecompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  return walkBlocks<Decompress>(source, sourceLength, destination, capacity);
}

/** What `snappyKafkaDecompress` needs as capacity for this input: the declared length, or the sum of them. Statuses as there. */
export function snappyKafkaUncompressedLength(source: usize, sourceLength: u32): i32 {
  if (!isFramed(source, sourceLength)) return snappyUncompressedLength(source, sourceLength);
  return walkBlocks<Measure>(source, sourceLength, 0, i32.MAX_VALUE);
}

/** Decompresses what a Kafka batch may hold: snappy-java's framing or a raw block, told apart by the rule above. */
export function snappyKafkaDecompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  return isFramed(source, sourceLength)
    ? snappyJavaDecompress(source, sourceLength, destination, capacity)
    : snappyDecompress(source, sourceLength, destination, capacity);
}

function isFramed(source: usize, sourceLength: u32): bool {
  return sourceLength >= <u32>MAGIC_BYTES && load<u64>(source) == MAGIC;
}

/** What `walkBlocks` does with a block: both answer its uncompressed length, or a status. */
@unmanaged
class Decompress {
  // @ts-ignore: decorator
  @inline
  take(source: usize, length: u32, output: usize, room: u32): i32 {
    return snappyDecompress(source, length, output, room);
  }
}

@unmanaged
class Measure {
  // @ts-ignore: decorator
  @inline
  take(source: usize, length: u32, _output: usize, room: u32): i32 {
    const uncompressed = snappyUncompressedLength(source, length);
    return uncompressed > <i32>room ? MEMORY_LIMIT : uncompressed;
  }
}

/** Goes through headers and blocks, and hands each block to `Action`. Returns the sum of what it answers, or the first status. */
function walkBlocks<Action>(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  const sourceEnd = source + sourceLength;
  if (!isFramed(source, sourceLength)) return CORRUPT;
  let total: u32 = 0;
  while (source < sourceEnd) {
    const available = sourceEnd - source;
    if (isFramed(source, <u32>available)) {
      if (available < HEADER_BYTES) return CORRUPT;
      if (<i32>bswap(load<u32>(source, MAGIC_BYTES)) < <i32>VERSION) return UNSUPPORTED;
      source += HEADER_BYTES;
      continue;
    }
    if (available < LENGTH_BYTES) return CORRUPT;
    const length = bswap(load<u32>(source));
    source += LENGTH_BYTES;
    if (length > <u32>(available - LENGTH_BYTES)) return CORRUPT;
    const written = changetype<Action>(0).take(source, length, destination + total, capacity - total);
    if (written < 0) return written;
    total += written;
    source += length;
  }
  return <i32>total;
}
