// Writes the protocol's types (reader.ts draws them) into segments, which together are the message:
//
//   chunk   | header, fields … | … fields |           | fields … |          small values, one after the other, in a chunk of memory
//   outside                               | records … |                     large values of bytes and records, not copied
//
// A chunk is carried on by the next message where the last one stopped and never written over, so segments stay as they are for as long
// as somebody holds them, and a chunk serves many small messages.

import { EncodingError } from "./protocol-error.ts";
import { utf8Bytes, writeText } from "./text.ts";
import { isUuid, UUID_BYTES, writeUuid } from "./uuid.ts";

const CHUNK_BYTES = 16 * 1024;

/** Bytes shorter than this are copied into the chunk: a segment of their own would cost more, here and at the socket. */
const COPIED_BYTES = 1024;

const MAX_STRING_BYTES = 0x7fff;
const MAX_BYTES = 0x7fff_ffff;
const TWO_32 = 0x1_0000_0000;

/** Bytes in one piece or several. Not to be changed before the segments are sent. */
export type Pieces = Uint8Array | readonly Uint8Array[];

export class Writer {
  readonly #chunkBytes: number;
  #bytes: Uint8Array;
  #view: DataView;
  #position = 0;
  /** Where in the chunk the segment begins that is being written. */
  #segmentStart = 0;
  #segments: Uint8Array[] = [];
  /** Of the segments that are complete. */
  #segmentBytes = 0;

  constructor(chunkBytes = CHUNK_BYTES) {
    this.#chunkBytes = chunkBytes;
    this.#bytes = new Uint8Array(chunkBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written since the last `finish`. */
  get length(): number {
    return this.#segmentBytes + this.#position - this.#segmentStart;
  }

  /** Ends the message: everything written since the last one. */
  finish(): Uint8Array[] {
    this.#endSegment();
    const segments = this.#segments;
    this.#segments = [];
    this.#segmentBytes = 0;
    return segments;
  }

  bool(value: boolean): void {
    const position = this.#advance(1);
    this.#bytes[position] = value ? 1 : 0;
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw outOfRange("an int8", value);
    const position = this.#advance(1);
    this.#view.setInt8(position, value);
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw outOfRange("an int16", value);
    const position = this.#advance(2);
    this.#view.setInt16(position, value);
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange("a uint16", value);
    const position = this.#advance(2);
    this.#view.setUint16(position, value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw outOfRange("an int32", value);
    const position = this.#advance(4);
    this.#view.setInt32(position, value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange("a uint32", value);
    const position = this.#advance(4);
    this.#view.setUint32(position, value);
  }

  float64(value: number): void {
    const position = this.#advance(8);
    this.#view.setFloat64(position, value);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw outOfRange("an integer within 2^53 - 1", value);
    const position = this.#advance(8);
    this.#view.setInt32(position, Math.floor(value / TWO_32));
    this.#view.setUint32(position + 4, value >>> 0);
  }

  opaqueInt64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw outOfRange("an int64", value);
    const position = this.#advance(8);
    this.#view.setBigInt64(position, value);
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw outOfRange("a uint32", value);
    let position = this.#advance(varintBytes(value));
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[position++] = (rest & 0x7f) | 0x80;
    this.#bytes[position] = rest;
  }

  uuid(value: string): void {
    if (!isUuid(value)) throw outOfRange("a UUID", value);
    const position = this.#advance(UUID_BYTES);
    writeUuid(this.#bytes, position, value);
  }

  string(value: string): void {
    const length = stringBytes(value);
    this.int16(length);
    this.#text(value, length);
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactString(value: string): void {
    const length = stringBytes(value);
    this.unsignedVarint(length + 1);
    this.#text(value, length);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactString(value);
  }

  bytes(value: Pieces): void {
    this.int32(piecesBytes(value));
    this.append(value);
  }

  nullableBytes(value: Pieces | null): void {
    if (value === null) this.int32(-1);
    else this.bytes(value);
  }

  compactBytes(value: Pieces): void {
    this.unsignedVarint(piecesBytes(value) + 1);
    this.append(value);
  }

  compactNullableBytes(value: Pieces | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactBytes(value);
  }

  /** Bytes without a length; large ones become segments of their own. */
  append(value: Pieces): void {
    if (value instanceof Uint8Array) this.#appendPiece(value);
    else for (const piece of value) this.#appendPiece(piece);
  }

  /** Four bytes, together in one segment, that are set when the message is complete. */
  reserveInt32(): (value: number) => void {
    const position = this.#advance(4);
    const view = this.#view;
    return (value) => view.setInt32(position, value);
  }

  #appendPiece(piece: Uint8Array): void {
    if (piece.byteLength < COPIED_BYTES) {
      const position = this.#advance(piece.byteLength);
      this.#bytes.set(piece, position);
    } else {
      this.#endSegment();
      this.#segments.push(piece);
      this.#segmentBytes += piece.byteLength;
    }
  }

  #text(value: string, length: number): void {
    const position = this.#advance(length);
    writeText(this.#bytes, position, value, length);
  }

  /** Makes room for `length` bytes and returns where they begin in the chunk, which may be a new one. */
  #advance(length: number): number {
    if (length > this.#bytes.byteLength - this.#position) this.#nextChunk(length);
    const position = this.#position;
    this.#position = position + length;
    return position;
  }

  #nextChunk(length: number): void {
    this.#endSegment();
    this.#bytes = new Uint8Array(Math.max(this.#chunkBytes, length));
    this.#view = new DataView(this.#bytes.buffer);
    this.#position = 0;
    this.#segmentStart = 0;
  }

  #endSegment(): void {
    if (this.#position === this.#segmentStart) return;
    this.#segments.push(this.#bytes.subarray(this.#segmentStart, this.#position));
    this.#segmentBytes += this.#position - this.#segmentStart;
    this.#segmentStart = this.#position;
  }
}

/** The segments as one array, where a copy does not matter. */
export function joinSegments(segments: readonly Uint8Array[]): Uint8Array {
  if (segments.length === 1) return segments[0]!;
  const joined = new Uint8Array(piecesBytes(segments));
  let position = 0;
  for (const segment of segments) {
    joined.set(segment, position);
    position += segment.byteLength;
  }
  return joined;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  return Math.ceil((32 - Math.clz32(value)) / 7);
}

function stringBytes(value: string): number {
  if (typeof value !== "string") throw outOfRange("a string", value);
  const length = utf8Bytes(value);
  if (length > MAX_STRING_BYTES) throw new EncodingError(`a string of ${length} bytes is longer than ${MAX_STRING_BYTES}`);
  return length;
}

function piecesBytes(value: Pieces): number {
  let length = 0;
  if (value instanceof Uint8Array) length = value.byteLength;
  else if (Array.isArray(value)) for (const piece of value) length += piece.byteLength;
  else throw outOfRange("bytes", value);
  if (length > MAX_BYTES) throw new EncodingError(`${length} bytes are more than ${MAX_BYTES}`);
  return length;
}

function outOfRange(type: string, value: unknown): EncodingError {
  return new EncodingError(`${String(value)} is not ${type}`);
}
