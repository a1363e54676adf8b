// How the two directions of gzip share the workspace (memory.ts). They never run at once, so their areas overlap; only the fold buffer of
// CRC-32 is common to both. Offsets and sizes are in bytes; every area is 64-byte aligned.

import { workspace, WORKSPACE_BYTES } from "../memory";

/** Bits of the hash of four bytes. */
export const HASH_BITS: u32 = 15;
/** Most bytes of a block, which keeps frequencies in the 23 bits that deflate-codes.ts has for them; and most matches. */
export const MAXIMUM_BLOCK_BYTES: u32 = 300_000;
export const MAXIMUM_SEQUENCES: u32 = 40_000;

/** CRC-32's fold buffer, no less than FOLD_BYTES in crc32.ts. */
export const FOLD_BUFFER_BYTES: usize = 20480;

// Decompression.
const LITLEN_TABLE: usize = FOLD_BUFFER_BYTES;
/** 2^10 entries, and at most 288 / 2 subtables (each holds two codes or more) of 2^5: (1024 + 4608) * 4. */
const LITLEN_TABLE_BYTES: usize = 22528;
const DISTANCE_TABLE: usize = LITLEN_TABLE + LITLEN_TABLE_BYTES;
/** 2^8 entries, and at most 32 / 2 subtables of 2^7: (256 + 2048) * 4. */
const DISTANCE_TABLE_BYTES: usize = 9216;
const PRECODE_TABLE: usize = DISTANCE_TABLE + DISTANCE_TABLE_BYTES;
/** 2^7 entries, no subtables. */
const PRECODE_TABLE_BYTES: usize = 512;
const CODE_LENGTHS: usize = PRECODE_TABLE + PRECODE_TABLE_BYTES;
/** One byte for each symbol of both alphabets, 288 + 32. */
const CODE_LENGTHS_BYTES: usize = 320;
const SORTED_SYMBOLS: usize = CODE_LENGTHS + CODE_LENGTHS_BYTES;
/** A u16 for each of 288 symbols. */
const SORTED_SYMBOLS_BYTES: usize = 576;
const DECOMPRESSION_END: usize = SORTED_SYMBOLS + SORTED_SYMBOLS_BYTES;

if (DECOMPRESSION_END > WORKSPACE_BYTES) ERROR("gzip's layout is larger than the workspace");

// Compression.
/** A u32 address for each hash of four bytes. */
const HEADS: usize = FOLD_BUFFER_BYTES;
const HEADS_BYTES: usize = 4 << HASH_BITS;
/** A u16 for each byte of the window. */
const CHAIN: usize = HEADS + HEADS_BYTES;
const CHAIN_BYTES: usize = 65536;
/** The matches of a block, 8 bytes each. */
const SEQUENCES: usize = CHAIN + CHAIN_BYTES;
const SEQUENCES_BYTES: usize = MAXIMUM_SEQUENCES * 8;
/** A u32 for each symbol of both alphabets, 288 + 32; and the same at the last look at whether to split the block. */
const FREQUENCIES: usize = SEQUENCES + SEQUENCES_BYTES;
const FREQUENCIES_BYTES: usize = 1280;
const EARLIER_FREQUENCIES: usize = FREQUENCIES + FREQUENCIES_BYTES;
/** Two lists of 512 u32. */
const SORT_BUFFER: usize = EARLIER_FREQUENCIES + FREQUENCIES_BYTES;
const SORT_BUFFER_BYTES: usize = 4096;
/** Code lengths, a byte for each symbol of both alphabets; and the same, trimmed and joined, for the header. */
const BLOCK_LENGTHS: usize = SORT_BUFFER + SORT_BUFFER_BYTES;
const BLOCK_LENGTHS_BYTES: usize = 640;
/** Items of a dynamic block's header, a u16 each. */
const HEADER_ITEMS: usize = BLOCK_LENGTHS + BLOCK_LENGTHS_BYTES;
const HEADER_ITEMS_BYTES: usize = 640;
/** Codes of the literals and lengths, the distances and the code lengths, and of all 256 match lengths: u32 each, 288 + 32 + 32 + 256. */
const BLOCK_CODES: usize = HEADER_ITEMS + HEADER_ITEMS_BYTES;
const BLOCK_CODES_BYTES: usize = 2432;
const COMPRESSION_END: usize = BLOCK_CODES + BLOCK_CODES_BYTES;

if (COMPRESSION_END > WORKSPACE_BYTES) ERROR("gzip's layout is larger than the workspace");

// @ts-ignore: decorator
@inline
export function foldBuffer(): usize {
  return workspace();
}

// @ts-ignore: decorator
@inline
export function litlenTable(): usize {
  return workspace() + LITLEN_TABLE;
}

// @ts-ignore: decorator
@inline
export function distanceTable(): usize {
  return workspace() + DISTANCE_TABLE;
}

// @ts-ignore: decorator
@inline
export function precodeTable(): usize {
  return workspace() + PRECODE_TABLE;
}

// @ts-ignore: decorator
@inline
export function codeLengths(): usize {
  return workspace() + CODE_LENGTHS;
}

// @ts-ignore: decorator
@inline
export function sortedSymbols(): usize {
  return workspace() + SORTED_SYMBOLS;
}

// @ts-ignore: decorator
@inline
export function heads(): usize {
  return workspace() + HEADS;
}

// @ts-ignore: decorator
@inline
export function chain(): usize {
  return workspace() + CHAIN;
}

// @ts-ignore: decorator
@inline
export function sequences(): usize {
  return workspace() + SEQUENCES;
}

// @ts-ignore: decorator
@inline
export function litlenFrequencies(): usize {
  return workspace() + FREQUENCIES;
}

// @ts-ignore: decorator
@inline
export function distanceFrequencies(): usize {
  return workspace() + FREQUENCIES + 288 * 4;
}

// @ts-ignore: decorator
@inline
export function earlierFrequencies(): usize {
  return workspace() + EARLIER_FREQUENCIES;
}

// @ts-ignore: decorator
@inline
export function sortBuffer(): usize {
  return workspace() + SORT_BUFFER;
}

// @ts-ignore: decorator
@inline
export function litlenLengths(): usize {
  return workspace() + BLOCK_LENGTHS;
}

// @ts-ignore: decorator
@inline
export function distanceLengths(): usize {
  return workspace() + BLOCK_LENGTHS + 288;
}

// @ts-ignore: decorator
@inline
export function joinedLengths(): usize {
  return workspace() + BLOCK_LENGTHS + 320;
}

// @ts-ignore: decorator
@inline
export function headerItems(): usize {
  return workspace() + HEADER_ITEMS;
}

// @ts-ignore: decorator
@inline
export function litlenCodes(): usize {
  return workspace() + BLOCK_CODES;
}

// @ts-ignore: decorator
@inline
export function distanceCodes(): usize {
  return workspace() + BLOCK_CODES + 288 * 4;
}

// @ts-ignore: decorator
@inline
export function precodeCodes(): usize {
  return workspace() + BLOCK_CODES + 320 * 4;
}

// @ts-ignore: decorator
@inline
export function matchCodes(): usize {
  return workspace() + BLOCK_CODES + 352 * 4;
}
