// Copies of records, which outlive the megabyte that they were read with. Small ones share a slab: an ArrayBuffer of its
// own costs more than what is in it. A slab lives for as long as one of its records is held, so it is small: MAX_HELD_RECORDS records, each
// the last of its slab, keep 20 MB.

import type { DecodedRecord } from "../record/codec.ts";

const SLAB_BYTES = 2_048;

/** Longer ones have a buffer of their own. */
const MAX_SHARED_BYTES = SLAB_BYTES / 4;

export class RecordCopies {
  #slab = new ArrayBuffer(SLAB_BYTES);
  #used = 0;

  record({ offset, timestamp, key, value, headers }: DecodedRecord): DecodedRecord {
    const copied = headers.map((header) => ({ key: header.key, value: this.#copy(header.value) }));
    return { offset, timestamp, key: this.#copy(key), value: this.#copy(value), headers: copied };
  }

  #copy(bytes: Uint8Array | null): Uint8Array | null {
    if (bytes === null) return null;
    if (bytes.length > MAX_SHARED_BYTES) return bytes.slice();
    if (this.#used + bytes.length > SLAB_BYTES) {
      this.#slab = new ArrayBuffer(SLAB_BYTES);
      this.#used = 0;
    }
    const copied = new Uint8Array(this.#slab, this.#used, bytes.length);
    copied.set(bytes);
    this.#used += bytes.length;
    return copied;
  }
}
