// Copies that the byte-oriented LZ formats (snappy, lz4) share: literals and matches, in 16-byte steps or exact; and how a short pattern is
// repeated, which zstd does too.
//
// The wide copies trade room for speed: they read and write whole 16-byte chunks, and so touch bytes past the last one that was asked
// for. The caller proves that this room is there; where it is not, it uses the exact copies.

/** How many bytes past its end a wide copy may read and write, rounded up. */
export const COPY_SLACK: usize = 32;

/** u8[16][16]: for the 16 bytes that follow, which of the last `offset` bytes each one repeats: i mod offset. Row 0 is unused. */
export const REPEAT_SHUFFLES: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
], 16);

/** u8[16]: for each offset, the largest multiple of it that is at most 16: how far a repeated pattern may advance and stay in phase. */
export const REPEAT_STEPS: usize = memory.data<u8>([0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/** Copies `length` bytes, 16 at a time, to a place that does not follow `source` by less than 16. Touches up to 16 bytes too many. */
// @ts-ignore: decorator
@inline
export function copyWide(destination: usize, source: usize, length: usize): void {
  const end = destination + length;
  do {
    v128.store(destination, v128.load(source));
    destination += 16;
    source += 16;
  } while (destination < end);
}

/** Repeats `length` bytes from `offset` before `destination`, where `offset` may be below `length`. Touches up to COPY_SLACK too many. */
// @ts-ignore: decorator
@inline
export function copyMatchWide(destination: usize, offset: usize, length: usize): void {
  if (offset >= 16) {
    // Most matches fit in 32 bytes: moving that much always is cheaper than asking.
    const from = destination - offset;
    v128.store(destination, v128.load(from));
    v128.store(destination, v128.load(from, 16), 16);
    if (length > 32) copyWide(destination + 32, from + 32, length - 32);
    return;
  }
  const end = destination + length;
  const pattern = i8x16.swizzle(v128.load(destination - offset), v128.load(REPEAT_SHUFFLES + (offset << 4)));
  const step = <usize>load<u8>(REPEAT_STEPS + offset);
  do {
    v128.store(destination, pattern);
    destination += step;
  } while (destination < end);
}

/** Repeats `length` bytes from `offset` before `destination`, touching nothing else. All but the last few still go in wide steps. */
export function copyMatchExact(destination: usize, offset: usize, length: usize): void {
  const end = destination + length;
  if (length > 2 * COPY_SLACK) {
    copyMatchWide(destination, offset, length - COPY_SLACK);
    destination += length - COPY_SLACK;
  }
  while (destination < end) {
    store<u8>(destination, load<u8>(destination - offset));
    destination++;
  }
}
