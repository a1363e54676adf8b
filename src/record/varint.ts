// Zigzag varints as records have them (https://protobuf.dev/programming-guides/encoding/#signed-ints): seven bits a byte, the lowest
// first, the eighth bit set on all but the last. Up to 32 bits take a path of their own, since nearly all are small; timestamp deltas
// may be wider, and go by BigInt. Numbers are safe integers; what is not is refused.

const MIN_INT32 = -0x8000_0000;
const MAX_INT32 = 0x7fff_ffff;

/** Bytes that a varint of `value` takes. */
export function varintSize(value: number): number {
  if (value >= MIN_INT32 && value <= MAX_INT32) {
    const zigzag = (value << 1) ^ (value >> 31);
    return ((38 - Math.clz32(zigzag | 1)) / 7) | 0;
  }
  let size = 1;
  for (let rest = zigzagOf(value) >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

/** Writes `value` at `position`. @returns the position after it */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  if (value >= MIN_INT32 && value <= MAX_INT32) return writeUnsigned(bytes, position, ((value << 1) ^ (value >> 31)) >>> 0);
  let at = position;
  let rest = zigzagOf(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at++] = Number(rest);
  return at;
}

function writeUnsigned(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function zigzagOf(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer within 2^53 - 1`);
  const wide = BigInt(value);
  return wide < 0n ? -2n * wide - 1n : 2n * wide;
}

/** Reads varints one after the other. Every read is held against the end: bytes may come from anywhere. */
export class VarintReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  /** @throws RangeError where it is cut short, too long, or no safe integer */
  next(): number {
    const { bytes } = this;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte(bytes);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    return this.#nextWide(BigInt(value));
  }

  /** The rest of one that has more than 28 bits. */
  #nextWide(low: bigint): number {
    let value = low;
    for (let shift = 28n; shift < 64n; shift += 7n) {
      const byte = this.#byte(this.bytes);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const number = Number(value & 1n ? -(value >> 1n) - 1n : value >> 1n);
      if (!Number.isSafeInteger(number)) throw new RangeError("a varint is beyond 2^53 - 1");
      return number;
    }
    throw new RangeError("a varint is too long");
  }

  #byte(bytes: Uint8Array): number {
    const byte = bytes[this.position++];
    if (byte === undefined) throw new RangeError("a varint is cut short");
    return byte;
  }
}
