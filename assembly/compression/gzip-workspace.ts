// How the two directions of gzip share the workspace (memory.ts). They never run at once, so their areas overlap; only the fold buffer of
// CRC-32 is common to both. Offsets and sizes are in bytes; every area is 64-byte aligned.

import { workspace, WORKSPACE_BYTES } from "../memory";

/** CRC-32's fold buffer, FOLD_BYTES in crc32.ts. */
const FOLD_BUFFER_BYTES: usize = 20480;

// Decompression.
const LITLEN_TABLE: usize = FOLD_BUFFER_BYTES;
/** 2^11 entries, and at most 288 / 2 subtables (each holds two codes or more) of 2^4: (2048 + 2304) * 4. */
const LITLEN_TABLE_BYTES: usize = 17408;
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
