// Where the zstd decoder keeps its tables and buffers in the workspace (memory.ts): byte offsets from `workspace()`.
//
//   literal length table   u64[512]   } FSE tables of the current block, entries as in zstd-fse.ts
//   match length table     u64[512]   } kept from block to block of a frame for the repeat mode
//   offset table           u64[256]   }
//   Huffman table          u32[2048]  kept for treeless literals; entries as in zstd-huffman.ts
//   weights                u8[256]    Huffman weights of the table being built
//   weights table          u64[64]    the FSE table that codes those weights
//   distribution           i16[256]   the distribution of the FSE table being built
//   cells                  u16[256]   per symbol: the number of its next cell, while a table is built
//   spread                 u8[512]    per cell: its symbol, while a table is built
//   sequences              12 bytes x SEQUENCES_PER_CHUNK: literal length, match length, offset, each u32
//   literals               MAX_BLOCK_BYTES + slack for wide reads and writes past the end

import { WORKSPACE_BYTES, workspace } from "../memory";
import { MAX_BLOCK_BYTES } from "./zstd-constants";

/** How far past their end wide copies may read and write. */
export const OVERSHOOT: u32 = 32;

/** Sequences are decoded and checked this many at a time, then executed: 12 KiB, so that they stay in the nearest cache. */
export const SEQUENCES_PER_CHUNK: u32 = 1024;
export const SEQUENCE_BYTES: u32 = 12;

const MATCH_LENGTH_AT: usize = 512 * 8;
const OFFSET_AT: usize = MATCH_LENGTH_AT + 512 * 8;
const HUFFMAN_AT: usize = OFFSET_AT + 256 * 8;
const WEIGHTS_AT: usize = HUFFMAN_AT + 2048 * 4;
const WEIGHTS_TABLE_AT: usize = WEIGHTS_AT + 256;
const DISTRIBUTION_AT: usize = WEIGHTS_TABLE_AT + 64 * 8;
const CELLS_AT: usize = DISTRIBUTION_AT + 256 * 2;
const SPREAD_AT: usize = CELLS_AT + 256 * 2;
const SEQUENCES_AT: usize = SPREAD_AT + 512;
const LITERALS_AT: usize = SEQUENCES_AT + SEQUENCES_PER_CHUNK * SEQUENCE_BYTES;
const USED_BYTES: usize = LITERALS_AT + MAX_BLOCK_BYTES + 2 * OVERSHOOT;

// The build fails here if the layout outgrows the workspace.
if (USED_BYTES > WORKSPACE_BYTES) ERROR("the zstd decoder needs a larger workspace");

// @ts-ignore: decorator
@inline
export function literalLengthTable(): usize {
  return workspace();
}

// @ts-ignore: decorator
@inline
export function matchLengthTable(): usize {
  return workspace() + MATCH_LENGTH_AT;
}

// @ts-ignore: decorator
@inline
export function offsetTable(): usize {
  return workspace() + OFFSET_AT;
}

// @ts-ignore: decorator
@inline
export function huffmanTable(): usize {
  return workspace() + HUFFMAN_AT;
}

// @ts-ignore: decorator
@inline
export function weights(): usize {
  return workspace() + WEIGHTS_AT;
}

// @ts-ignore: decorator
@inline
export function weightsTable(): usize {
  return workspace() + WEIGHTS_TABLE_AT;
}

// @ts-ignore: decorator
@inline
export function distribution(): usize {
  return workspace() + DISTRIBUTION_AT;
}

// @ts-ignore: decorator
@inline
export function cells(): usize {
  return workspace() + CELLS_AT;
}

// @ts-ignore: decorator
@inline
export function spread(): usize {
  return workspace() + SPREAD_AT;
}

// @ts-ignore: decorator
@inline
export function sequences(): usize {
  return workspace() + SEQUENCES_AT;
}

// @ts-ignore: decorator
@inline
export function literalsBuffer(): usize {
  return workspace() + LITERALS_AT;
}
