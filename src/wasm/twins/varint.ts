// Varints in plain TypeScript over BigInt: what the core's are compared with. Not bundled.

export interface ReadVarint {
  readonly value: bigint;
  /** After the varint. */
  readonly position: number;
}

/** Reads an unsigned varint of `bits` (32 or 64) bits; null if it is cut short, too long, or has bits beyond. */
export function readUnsignedTwin(bytes: Uint8Array, position: number, end: number, bits: 32 | 64): ReadVarint | null {
  let value = 0n;
  for (let shift = 0; shift < bits; shift += 7) {
    const at = position + shift / 7;
    if (at >= end) return null;
    value |= BigInt(bytes[at]! & 0x7f) << BigInt(shift);
    if (bytes[at]! < 0x80) return value >> BigInt(bits) === 0n ? { value, position: at + 1 } : null;
  }
  return null;
}

/** Reads a zigzag varint of `bits` bits. */
export function readVarintTwin(bytes: Uint8Array, position: number, end: number, bits: 32 | 64): ReadVarint | null {
  const read = readUnsignedTwin(bytes, position, end, bits);
  if (read === null) return null;
  return { value: read.value & 1n ? -(read.value >> 1n) - 1n : read.value >> 1n, position: read.position };
}

export function writeUnsignedTwin(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

/** Writes a signed value of up to 64 bits. */
export function writeVarintTwin(value: bigint | number): number[] {
  const wide = BigInt(value);
  return writeUnsignedTwin(wide < 0n ? -2n * wide - 1n : 2n * wide);
}
