// Walks a MessagePack body before it is decoded, so that a hostile one costs nothing: one value that fills the body exactly, every length
// inside it, limits on depth and on the number of values, map keys that are strings, no extension types.
//
// First byte (https://github.com/msgpack/msgpack/blob/master/spec.md):
//   00-7f positive fixint   80-8f fixmap   90-9f fixarray   a0-bf fixstr   c0 nil   c1 never used   c2 c3 bool
//   c4 c5 c6 bin 8/16/32    c7 c8 c9 ext   ca cb float      cc-cf uint 8-64   d0-d3 int 8-64   d4-d8 fixext
//   d9 da db str 8/16/32    dc dd array 16/32   de df map 16/32   e0-ff negative fixint
// Lengths follow the first byte, big-endian.

/** Deeper than any record needs, and shallow enough for recursive decoders. */
const MAX_DEPTH = 128;

/** Each value becomes a JavaScript value of 8 bytes or more: with 4 million, what a body holds stays below 128 MB. */
const MAX_VALUES = 4_000_000;

/** Bytes of the fixed-width types from ca to d3, without the first byte. */
const SCALAR_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8] as const;

const ENDS = "it ends in the middle";

/** null where the body can be decoded, else what is wrong with it. */
export function checkMsgpack(bytes: Uint8Array): string | null {
  const walk = new Walk(bytes);
  while (walk.depth >= 0) {
    const fault = walk.step();
    if (fault !== null) return fault;
  }
  return walk.position === bytes.length ? null : `there are ${bytes.length - walk.position} bytes after its end`;
}

/** Each method answers null, or what is wrong. */
class Walk {
  position = 0;
  /** The innermost open container; -1 when the value is complete. */
  depth = 0;
  private values = 0;
  /** Values that each open container still wants; the body is a container of one. */
  private readonly left = new Float64Array(MAX_DEPTH + 1).fill(1, 0, 1);
  /** 1 where the container is a map: it wants a key while an even number is left. */
  private readonly maps = new Uint8Array(MAX_DEPTH + 1);
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Takes one value, and closes the containers that it completes. */
  step(): string | null {
    if (this.position >= this.bytes.length) return ENDS;
    if (++this.values > MAX_VALUES) return `it has more than ${MAX_VALUES} values`;
    const first = this.bytes[this.position++]!;
    const wantsKey = this.maps[this.depth] === 1 && this.left[this.depth]! % 2 === 0;
    if (wantsKey && !isString(first)) return "a map has a key that is not a string";
    this.left[this.depth]!--;
    const fault = this.take(first);
    while (this.depth >= 0 && this.left[this.depth] === 0) this.depth--;
    return fault;
  }

  private take(first: number): string | null {
    if (first <= 0x7f || first >= 0xe0 || first === 0xc0 || first === 0xc2 || first === 0xc3) return null;
    if (first <= 0x8f) return this.open((first & 0x0f) * 2, 1);
    if (first <= 0x9f) return this.open(first & 0x0f, 0);
    if (first <= 0xbf) return this.skip(first & 0x1f);
    if (first >= 0xca && first <= 0xd3) return this.skip(SCALAR_BYTES[first - 0xca]!);
    if (first >= 0xc4 && first <= 0xc6) return this.skip(this.length(1 << (first - 0xc4)));
    if (first >= 0xd9 && first <= 0xdb) return this.skip(this.length(1 << (first - 0xd9)));
    if (first === 0xdc || first === 0xdd) return this.open(this.length(first === 0xdc ? 2 : 4), 0);
    if (first === 0xde || first === 0xdf) return this.open(this.length(first === 0xde ? 2 : 4) * 2, 1);
    return first === 0xc1 ? "it has the byte c1, which means nothing" : "it has an extension type";
  }

  private open(values: number, map: 0 | 1): string | null {
    if (!(values <= this.bytes.length - this.position)) return ENDS;
    if (this.depth === MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
    this.depth++;
    this.left[this.depth] = values;
    this.maps[this.depth] = map;
    return null;
  }

  private skip(length: number): string | null {
    if (!(length <= this.bytes.length - this.position)) return ENDS;
    this.position += length;
    return null;
  }

  /** A length of 1, 2 or 4 bytes; infinite where the body ends before it. */
  private length(width: number): number {
    const at = this.position;
    if (width > this.bytes.length - at) return Number.POSITIVE_INFINITY;
    this.position += width;
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }
}

function isString(first: number): boolean {
  return (first >= 0xa0 && first <= 0xbf) || (first >= 0xd9 && first <= 0xdb);
}
