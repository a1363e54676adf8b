// The ids of a block as bytes, big endian, one after the other:
//
//    0 16 bytes  digest
//   16 f64       offset
//   24 f64       expires at (ms since the epoch)
//
// Stored: an entry's length is part of the format. A block of another layout needs another column.

import { decodeHex, encodeHex } from "../common/hex.ts";
import type { OnceBlock, OnceEntry } from "../log/once.ts";

const DIGEST_BYTES = 16;
const ENTRY_BYTES = 32;

export function encodeOnceEntries(entries: OnceBlock["entries"]): ArrayBuffer {
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { digest, offset, expiresAtMs }] of entries.entries()) {
    const at = index * ENTRY_BYTES;
    const digestBytes = decodeHex(digest);
    if (digestBytes?.length !== DIGEST_BYTES) throw new Error(`'${digest}' is no digest of ${DIGEST_BYTES} bytes`);
    bytes.set(digestBytes, at);
    view.setFloat64(at + 16, offset);
    view.setFloat64(at + 24, expiresAtMs);
  }
  return bytes.buffer;
}

export function decodeOnceEntries(buffer: ArrayBuffer): OnceEntry[] {
  const view = new DataView(buffer);
  return Array.from({ length: buffer.byteLength / ENTRY_BYTES }, (_, index) => {
    const at = index * ENTRY_BYTES;
    const digest = encodeHex(new Uint8Array(buffer, at, DIGEST_BYTES));
    return { digest, offset: view.getFloat64(at + 16), expiresAtMs: view.getFloat64(at + 24) };
  });
}
