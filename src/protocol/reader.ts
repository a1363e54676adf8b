// Reads the protocol's types (kafka.apache.org/protocol, "Protocol Primitive Types") from the front of some bytes, big endian:
//
//   bool, int8, int16, int32, int64, uint16, uint32, float64     as they are
//   unsigned varint        7 bits a byte, lowest first, high bit = more; at most 32 bits
//   uuid                   16 bytes
//   string                 i16 length, UTF-8                     nullable: length -1
//   compact string         unsigned varint length + 1, UTF-8     nullable: 0
//   bytes, records         i32 length, bytes                     nullable: length -1
//   compact bytes          unsigned varint length + 1, bytes     nullable: 0
//   array                  i32 count, elements                   nullable: count -1
//   compact array          unsigned varint count + 1, elements   nullable: 0
//   tagged fields          unsigned varint count, then for each: tag, size (both unsigned varint), size bytes
//
// No length is believed before it was compared with what is left, so nothing is read past the end, and no allocation is larger than the
// input justifies. Bytes and records are views of the input, never copies: they live as long as it does.

import { ProtocolError } from "./protocol-error.ts";
import { decodeText } from "./text.ts";
import { readUuid, UUID_BYTES } from "./uuid.ts";

/**
 * Most elements in all arrays of one message. An element can be much smaller on the wire than in memory (a struct of empty strings: 3
 * bytes against 100), so the size of a frame alone does not bound what it takes; no client comes near this many partitions.
 */
export const MAX_ELEMENTS = 200_000;

const TWO_32 = 0x1_0000_0000;
const MAX_HIGH_WORD = 0x1f_ffff;
const MIN_HIGH_WORD = -0x20_0000;

/** What lengths and counts read as where there is a null instead. */
const NULL_LENGTH = -1;

export class Reader {
  // Numbers are put together from the bytes: a DataView reads one faster, but making it takes as long as a small request.
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position = 0;
  #elementsLeft = MAX_ELEMENTS;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.byteLength;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  bool(): boolean {
    return this.#bytes[this.#advance(1)] !== 0;
  }

  int8(): number {
    return (this.#bytes[this.#advance(1)]! << 24) >> 24;
  }

  int16(): number {
    return (this.uint16() << 16) >> 16;
  }

  uint16(): number {
    const bytes = this.#bytes;
    const position = this.#advance(2);
    return (bytes[position]! << 8) | bytes[position + 1]!;
  }

  int32(): number {
    const bytes = this.#bytes;
    const position = this.#advance(4);
    return (bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  float64(): number {
    return this.#view(8).getFloat64(0);
  }

  /** An int64 that a number holds exactly: offsets, timestamps and producer ids. */
  int64(): number {
    const high = this.int32();
    const low = this.uint32();
    if (high > MAX_HIGH_WORD || high < MIN_HIGH_WORD || (high === MIN_HIGH_WORD && low === 0)) {
      throw new ProtocolError(`the int64 ${(BigInt(high) << 32n) | BigInt(low)} is beyond 2^53 - 1`);
    }
    return high * TWO_32 + low;
  }

  /** Any int64, for what is not calculated with. */
  opaqueInt64(): bigint {
    return this.#view(8).getBigInt64(0);
  }

  unsignedVarint(): number {
    const first = this.#bytes[this.#advance(1)]!;
    return first < 0x80 ? first : this.#longVarint(first);
  }

  uuid(): string {
    return readUuid(this.#bytes, this.#advance(UUID_BYTES));
  }

  string(): string {
    return this.#text(this.#known(this.int16()));
  }

  nullableString(): string | null {
    const length = this.int16();
    return length === NULL_LENGTH ? null : this.#text(length);
  }

  compactString(): string {
    return this.#text(this.#known(this.unsignedVarint() - 1));
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length === NULL_LENGTH ? null : this.#text(length);
  }

  bytes(): Uint8Array {
    return this.#slice(this.#known(this.int32()));
  }

  nullableBytes(): Uint8Array | null {
    const length = this.int32();
    return length === NULL_LENGTH ? null : this.#slice(length);
  }

  compactBytes(): Uint8Array {
    return this.#slice(this.#known(this.unsignedVarint() - 1));
  }

  compactNullableBytes(): Uint8Array | null {
    const length = this.unsignedVarint() - 1;
    return length === NULL_LENGTH ? null : this.#slice(length);
  }

  /**
   * Reads how many elements an array has; -1 for a null array.
   * @param elementBytes what one element takes at least; 1 or more
   */
  arrayCount(elementBytes: number): number {
    return this.#count(this.int32(), elementBytes);
  }

  /** As arrayCount, for a compact array. */
  compactArrayCount(elementBytes: number): number {
    return this.#count(this.unsignedVarint() - 1, elementBytes);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Back to an earlier position. */
  rewind(position: number): void {
    this.#position = Math.min(position, this.#position);
  }

  /** Moves over `length` bytes and returns where they begin. */
  #advance(length: number): number {
    const position = this.#position;
    if (length > this.#end - position) {
      throw new ProtocolError(`${length} bytes are needed, ${this.#end - position} are left`);
    }
    this.#position = position + length;
    return position;
  }

  #view(length: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#advance(length), length);
  }

  #longVarint(first: number): number {
    let value = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const byte = this.#bytes[this.#advance(1)]!;
      if (shift === 28 && byte > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new ProtocolError("a varint has more than 32 bits");
  }

  #text(length: number): string {
    if (length < 0) throw new ProtocolError(`a length is ${length}`);
    const position = this.#advance(length);
    return decodeText(this.#bytes, position, position + length);
  }

  #slice(length: number): Uint8Array {
    if (length < 0) throw new ProtocolError(`a length is ${length}`);
    const position = this.#advance(length);
    // Not subarray, which looks the constructor up first and takes half as long again.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + position, length);
  }

  #known(length: number): number {
    if (length === NULL_LENGTH) throw new ProtocolError("null is not allowed here");
    return length;
  }

  #count(count: number, elementBytes: number): number {
    if (count === NULL_LENGTH) return count;
    if (count < 0) throw new ProtocolError(`an array's count is ${count}`);
    if (count * elementBytes > this.remaining) {
      throw new ProtocolError(`${count} elements need ${count * elementBytes} bytes or more, ${this.remaining} are left`);
    }
    if (count > this.#elementsLeft) throw new ProtocolError(`there are more than ${MAX_ELEMENTS} elements`);
    this.#elementsLeft -= count;
    return count;
  }
}
