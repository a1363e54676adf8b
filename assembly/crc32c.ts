// CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of a record batch. Polynomial 0x1EDC6F41, reflected, register inverted
// before and after.
//
// Long inputs are folded: 128 bytes of state, whose CRC equals that of everything read so far, are moved past the next 128 bytes and
// xored with them. State and input are eight vectors, taken as four rows of two; scripts/generate-crc32c-fold.ts shows why one set of
// nibble tables serves all columns. Short inputs and the last state go 16 bytes at a time through 16 tables of 256 words
// ("slicing"; Kounavis and Berry, 2005). bench/core/crc32c.bench.ts compares the two.

import { FOLD_TABLES } from "./crc32c-fold";

const REVERSED_POLYNOMIAL: u32 = 0x82f63b78;

/** TABLE[k][b]: the register left by byte b followed by k zero bytes. Filled once, when the module starts. */
const TABLE: usize = memory.data(16 * 1024, 64);

const BLOCK_BYTES: u32 = 128;

/** Where the state begins, and where it goes to be sliced. */
const STATE: usize = memory.data(128, 16);

/** Below this many bytes folding does not repay the slicing of the last state. */
const FOLD_FROM_BYTES: u32 = 192;

fillTable();

function fillTable(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (REVERSED_POLYNOMIAL & (0 - (crc & 1)));
    store<u32>(TABLE + (byte << 2), crc);
  }
  for (let entry: usize = TABLE; entry < TABLE + 15 * 1024; entry += 4) {
    const crc = load<u32>(entry);
    store<u32>(entry + 1024, (crc >> 8) ^ load<u32>(TABLE + ((crc & 0xff) << 2)));
  }
}

/**
 * CRC-32C of `length` bytes.
 * @param seed the CRC of the bytes before these; 0 to begin
 */
export function crc32c(source: usize, length: u32, seed: u32): u32 {
  const register = ~seed;
  return ~(length < FOLD_FROM_BYTES ? slice(source, length, register) : fold(source, length, register));
}

/** The register after the four bytes of `word` (the register already xored in) and `after` further zero bytes. */
// @ts-ignore: decorator
@inline
function sliceWord(word: u32, after: usize): u32 {
  return (
    load<u32>(TABLE + ((after + 3) << 10) + ((word & 0xff) << 2)) ^
    load<u32>(TABLE + ((after + 2) << 10) + (((word >> 8) & 0xff) << 2)) ^
    load<u32>(TABLE + ((after + 1) << 10) + (((word >> 16) & 0xff) << 2)) ^
    load<u32>(TABLE + (after << 10) + ((word >> 24) << 2))
  );
}

function slice(source: usize, length: u32, register: u32): u32 {
  let position = source;
  const end = source + length;
  for (const wideEnd = source + (length & ~15); position < wideEnd; position += 16) {
    register =
      sliceWord(load<u32>(position) ^ register, 12) ^
      sliceWord(load<u32>(position, 4), 8) ^
      sliceWord(load<u32>(position, 8), 4) ^
      sliceWord(load<u32>(position, 12), 0);
  }
  if (position + 8 <= end) {
    register = sliceWord(load<u32>(position) ^ register, 4) ^ sliceWord(load<u32>(position, 4), 0);
    position += 8;
  }
  if (position + 4 <= end) {
    register = sliceWord(load<u32>(position) ^ register, 0);
    position += 4;
  }
  for (; position < end; position++) register = (register >> 8) ^ load<u32>(TABLE + (((register ^ load<u8>(position)) & 0xff) << 2));
  return register;
}

/** What one source row adds to one destination row. `table` is that of the source row's low nibble; the high nibble's is 64 bytes on. */
// @ts-ignore: decorator
@inline
function product(low: v128, high: v128, table: usize): v128 {
  return v128.xor(i8x16.relaxed_swizzle(v128.load(FOLD_TABLES + table), low), i8x16.relaxed_swizzle(v128.load(FOLD_TABLES + table + 64), high));
}

