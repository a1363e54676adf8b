// Reads a request's body in pieces of chosen sizes, so that nobody holds more of it than a piece.

import type { ObjectBody } from "./bucket.ts";

const DISCARDED_BYTES = 1024 * 1024;

/** A body of a known length. */
export class BodyReader implements ObjectBody {
  remaining: number;
  readonly #reader: ReadableStreamBYOBReader | null;

  constructor(body: ReadableStream<Uint8Array> | null, length: number) {
    this.remaining = length;
    this.#reader = body?.getReader({ mode: "byob" }) ?? null;
  }

  async read(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const length = Math.min(maxBytes, this.remaining);
    if (length === 0) return new Uint8Array(0);
    const { value } = (await this.#reader?.readAtLeast(length, new Uint8Array(length))) ?? {};
    if (value?.byteLength !== length) throw new Error(`the body ended ${this.remaining - (value?.byteLength ?? 0)} bytes early`);
    this.remaining -= length;
    return value as Uint8Array<ArrayBuffer>;
  }

  async *pieces(pieceBytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    while (this.remaining > 0) yield await this.read(pieceBytes);
  }

  /** Reads what is left, if anything is: whoever is still sending would see a broken connection instead of the answer. */
  async discard(): Promise<void> {
    try {
      for await (const _ of this.pieces(DISCARDED_BYTES));
    } catch {
      // the sender has gone: there is nobody left to answer
    }
  }
}
