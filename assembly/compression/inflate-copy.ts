// Copies a match inside the output: `length` bytes from `distance` bytes before `out`. The two may overlap, and then the bytes repeat.

/** Most bytes that copyMatchWide may write past the end of the match. */
export const COPY_OVERSHOOT: usize = 32;

/** For each distance below 16, the 16 lane numbers 0, 1, ... distance - 1, 0, 1, ...; the row of distance 0 is not used. */
const patterns = memory.data(256, 64);
/** u8 each: the most whole periods of each distance below 16 that fit in 16 bytes, in bytes. */
const strides = memory.data<u8>([0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/** Fills the tables of this file. Cheap to repeat. */
export function prepareCopies(): void {
  if (load<u8>(patterns, 17 * 8) != 0) return;
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let lane: u32 = 0; lane < 16; lane++) store<u8>(patterns + (distance << 4) + lane, lane % distance);
  }
}

/** Copies 16 or 32 bytes at a time. There is room for COPY_OVERSHOOT more bytes than `length` at `out`. */
// @ts-ignore: decorator
@inline
export function copyMatchWide(out: usize, distance: usize, length: usize): void {
  const end = out + length;
  if (distance >= 16) {
    v128.store(out, v128.load(out - distance));
    v128.store(out, v128.load(out - distance, 16), 16);
    for (out += 32; out < end; out += 32) {
      v128.store(out, v128.load(out - distance));
      v128.store(out, v128.load(out - distance, 16), 16);
    }
    return;
  }
  const pattern = v128.load(patterns + (distance << 4));
  const repeated = i8x16.swizzle(v128.load(out - distance), pattern);
  const stride = <usize>load<u8>(strides + distance);
  do {
    v128.store(out, repeated);
    out += stride;
  } while (out < end);
}

/** Copies byte by byte and writes nothing else. */
export function copyMatchExact(out: usize, distance: usize, length: usize): void {
  if (distance >= length) {
    memory.copy(out, out - distance, length);
    return;
  }
  for (const end = out + length; out < end; out++) store<u8>(out, load<u8>(out - distance));
}
