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
  const headers: StoredHeader[] = [];
  let at = position;

  function readLength(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = source[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  }

  function readBytes(): Uint8Array | null {
    const length = readLength();
    if (length < 0) return null;
    at += length;
    return source.subarray(at - length, at);
  }

  for (let index = 0; index < count; index++) headers.push({ key: readBytes()!, value: readBytes() });
  return headers;
}
