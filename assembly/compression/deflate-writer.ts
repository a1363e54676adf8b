// The bit writer of deflate (RFC 1951 section 3.1.1): bits fill each byte from its low end.
//
// Invariant: the low `count` bits of `bits` are still to be written at `position`, and those above are zero. Between blocks `count` is less
// than 8. Bits are written by storing the whole buffer, so SLACK_BYTES from `end` on may be overwritten too.

/** Bytes behind `end` that the owner of the output gives away: one store at `end`. */
export const SLACK_BYTES: u32 = 8;

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

/** Appends `count` bits, at most 32; there is room for them. */
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
