// The bit reader of inflate (RFC 1951 section 3.1.1): bits are taken from the low end of each byte, codes most significant bit first.
//
// Invariant: the low `count` bits of `bits` are the next ones of the stream, those above are zero, and `position` is the first byte that
// is not in `bits`. The decode loop keeps the three in locals and breaks the invariant on purpose; it restores it when it leaves.

@unmanaged
export class BitReader {
  bits: u64;
  /** Bits that are ready, 0..63. */
  count: u32;
  position: usize;
  end: usize;
}

export const reader = changetype<BitReader>(memory.data(32, 16));

export function startReader(source: usize, end: usize): void {
  reader.bits = 0;
  reader.count = 0;
  reader.position = source;
  reader.end = end;
}

/** Makes at least 56 bits ready, or all that there are. Never reads past the end. */
export function refill(): void {
  let bits = reader.bits;
  let count = reader.count;
  let position = reader.position;
  const end = reader.end;
  while (count < 56 && position < end) {
    bits |= <u64>load<u8>(position) << count;
    count += 8;
    position++;
  }
  reader.bits = bits;
  reader.count = count;
  reader.position = position;
}

/** Takes `count` bits. The caller has checked that they are ready. */
// @ts-ignore: decorator
@inline
export function takeBits(count: u32): u32 {
  const value = <u32>reader.bits & ((1 << count) - 1);
  reader.bits >>= count;
  reader.count -= count;
  return value;
}

/** Drops the rest of the current byte and gives the bytes that were ready back to the input. */
export function alignToByte(): void {
  reader.position -= reader.count >> 3;
  reader.bits = 0;
  reader.count = 0;
}
