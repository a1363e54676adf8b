// The headers of one record, which the core has checked: varint key length, key, varint value length (-1: null), value; repeated.
// Nothing says that a key is UTF-8: who writes a record again takes the bytes.
// Few records have any, so they are read here and not listed by the core.

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface StoredHeader {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Reads `count` headers at `position`. */
export function readRecordHeaders(source: Uint8Array, position: number, count: number): RecordHeader[] {
  return readStoredHeaders(source, position, count).map(({ key, value }) => ({ key: decoder.decode(key), value }));
}

/** Reads `count` headers at `position`, as bytes. */
export function readStoredHeaders(source: Uint8Array, position: number, count: number): StoredHeader[] {
  const parts = new Parts(source, position);
  return Array.from({ length: count }, () => ({ key: parts.next()!, value: parts.next() }));
}

/** Bytes of the names and values of `count` headers at `position`. */
export function headerBytes(source: Uint8Array, position: number, count: number): number {
  const parts = new Parts(source, position);
  let bytes = 0;
  for (let index = 0; index < 2 * count; index++) bytes += parts.skip();
  return bytes;
}

/** Names and values, one after the other. */
class Parts {
  readonly #source: Uint8Array;
  #at: number;

  constructor(source: Uint8Array, position: number) {
    this.#source = source;
    this.#at = position;
  }

  next(): Uint8Array | null {
    const length = this.#length();
    if (length < 0) return null;
    this.#at += length;
    return this.#source.subarray(this.#at - length, this.#at);
  }

  /** @returns its bytes */
  skip(): number {
    const length = Math.max(0, this.#length());
    this.#at += length;
    return length;
  }

  /** A zigzag varint; -1: null. */
  #length(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#source[this.#at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }
}
