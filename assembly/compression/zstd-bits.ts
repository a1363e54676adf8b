// Reading zstd's bitstreams, which are written forwards and read backwards (RFC 8878, 4.1): the last byte's highest set bit marks the
// end, the bit below it is read first.
//
//   start |bbbbbbbb|bbbbbbbb| ... |bbbbbbbb|0001bbbb| start + length
//                                              <- reading goes this way
//
// A reader is one number, the position: how many bits are left. Below zero the stream was overread and is corrupt; a stream must end
// at exactly zero. `peek` loads the 8 bytes that end at the position, which may begin up to 8 bytes before the stream. A valid position
// therefore never loads outside the source: every bitstream is preceded by at least 12 bytes of the same frame (magic number 4, frame
// header 2 or more, block header 3, and 3 or more of section headers).

/** The position at the end of the stream of `length` bytes at `start`, or -1 if it has no end mark. `length` is at most 2^27. */
export function endPosition(start: usize, length: u32): i32 {
  if (length == 0) return -1;
  const last: u32 = load<u8>(start + length - 1);
  if (last == 0) return -1;
  return <i32>((length - 1) << 3) + 31 - <i32>clz<u32>(last);
}

/** Add this to a stream's first byte to get the base that `peek` wants: a loop then need not subtract each time. */
export const STREAM_BASE: usize = -8;

/** The next bits, aligned to the top: at least 57 are valid, so far as the stream has them. `position` must not be negative. */
// @ts-ignore: decorator
@inline
export function peek(base: usize, position: i32): u64 {
  return load<u64>(base + ((position + 7) >> 3)) << (-position & 7);
}

/** The top `count` bits as a number. Only the low six bits of `count` matter; they must be less than 64. */
// @ts-ignore: decorator
@inline
export function topBits(bits: u64, count: u64): u32 {
  return <u32>((bits >> 1) >> ~count);
}
