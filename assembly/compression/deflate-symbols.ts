// The alphabets of DEFLATE (RFC 1951 section 3.2.5), as both directions need them.
//
//   literal/length   0..255 literals | 256 end of block | 257..285 match lengths 3..258
//   distance         0..29 match distances 1..32768
//   code length      0..15 a length | 16 repeat the previous 3..6 times | 17, 18 repeat zero 3..10, 11..138 times
//
// A length or distance symbol stands for a base value, to which the extra bits that follow the code are added.

export const LITERAL_SYMBOLS: u32 = 256;
export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH_SYMBOL: u32 = 257;
/** Symbols that a dynamic code may have. */
export const LITLEN_SYMBOLS: u32 = 286;
export const DISTANCE_SYMBOLS: u32 = 30;
/** Symbols that the fixed code has; the last two of each never occur in valid data. */
export const FIXED_LITLEN_SYMBOLS: u32 = 288;
export const FIXED_DISTANCE_SYMBOLS: u32 = 32;
export const PRECODE_SYMBOLS: u32 = 19;

export const MAXIMUM_CODE_BITS: u32 = 15;
export const MAXIMUM_PRECODE_BITS: u32 = 7;

export const MINIMUM_MATCH: u32 = 3;
export const MAXIMUM_MATCH: u32 = 258;
export const WINDOW_BYTES: u32 = 32768;

export const STORED_BLOCK: u32 = 0;
export const FIXED_BLOCK: u32 = 1;
export const DYNAMIC_BLOCK: u32 = 2;
/** Most bytes of one stored block: its length field has 16 bits. */
export const MAXIMUM_STORED: u32 = 0xffff;

/** u16 each: base of the length symbols 257, 258, ... */
export const lengthBases = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
/** u8 each: extra bits of the length symbols. */
export const lengthExtraBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
/** u16 each: base of the distance symbols 0, 1, ... */
export const distanceBases = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
]);
/** u8 each: extra bits of the distance symbols. */
export const distanceExtraBits = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);

/** u8 each: the order in which a dynamic block's header gives the lengths of the code length code. */
export const precodeOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
/** u8 each, from symbol 16: extra bits and fewest repetitions of the repeat symbols. */
export const repeatExtraBits = memory.data<u8>([2, 3, 7]);
export const repeatBases = memory.data<u8>([3, 3, 11]);

/** Code lengths of the fixed literal/length code: 8 for 0..143, 9 for 144..255, 7 for 256..279, 8 for 280..287. */
export function fillFixedLitlenLengths(lengths: usize): void {
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
}

/** Code lengths of the fixed distance code: 5 bits for every symbol. */
export function fillFixedDistanceLengths(lengths: usize): void {
  memory.fill(lengths, 5, FIXED_DISTANCE_SYMBOLS);
}
