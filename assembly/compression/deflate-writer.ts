// The bit writer of deflate (RFC 1951 section 3.1.1): bits fill each byte from its low end.
//
// Invariant: the low `count` bits of `bits` are still to be written at `position`, and those above are zero. Between blocks `count` is less
// than 8. The loops that write many bits keep the three in locals and store eight bytes at a time, so they need SLACK_BYTES of room behind
// the last bit; deflate-block.ts sees to it.

/** Most bytes that a store of the bit buffer may touch past the last whole byte. */
export const SLACK_BYTES: usize = 8;

@unmanaged
export class BitWriter {
  bits: u64;
  /** Bits that wait in `bits`. */
  count: u32;
  position: usize;
  end: usize;
}

export const writer = changetype<BitWriter>(memory.data(32, 16));

export function startWriter(destination: usize, end: usize): void {
  writer.bits = 0;
  writer.count = 0;
  writer.position = destination;
  writer.end = end;
}

/** Appends `count` bits, at most 32, to those that wait. There is room for SLACK_BYTES behind them. */
export function putBits(value: u32, count: u32): void {
  const bits = writer.bits | ((<u64>value) << writer.count);
  const ready = writer.count + count;
  store<u64>(writer.position, bits);
  writer.position += ready >> 3;
  writer.bits = bits >> (ready & ~7);
  writer.count = ready & 7;
}

/** Writes what waits and pads to a whole byte with zeros; there is room for it. */
export function padToByte(): void {
  if (writer.count > 0) store<u8>(writer.position++, writer.bits);
  writer.bits = 0;
  writer.count = 0;
}
