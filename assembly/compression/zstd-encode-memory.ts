// Where the zstd encoder keeps what it works on.
//
// Workspace, from low to high (bytes):
//
//   hash table 64 Ki | literals 128 Ki + slack | sequences 8 each | codes 4 each | staging 128 Ki + slack | counts, coders
//
// Two records of EncoderState live in static memory. KEPT is what a decoder knows after the blocks written so far; NEXT is what it
// will know if the block at hand is written compressed. A block that ends up raw or run-length coded leaves KEPT as it was, and its
// NEXT is thrown away: the decoder never sees those tables and offsets. Every table exists twice, so that building a new one leaves
// the one that KEPT points to intact.

import { WORKSPACE_BYTES, workspace } from "../memory";
import { INITIAL_REPEAT_1, INITIAL_REPEAT_2, MAX_BLOCK_BYTES } from "./zstd-constants";

/** Bytes that writing a block may spoil past the room that it is given: wide stores, and the tables of the sequences section. */
export const SLACK_BYTES: u32 = 512;

/** Sequences that a block can hold at most: the match finder makes no match shorter than 4 bytes. */
const MAX_SEQUENCES: usize = (MAX_BLOCK_BYTES >> 2) + 1;

/** log2 of the greatest number of slots in the match finder's hash table. */
export const MAX_HASH_LOG: u32 = 14;

const HASH_TABLE_AT: usize = 0;
const LITERALS_AT: usize = HASH_TABLE_AT + (4 << MAX_HASH_LOG);
const SEQUENCES_AT: usize = LITERALS_AT + MAX_BLOCK_BYTES + SLACK_BYTES;
const CODES_AT: usize = SEQUENCES_AT + ((MAX_SEQUENCES * 8 + 63) & ~63);
const STAGING_AT: usize = CODES_AT + ((MAX_SEQUENCES * 4 + 63) & ~63);
const COUNTS_AT: usize = STAGING_AT + MAX_BLOCK_BYTES + SLACK_BYTES;
const LANES_AT: usize = COUNTS_AT + 1024;
const SORTING_AT: usize = LANES_AT + 4096;
const CODERS_AT: usize = SORTING_AT + 4096;

/** u32 slots: positions in the source, by hash of the bytes there. */
// @ts-ignore: decorator
@inline
export function hashTable(): usize {
  return workspace() + HASH_TABLE_AT;
}

/** The block's literals, one after the other. */
// @ts-ignore: decorator
@inline
export function literals(): usize {
  return workspace() + LITERALS_AT;
}

/** The block's sequences, a u64 each (zstd-match.ts). */
// @ts-ignore: decorator
@inline
export function sequences(): usize {
  return workspace() + SEQUENCES_AT;
}

/** The codes of each sequence, a u32 each (zstd-encode-sequences.ts). */
// @ts-ignore: decorator
@inline
export function sequenceCodes(): usize {
  return workspace() + CODES_AT;
}

/** Room for one compressed block, for when the destination has too little for wide stores. */
// @ts-ignore: decorator
@inline
export function staging(): usize {
  return workspace() + STAGING_AT;
}

/** u32[256]: how often each literal, or each code of the three kinds (64 each), occurs in the block. */
// @ts-ignore: decorator
@inline
export function counters(): usize {
  return workspace() + COUNTS_AT;
}

/** u32[256][4]: how often each literal occurs in each of the four streams. */
// @ts-ignore: decorator
@inline
export function laneCounters(): usize {
  return workspace() + LANES_AT;
}

/** 4 KiB for building a Huffman code. */
// @ts-ignore: decorator
@inline
export function sorting(): usize {
  return workspace() + SORTING_AT;
}

/** Bytes of an FSE coder (zstd-encode-fse.ts). */
export const FSE_CODER_BYTES: usize = 1728;
/** Bytes of a Huffman code (zstd-encode-huffman.ts). */
export const HUFFMAN_CODE_BYTES: usize = 2368;

const HUFFMAN_AT: usize = CODERS_AT + FSE_CODER_BYTES * 7;
const END_AT: usize = HUFFMAN_AT + HUFFMAN_CODE_BYTES * 2;

// @ts-ignore: a compile-time check
if (END_AT > WORKSPACE_BYTES) ERROR("the zstd encoder needs a larger workspace");

/** The FSE coder that Huffman weights are coded with. */
// @ts-ignore: decorator
@inline
export function weightCoder(): usize {
  return workspace() + CODERS_AT + FSE_CODER_BYTES * 6;
}

// EncoderState: u32 fields.
/** The first two repeat offsets. The match finder never names the third. */
export const STATE_REPEAT_1: usize = 0;
export const STATE_REPEAT_2: usize = 4;
/** FSE coders of the last described tables of each kind, in the order of the kinds (zstd-encode-tables.ts); 0 when there is none to repeat. */
export const STATE_FSE_CODERS: usize = 8;
/** Huffman code of the last described tree; 0 when there is none. */
export const STATE_HUFFMAN: usize = 20;
const STATE_BYTES: i32 = 24;

const KEPT: usize = memory.data(STATE_BYTES, 8);
/** The EncoderState that the block at hand reads and changes. */
export const NEXT: usize = memory.data(STATE_BYTES, 8);

/** Puts the state to what a decoder has at the start of a frame. */
export function resetState(): void {
  memory.fill(KEPT, 0, STATE_BYTES);
  store<u32>(KEPT, INITIAL_REPEAT_1, STATE_REPEAT_1);
  store<u32>(KEPT, INITIAL_REPEAT_2, STATE_REPEAT_2);
}

/** Starts a block: NEXT becomes KEPT. */
export function beginBlock(): void {
  memory.copy(NEXT, KEPT, STATE_BYTES);
}

/** The block is written compressed: NEXT is what the decoder knows now. */
export function keepBlock(): void {
  memory.copy(KEPT, NEXT, STATE_BYTES);
}

/** Room for a new FSE coder of `kind` (zstd-encode-tables.ts) that KEPT does not use. */
export function spareCoder(kind: u32): usize {
  const first = workspace() + CODERS_AT + FSE_CODER_BYTES * 2 * kind;
  return load<u32>(KEPT + (kind << 2), STATE_FSE_CODERS) == <u32>first ? first + FSE_CODER_BYTES : first;
}

/** Room for a new Huffman code that KEPT does not use. */
export function spareHuffman(): usize {
  const first = workspace() + HUFFMAN_AT;
  return load<u32>(KEPT, STATE_HUFFMAN) == <u32>first ? first + HUFFMAN_CODE_BYTES : first;
}
