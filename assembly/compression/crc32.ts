// CRC-32 of gzip (RFC 1952 section 8): polynomial 0xEDB88320, least significant bit first, all ones before and after.
//
// Two methods. Slicing by 16 serves short input. Long input is first folded, without any table: for the three lags below
//
//   x^(8 * LAG_C) = x^(8 * (LAG_C - LAG_A)) + x^(8 * (LAG_C - LAG_B)) + 1   (mod P)
//
// so a byte may be taken out of the message if it is added (exclusive or) to the bytes LAG_A, LAG_B and LAG_C after it. Read the other
// way round, folded[i] = message[i] ^ folded[i - LAG_A] ^ folded[i - LAG_B] ^ folded[i - LAG_C], sixteen bytes at a time, until only
// the last 4 KB are left, and these go through the tables. The idea of a sparse multiple of the polynomial is that of "Chorba"
// (K. Russell, 2024); the lags were found by search, the smallest for which a load never meets a store that is still in flight.
// With tables alone, decompressing the JSON inputs of bench/core/gzip.bench.ts takes 1.5 to 1.8 times as long.
//
// The fold's buffer is the caller's (FOLD_BYTES of workspace): LAG_C bytes of history, rounded up, and then one chunk.

const LAG_A: usize = 1927;
const LAG_B: usize = 2181;
const LAG_C: usize = 4018;

const HISTORY_BYTES: usize = 4032;
const CHUNK_BYTES: usize = 16 << 10;
/** Bytes of the buffer that crc32 works in. */
export const FOLD_BYTES: usize = HISTORY_BYTES + CHUNK_BYTES;
/** Below this, setting up the fold costs more than it saves. */
const FOLD_MINIMUM: usize = 3 * HISTORY_BYTES;

const SLICES: u32 = 16;
/** SLICES tables of 256 u32: table k holds the remainder of a byte that is followed by k zero bytes. */
const tables = memory.data(SLICES * 1024, 64);

function fillTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (0xedb88320 & (0 - (remainder & 1)));
    store<u32>(tables + (byte << 2), remainder);
  }
  for (let index: u32 = 256; index < SLICES * 256; index++) {
    const previous = load<u32>(tables + ((index - 256) << 2));
    store<u32>(tables + (index << 2), (previous >> 8) ^ load<u32>(tables + ((previous & 0xff) << 2)));
  }
}

// @ts-ignore: decorator
@inline
function slice(table: usize, byte: u32): u32 {
  return load<u32>(tables + (table << 10) + (<usize>(byte & 0xff) << 2));
}

/** Four bytes, the first of which is followed by `table` others. */
// @ts-ignore: decorator
@inline
function sliceWord(table: usize, word: u32): u32 {
  return slice(table, word) ^ slice(table - 1, word >> 8) ^ slice(table - 2, word >> 16) ^ slice(table - 3, word >> 24);
}

/** Advances the shift register over `length` bytes by table. */
function updateByTables(register: u32, source: usize, length: usize): u32 {
  let position = source;
  const end = source + length;
  for (const wideEnd = source + (length & ~15); position < wideEnd; position += 16) {
    register =
      sliceWord(15, register ^ load<u32>(position)) ^
      sliceWord(11, load<u32>(position, 4)) ^
      sliceWord(7, load<u32>(position, 8)) ^
      sliceWord(3, load<u32>(position, 12));
  }
  for (; position < end; position++) register = (register >> 8) ^ slice(0, register ^ load<u8>(position));
  return register;
}

// @ts-ignore: decorator
@inline
function foldWord(message: v128, at: usize): void {
  const lagged = v128.xor(v128.load(at - LAG_A), v128.load(at - LAG_B));
  v128.store(at, v128.xor(v128.xor(message, v128.load(at - LAG_C)), lagged));
}

/** Folds `length` bytes, a multiple of 64 and at most CHUNK_BYTES, into the chunk at `folded`, whose history lies before it. */
function foldChunk(folded: usize, source: usize, length: usize): void {
  for (let index: usize = 0; index < length; index += 64) {
    const from = source + index;
    const to = folded + index;
    foldWord(v128.load(from), to);
    foldWord(v128.load(from, 16), to + 16);
    foldWord(v128.load(from, 32), to + 32);
    foldWord(v128.load(from, 48), to + 48);
  }
}

/** Adds to the unfolded tail at `tail` what the history before it owes at distance `lag`. */
function settleLag(tail: usize, lag: usize): void {
  let index: usize = 0;
  for (const wideEnd = lag & ~15; index < wideEnd; index += 16) {
    v128.store(tail + index, v128.xor(v128.load(tail + index), v128.load(tail + index - lag)));
  }
  for (; index < lag; index++) store<u8>(tail + index, load<u8>(tail + index) ^ load<u8>(tail + index - lag));
}

/** As updateByTables, for at least FOLD_MINIMUM bytes. */
function updateByFolding(register: u32, source: usize, length: usize, buffer: usize): u32 {
  const folded = buffer + HISTORY_BYTES;
  const foldedEnd = source + ((length - HISTORY_BYTES) & ~63);
  memory.fill(buffer, 0, HISTORY_BYTES);
  store<u32>(folded - LAG_C, register); // reaches the first four bytes of the message, and nothing else
  let position = source;
  while (position < foldedEnd) {
    const chunk = min(CHUNK_BYTES, foldedEnd - position);
    foldChunk(folded, position, chunk);
    memory.copy(buffer, buffer + chunk, HISTORY_BYTES);
    position += chunk;
  }
  const tailLength = source + length - foldedEnd;
  memory.copy(folded, foldedEnd, tailLength);
  settleLag(folded, LAG_A);
  settleLag(folded, LAG_B);
  settleLag(folded, LAG_C);
  return updateByTables(0, folded, tailLength);
}

/**
 * The CRC-32 of `length` bytes at `source`.
 * @param buffer FOLD_BYTES that this call may overwrite
 */
export function crc32(source: usize, length: usize, buffer: usize): u32 {
  if (load<u32>(tables, 4) == 0) fillTables();
  if (length < FOLD_MINIMUM) return ~updateByTables(~0, source, length);
  return ~updateByFolding(~0, source, length, buffer);
}
