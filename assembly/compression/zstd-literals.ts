// The literals section of a compressed block (RFC 8878, 3.1.1.3.1): the bytes that sequences copy from.
//
//   type            2 bits: raw, RLE, compressed (a Huffman tree and streams), treeless (streams that use the last tree)
//   size format     1 or 2 bits
//   raw, RLE        size of 5, 12 or 20 bits;                            header of 1, 2 or 3 bytes
//   compressed      size and compressed size of 10, 10, 14 or 18 bits;   header of 3, 3, 4 or 5 bytes; format 0 is one stream
//
// Invariant: after success `literalsSize` bytes at `literals` can be read, and 2 * OVERSHOOT more, whose values mean nothing.

import { CORRUPT } from "../status";
import { LITERALS_COMPRESSED, LITERALS_RAW, LITERALS_RLE, MAX_BLOCK_BYTES } from "./zstd-constants";
import { decodeFourStreams, decodeOneStream } from "./zstd-huffman";
import { readHuffmanTable } from "./zstd-huffman-table";
import { literalsBuffer, OVERSHOOT } from "./zstd-workspace";

/** First byte and count of the current block's literals: in the workspace, or in the source where raw ones can stay. */
export let literals: usize = 0;
export let literalsSize: u32 = 0;

/** Whether an earlier block of this frame left a Huffman table. */
let hasTable: bool = false;

/** Forgets what an earlier frame left. */
export function resetLiterals(): void {
  hasTable = false;
}

/**
 * Decodes the literals section at `source`; the block ends at `end`, the whole input at `sourceEnd`.
 * @returns bytes of the section, or CORRUPT
 */
export function readLiterals(source: usize, end: usize, sourceEnd: usize): i32 {
  if (source >= end) return CORRUPT;
  const type: u32 = load<u8>(source) & 3;
  return type == LITERALS_RAW || type == LITERALS_RLE ? readPlain(source, end, sourceEnd, type) : readCoded(source, end, type);
}

function readPlain(source: usize, end: usize, sourceEnd: usize, type: u32): i32 {
  const format: u32 = (load<u8>(source) >> 2) & 3;
  const headerBytes: u32 = format == 1 ? 2 : format == 3 ? 3 : 1;
  if (end - source < headerBytes) return CORRUPT;
  let size: u32 = load<u8>(source);
  if (headerBytes == 1) size >>= 3;
  else if (headerBytes == 2) size = <u32>load<u16>(source) >> 4;
  else size = (<u32>load<u16>(source) | (<u32>load<u8>(source, 2) << 16)) >> 4;
  const content = source + headerBytes;
  const contentBytes = type == LITERALS_RAW ? size : 1;
  if (size > MAX_BLOCK_BYTES || end - content < contentBytes) return CORRUPT;

  literalsSize = size;
  if (type == LITERALS_RAW && sourceEnd - content >= size + 2 * OVERSHOOT) {
    literals = content;
  } else {
    literals = literalsBuffer();
    if (type == LITERALS_RAW) memory.copy(literals, content, size);
    else memory.fill(literals, load<u8>(content), size);
  }
  return <i32>(headerBytes + contentBytes);
}

function readCoded(source: usize, end: usize, type: u32): i32 {
  const format: u32 = (load<u8>(source) >> 2) & 3;
  const headerBytes: u32 = format < 2 ? 3 : format + 2;
  if (end - source < headerBytes) return CORRUPT;
  let header: u64 = <u64>load<u16>(source) | (<u64>load<u8>(source, 2) << 16);
  if (headerBytes > 3) header |= <u64>load<u8>(source, 3) << 24;
  if (headerBytes > 4) header |= <u64>load<u8>(source, 4) << 32;
  const width: u32 = format < 2 ? 10 : format * 4 + 6;
  const mask: u32 = (1 << width) - 1;
  const size = <u32>(header >> 4) & mask;
  const compressedBytes = <u32>(header >> (4 + width)) & mask;
  let content = source + headerBytes;
  if (size > MAX_BLOCK_BYTES || end - content < compressedBytes) return CORRUPT;

  const contentEnd = content + compressedBytes;
  if (type == LITERALS_COMPRESSED) {
    const treeBytes = readHuffmanTable(content, contentEnd);
    if (treeBytes < 0) return treeBytes;
    hasTable = true;
    content += treeBytes;
  } else if (!hasTable) return CORRUPT;

  literals = literalsBuffer();
  literalsSize = size;
  const status =
    format == 0
      ? decodeOneStream(content, <u32>(contentEnd - content), literals, size)
      : decodeFourStreams(content, <u32>(contentEnd - content), literals, size);
  return status < 0 ? status : <i32>(headerBytes + compressedBytes);
}
