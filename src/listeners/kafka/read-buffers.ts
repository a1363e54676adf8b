// Memory that a connection reads into: little while its client says little, so that thousands of idle connections cost little; much
// while it sends much, so that a large request is not read in a thousand pieces.

/** Holds any request but Produce. */
const SMALL_BYTES = 8 * 1024;

/** A read returns what has come, up to this. */
const LARGE_BYTES = 256 * 1024;

export class ReadBuffers {
  #nextBytes = SMALL_BYTES;
  #spare: ArrayBuffer | null = null;

  /** Memory for the next read. */
  take(): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = null;
    return new Uint8Array(spare?.byteLength === this.#nextBytes ? spare : new ArrayBuffer(this.#nextBytes));
  }

  /** Notes what a read brought, by which the next one is sized. */
  noteRead({ byteLength, buffer }: Uint8Array): void {
    if (byteLength === buffer.byteLength) this.#nextBytes = LARGE_BYTES;
    else if (byteLength < SMALL_BYTES) this.#nextBytes = SMALL_BYTES;
  }

  /** The bytes are taken care of: their memory may be read into again. */
  giveBack({ buffer }: Uint8Array): void {
    this.#spare = buffer.byteLength === this.#nextBytes ? (buffer as ArrayBuffer) : null;
  }
}
