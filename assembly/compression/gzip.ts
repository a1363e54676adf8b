// gzip (RFC 1952): one or more members, each a compressed stream between a header and a trailer. All integers are little-endian.
//
//   header   magic 1f 8b | CM u8 = 8 | FLG u8 | MTIME u32 | XFL u8 | OS u8
//            FEXTRA  bit 2: length u16 | bytes        FNAME bit 3, FCOMMENT bit 4: bytes up to and with a zero
//            FHCRC   bit 1: low 16 bits of the CRC-32 of the header so far
//   body     DEFLATE (inflate.ts, deflate.ts)
//   trailer  CRC-32 u32 of the data | ISIZE u32, its length modulo 2^32
//
// Nothing but another member may follow a member: zero padding and other bytes are refused, as Kafka's clients never write them.

import { CHECKSUM_MISMATCH, CORRUPT, OUTPUT_LIMIT, UNSUPPORTED } from "../status";
import { crc32, FOLD_BYTES } from "./crc32";
import { deflate, deflateBound } from "./deflate";
import { SLACK_BYTES, startWriter, writer } from "./deflate-writer";
import { FOLD_BUFFER_BYTES, foldBuffer } from "./gzip-workspace";
import { inflate } from "./inflate";
import { reader, startReader } from "./inflate-reader";
import { output } from "./inflate-symbols";

const MAGIC: u32 = 0x8b1f;
const METHOD_DEFLATE: u32 = 8;

const FLAG_HEADER_CRC: u32 = 1 << 1;
const FLAG_EXTRA: u32 = 1 << 2;
const FLAG_NAME: u32 = 1 << 3;
const FLAG_COMMENT: u32 = 1 << 4;
const FLAGS_RESERVED: u32 = 0xe0;

const UNKNOWN_SYSTEM: u32 = 255;

const HEADER_BYTES: u32 = 10;
const TRAILER_BYTES: u32 = 8;

if (FOLD_BYTES > FOLD_BUFFER_BYTES) ERROR("CRC-32's fold does not fit in its buffer");
if (TRAILER_BYTES < SLACK_BYTES) ERROR("the writer's slack does not fit in the trailer, which is written after it");

/** Moves the reader behind a zero-terminated string. */
function skipString(): i32 {
  const end = reader.end;
  let position = reader.position;
  while (position < end && load<u8>(position) != 0) position++;
  if (position == end) return CORRUPT;
  reader.position = position + 1;
  return 0;
}

/** Moves the reader behind the extra field. */
function skipExtra(): i32 {
  if (reader.end - reader.position < 2) return CORRUPT;
  const length = <usize>load<u16>(reader.position);
  if (length > reader.end - reader.position - 2) return CORRUPT;
  reader.position += 2 + length;
  return 0;
}

/** Checks the header's own CRC, which covers the bytes from `start`. */
function checkHeaderCrc(start: usize): i32 {
  const position = reader.position;
  if (reader.end - position < 2) return CORRUPT;
  reader.position = position + 2;
  const actual = crc32(start, position - start, foldBuffer()) & 0xffff;
  return actual == load<u16>(position) ? 0 : CHECKSUM_MISMATCH;
}

/** Moves the reader behind the header of a member. */
function readHeader(): i32 {
  const start = reader.position;
  if (reader.end - start < HEADER_BYTES || load<u16>(start) != MAGIC) return CORRUPT;
  const flags = <u32>load<u8>(start, 3);
  if (load<u8>(start, 2) != METHOD_DEFLATE || flags & FLAGS_RESERVED) return UNSUPPORTED;
  reader.position = start + HEADER_BYTES;
  let status: i32 = 0;
  if (flags & FLAG_EXTRA) status = skipExtra();
  if (status == 0 && flags & FLAG_NAME) status = skipString();
  if (status == 0 && flags & FLAG_COMMENT) status = skipString();
  if (status == 0 && flags & FLAG_HEADER_CRC) status = checkHeaderCrc(start);
  return status;
}

/** Checks the trailer against the member's output, which starts at `start`, and moves the reader behind it. */
function checkTrailer(start: usize): i32 {
  const position = reader.position;
  if (reader.end - position < TRAILER_BYTES) return CORRUPT;
  const length = output.position - start;
  if (load<u32>(position, 4) != <u32>length || load<u32>(position) != crc32(start, length, foldBuffer())) return CHECKSUM_MISMATCH;
  reader.position = position + TRAILER_BYTES;
  return 0;
}

function readMember(): i32 {
  const start = output.position;
  let status = readHeader();
  if (status < 0) return status;
  status = inflate();
  return status < 0 ? status : checkTrailer(start);
}

/**
 * Decompresses all members of the gzip data at `source` into `destination`, one after the other.
 * @returns bytes written; CORRUPT (also: no member, or bytes behind the last one), UNSUPPORTED (a method that is not DEFLATE, reserved
 * flags), CHECKSUM_MISMATCH (CRC-32, ISIZE or the header's CRC) or OUTPUT_LIMIT (more than `capacity` bytes)
 */
export function gzipDecompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  startReader(source, source + sourceLength);
  output.position = destination;
  output.end = destination + capacity;
  do {
    const status = readMember();
    if (status < 0) return status;
  } while (reader.position < reader.end);
  return <i32>(output.position - destination);
}

/** Most bytes that gzipCompress makes of `length` bytes. */
export function gzipCompressBound(length: u32): u32 {
  return deflateBound(length) + HEADER_BYTES + TRAILER_BYTES;
}

/**
 * Compresses the bytes at `source` into one gzip member at `destination`, about as small as zlib's default level does. The header has no time
 * and no name, so equal input gives equal output.
 * @returns bytes written, or OUTPUT_LIMIT (more than `capacity` bytes)
 */
export function gzipCompress(source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  if (capacity < HEADER_BYTES + TRAILER_BYTES) return OUTPUT_LIMIT;
  store<u64>(destination, MAGIC | (METHOD_DEFLATE << 16));
  store<u16>(destination, UNKNOWN_SYSTEM << 8, 8);
  startWriter(destination + HEADER_BYTES, destination + capacity - TRAILER_BYTES);
  const status = deflate(source, sourceLength);
  if (status < 0) return status;
  store<u32>(writer.position, crc32(source, sourceLength, foldBuffer()));
  store<u32>(writer.position, sourceLength, 4);
  return <i32>(writer.position + TRAILER_BYTES - destination);
}