/** Puts the first `length` (16 to 128) bytes, the register xored in, at the end of STATE, zeros before them: those change no CRC. */
function beginState(source: usize, length: u32, register: u32): void {
  for (let at: usize = 0; at < BLOCK_BYTES; at += 16) v128.store(STATE + at, i32x4.splat(0));
  const start = STATE + BLOCK_BYTES - length;
  for (let at = <usize>length; at > 16; at -= 16) v128.store(start + at - 16, v128.load(source + at - 16));
  v128.store(start, v128.load(source));
  store<u32>(start, load<u32>(start) ^ register);
}

/** Folds the bytes after the first incomplete block, which goes before them, then slices the state. `length` is at least one block. */
function fold(source: usize, length: u32, register: u32): u32 {
  let position = source;
  const end = source + length;
  let first = length & (BLOCK_BYTES - 1);
  if (first < 16) {
    register = slice(position, first, register);
    position += first;
    first = BLOCK_BYTES;
  }
  beginState(position, first, register);
  position += first;

  const nibble = i8x16.splat(15);
  let a0 = v128.load(STATE);
  let b0 = v128.load(STATE, 16);
  let a1 = v128.load(STATE, 32);
  let b1 = v128.load(STATE, 48);
  let a2 = v128.load(STATE, 64);
  let b2 = v128.load(STATE, 80);
  let a3 = v128.load(STATE, 96);
  let b3 = v128.load(STATE, 112);
  for (; position < end; position += BLOCK_BYTES) {
    const a0Low = v128.and(a0, nibble);
    const a0High = v128.and(i16x8.shr_u(a0, 4), nibble);
    const a1Low = v128.and(a1, nibble);
    const a1High = v128.and(i16x8.shr_u(a1, 4), nibble);
    const a2Low = v128.and(a2, nibble);
    const a2High = v128.and(i16x8.shr_u(a2, 4), nibble);
    const a3Low = v128.and(a3, nibble);
    const a3High = v128.and(i16x8.shr_u(a3, 4), nibble);
    a0 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 0), product(a0Low, a0High, 0)), product(a1Low, a1High, 128)), product(a2Low, a2High, 256)), product(a3Low, a3High, 384));
    a1 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 32), product(a0Low, a0High, 16)), product(a1Low, a1High, 144)), product(a2Low, a2High, 272)), product(a3Low, a3High, 400));
    a2 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 64), product(a0Low, a0High, 32)), product(a1Low, a1High, 160)), product(a2Low, a2High, 288)), product(a3Low, a3High, 416));
    a3 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 96), product(a0Low, a0High, 48)), product(a1Low, a1High, 176)), product(a2Low, a2High, 304)), product(a3Low, a3High, 432));
    const b0Low = v128.and(b0, nibble);
    const b0High = v128.and(i16x8.shr_u(b0, 4), nibble);
    const b1Low = v128.and(b1, nibble);
    const b1High = v128.and(i16x8.shr_u(b1, 4), nibble);
    const b2Low = v128.and(b2, nibble);
    const b2High = v128.and(i16x8.shr_u(b2, 4), nibble);
    const b3Low = v128.and(b3, nibble);
    const b3High = v128.and(i16x8.shr_u(b3, 4), nibble);
    b0 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 16), product(b0Low, b0High, 0)), product(b1Low, b1High, 128)), product(b2Low, b2High, 256)), product(b3Low, b3High, 384));
    b1 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 48), product(b0Low, b0High, 16)), product(b1Low, b1High, 144)), product(b2Low, b2High, 272)), product(b3Low, b3High, 400));
    b2 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 80), product(b0Low, b0High, 32)), product(b1Low, b1High, 160)), product(b2Low, b2High, 288)), product(b3Low, b3High, 416));
    b3 = v128.xor(v128.xor(v128.xor(v128.xor(v128.load(position, 112), product(b0Low, b0High, 48)), product(b1Low, b1High, 176)), product(b2Low, b2High, 304)), product(b3Low, b3High, 432));
  }
  v128.store(STATE, a0);
  v128.store(STATE, b0, 16);
  v128.store(STATE, a1, 32);
  v128.store(STATE, b1, 48);
  v128.store(STATE, a2, 64);
  v128.store(STATE, b2, 80);
  v128.store(STATE, a3, 96);
  v128.store(STATE, b3, 112);
  return slice(STATE, BLOCK_BYTES, 0);
}
