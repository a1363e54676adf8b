// Numbers that the zstd format fixes (RFC 8878), shared by the encoder and the decoder: magic numbers, block and mode codes, limits,
// the literal length and match length code tables (3.1.1.3.2.1.1) and the predefined FSE distributions (3.1.1.3.2.2).
//
// A literal length or match length travels as a code (FSE coded) and some extra bits: value = base[code] + extra.
// An offset travels as a code and exactly `code` extra bits: offset value = (1 << code) + extra. Offset values 1-3 name one of the
// three last offsets (which one also depends on whether the literal length is 0); a greater one means the offset `value - 3`.
//
// Base tables hold a u32 per code, bit-count tables a u8, distributions an i16 per symbol, where -1 stands for "less than 1": the
// symbol gets one cell at the table's end. Each distribution's sum, with -1 counted as 1, is `1 << accuracy`.

/** First four bytes of a frame, little endian. */
export const FRAME_MAGIC: u32 = 0xfd2fb528;
/** First of 16 magic numbers of skippable frames; mask with SKIPPABLE_MAGIC_MASK to compare. */
export const SKIPPABLE_MAGIC: u32 = 0x184d2a50;
export const SKIPPABLE_MAGIC_MASK: u32 = 0xfffffff0;

/** A block never decodes to more than this (nor to more than the window). */
export const MAX_BLOCK_BYTES: u32 = 128 << 10;
/** The window of a frame is at least this, unless the frame is one segment. */
export const MIN_WINDOW_BYTES: u32 = 1 << 10;

/** Block types: two bits of the block header. 3 is reserved. */
export const BLOCK_RAW: u32 = 0;
export const BLOCK_RLE: u32 = 1;
export const BLOCK_COMPRESSED: u32 = 2;

/** Literals section types: the low two bits of its header. */
export const LITERALS_RAW: u32 = 0;
export const LITERALS_RLE: u32 = 1;
export const LITERALS_COMPRESSED: u32 = 2;
export const LITERALS_TREELESS: u32 = 3;

/** Table modes of the sequences section: two bits each for literal length, offset and match length. */
export const MODE_PREDEFINED: u32 = 0;
export const MODE_RLE: u32 = 1;
export const MODE_FSE: u32 = 2;
export const MODE_REPEAT: u32 = 3;

/** Longest Huffman code of a literal, in bits. */
export const HUFFMAN_MAX_BITS: u32 = 11;
/** Greatest accuracy (log2 of the table size) of the FSE table that codes Huffman weights. */
export const WEIGHTS_MAX_ACCURACY: u32 = 6;
/** Smallest accuracy that an FSE table description can declare. */
export const FSE_MIN_ACCURACY: u32 = 5;

export const LITERAL_LENGTH_MAX_CODE: u32 = 35;
export const MATCH_LENGTH_MAX_CODE: u32 = 52;
/** The format leaves this limit to the decoder; 31 is what a 32-bit offset value can hold. */
export const OFFSET_MAX_CODE: u32 = 31;

export const LITERAL_LENGTH_MAX_ACCURACY: u32 = 9;
export const MATCH_LENGTH_MAX_ACCURACY: u32 = 9;
export const OFFSET_MAX_ACCURACY: u32 = 8;

/** Matches shorter than this cannot be expressed. */
export const MIN_MATCH: u32 = 3;
/** The three repeat offsets at the start of a frame. */
export const INITIAL_REPEAT_1: u32 = 1;
export const INITIAL_REPEAT_2: u32 = 4;
export const INITIAL_REPEAT_3: u32 = 8;

/** u32[36]: the smallest literal length of each code. */
export const LITERAL_LENGTH_BASE: usize = memory.data<u32>([
  0, 1, 2, 3, 4, 5, 6, 7,
  8, 9, 10, 11, 12, 13, 14, 15,
  16, 18, 20, 22, 24, 28, 32, 40,
  48, 64, 128, 256, 512, 1024, 2048, 4096,
  8192, 16384, 32768, 65536,
]);

/** u8[36]: extra bits of each literal length code. */
export const LITERAL_LENGTH_BITS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0,
  1, 1, 1, 1, 2, 2, 3, 3,
  4, 6, 7, 8, 9, 10, 11, 12,
  13, 14, 15, 16,
]);

/** u32[53]: the smallest match length of each code. */
export const MATCH_LENGTH_BASE: usize = memory.data<u32>([
  3, 4, 5, 6, 7, 8, 9, 10,
  11, 12, 13, 14, 15, 16, 17, 18,
  19, 20, 21, 22, 23, 24, 25, 26,
  27, 28, 29, 30, 31, 32, 33, 34,
  35, 37, 39, 41, 43, 47, 51, 59,
  67, 83, 99, 131, 259, 515, 1027, 2051,
  4099, 8195, 16387, 32771, 65539,
]);

/** u8[53]: extra bits of each match length code. */
export const MATCH_LENGTH_BITS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0,
  1, 1, 1, 1, 2, 2, 3, 3,
  4, 4, 5, 7, 8, 9, 10, 11,
  12, 13, 14, 15, 16,
]);

export const LITERAL_LENGTH_DEFAULT_ACCURACY: u32 = 6;
/** i16[36]: the predefined distribution of literal length codes. */
export const LITERAL_LENGTH_DEFAULT: usize = memory.data<i16>([
  4, 3, 2, 2, 2, 2, 2, 2,
  2, 2, 2, 2, 2, 1, 1, 1,
  2, 2, 2, 2, 2, 2, 2, 2,
  2, 3, 2, 1, 1, 1, 1, 1,
  -1, -1, -1, -1,
]);

export const MATCH_LENGTH_DEFAULT_ACCURACY: u32 = 6;
/** i16[53]: the predefined distribution of match length codes. */
export const MATCH_LENGTH_DEFAULT: usize = memory.data<i16>([
  1, 4, 3, 2, 2, 2, 2, 2,
  2, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, -1, -1,
  -1, -1, -1, -1, -1,
]);

export const OFFSET_DEFAULT_ACCURACY: u32 = 5;
/** Highest offset code of the predefined distribution: 28. Larger offsets need a described table. */
export const OFFSET_DEFAULT_MAX_CODE: u32 = 28;
/** i16[29]: the predefined distribution of offset codes. */
export const OFFSET_DEFAULT: usize = memory.data<i16>([
  1, 1, 1, 1, 1, 1, 2, 2,
  2, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1,
  -1, -1, -1, -1, -1,
]);
