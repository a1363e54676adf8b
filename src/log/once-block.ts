// A block of the ids that a partition remembers, as bytes: in memory, for they are many, as it is stored. An entry, big endian:
//
//    0 16 bytes  digest
//   16 f64       offset of the record
//   24 f64       expires at (ms since the epoch)
//
// Stored: an entry's length is part of the format. A block of another layout needs another column.

import { ONCE_BLOCK_IDS } from "../common/limits/partition-log.ts";

const DIGEST_BYTES = 16;
const ENTRY_BYTES = 32;

export class OnceBlock {
  /** Rises from block to block. */
  readonly blockId: number;
  readonly #bytes = new Uint8Array(ONCE_BLOCK_IDS * ENTRY_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #count = 0;
  #expiresAtMs = Number.NEGATIVE_INFINITY;

  /** @param stored as `encode` gave it */
  constructor(blockId: number, stored?: ArrayBuffer) {
    this.blockId = blockId;
    if (stored === undefined) return;
    this.#bytes.set(new Uint8Array(stored));
    this.#count = stored.byteLength / ENTRY_BYTES;
    for (let index = 0; index < this.#count; index++) this.#expiresAtMs = Math.max(this.#expiresAtMs, this.expiresAtMs(index));
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === ONCE_BLOCK_IDS;
  }

  /** When the last of its entries has expired (ms). */
  get lastExpiryMs(): number {
    return this.#expiresAtMs;
  }

  /** @returns its index */
  add(digest: Uint8Array, offset: number, expiresAtMs: number): number {
    if (digest.length !== DIGEST_BYTES || this.isFull) throw new Error(`a full block, or a digest of ${digest.length} bytes`);
    const at = this.#count * ENTRY_BYTES;
    this.#bytes.set(digest, at);
    this.#view.setFloat64(at + 16, offset);
    this.#view.setFloat64(at + 24, expiresAtMs);
    this.#expiresAtMs = Math.max(this.#expiresAtMs, expiresAtMs);
    return this.#count++;
  }

  /** The digest as `digestKey` writes it. */
  key(index: number): string {
    return digestKey(this.#bytes.subarray(index * ENTRY_BYTES, index * ENTRY_BYTES + DIGEST_BYTES));
  }

  offset(index: number): number {
    return this.#view.getFloat64(index * ENTRY_BYTES + 16);
  }

  expiresAtMs(index: number): number {
    return this.#view.getFloat64(index * ENTRY_BYTES + 24);
  }

  encode(): ArrayBuffer {
    return this.#bytes.slice(0, this.#count * ENTRY_BYTES).buffer;
  }
}

/** A digest as a key of a Map: a character for each byte, which takes a quarter of what an object would. */
export function digestKey(digest: Uint8Array): string {
  return String.fromCharCode(...digest);
}
