// A connection's byte stream is frames: i32 size, then as many bytes (kafka.apache.org/protocol, "Common Request and Response Structure").
// The splitter takes the stream in whatever chunks it comes:
//
//   chunk 1 | size | frame | size | fra      chunk 2 | me | size | frame |
//                   view              copy                        view
//
// A frame that lies in one chunk is a view of it, so it is good until the next chunk is read into the same buffer. Only what straddles
// chunks is copied, into memory that grows with what has come and not with what was announced.

import { ProtocolError } from "./protocol-error.ts";

const SIZE_BYTES = 4;

/** What a straddling frame gets at first, unless it is smaller. */
const FIRST_COPY_BYTES = 64 * 1024;

/** A frame's size is negative or above the limit: nothing after it can be understood, so the connection has to be closed. */
export class FrameSizeError extends ProtocolError {
  override readonly name: string = "FrameSizeError";
  readonly size: number;

  constructor(size: number, maxBytes: number) {
    super(`a frame of ${size} bytes is not between 0 and ${maxBytes}`);
    this.size = size;
  }
}

export class FrameSplitter {
  /** Largest frame, without its size; may be changed between frames. */
  maxBytes: number;
  readonly #size = new DataView(new ArrayBuffer(SIZE_BYTES));
  /** Bytes of the size that have come, 4 when it is known. */
  #sizeCount = 0;
  /** Where a straddling frame is put together, and how much of it has come. */
  #copy: Uint8Array = new Uint8Array(0);
  #copied = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of a frame that has begun but not ended; 0 between frames, where a connection may end. */
  get pendingBytes(): number {
    return this.#sizeCount + this.#copied;
  }

  /**
   * The frames that end in this chunk, in order. Views of the chunk, or copies; take all of them before the next chunk.
   * @throws FrameSizeError after the frames that come before the bad one
   */
  *split(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let position = 0;
    while (position < chunk.byteLength) {
      position = this.#takeSize(chunk, position);
      if (this.#sizeCount < SIZE_BYTES) return;
      const size = this.#frameSize();
      const missing = size - this.#copied;
      if (chunk.byteLength - position < missing) {
        this.#keep(chunk.subarray(position), size);
        return;
      }
      const rest = chunk.subarray(position, position + missing);
      position += missing;
      yield this.#complete(rest, size);
    }
  }

  /** Takes what is missing of the size; returns where it stopped. */
  #takeSize(chunk: Uint8Array, position: number): number {
    let next = position;
    while (this.#sizeCount < SIZE_BYTES && next < chunk.byteLength) this.#size.setUint8(this.#sizeCount++, chunk[next++]!);
    return next;
  }

  #frameSize(): number {
    const size = this.#size.getInt32(0);
    if (size < 0 || size > this.maxBytes) throw new FrameSizeError(size, this.maxBytes);
    return size;
  }

  /** Copies a part of the frame, doubling the memory for it where it is too small. */
  #keep(part: Uint8Array, size: number): void {
    const needed = this.#copied + part.byteLength;
    if (needed > this.#copy.byteLength) {
      const grown = new Uint8Array(Math.min(size, Math.max(needed, 2 * this.#copy.byteLength, FIRST_COPY_BYTES)));
      grown.set(this.#copy.subarray(0, this.#copied));
      this.#copy = grown;
    }
    this.#copy.set(part, this.#copied);
    this.#copied = needed;
  }

  /** The frame that ends with `rest`; what comes next is a size. */
  #complete(rest: Uint8Array, size: number): Uint8Array {
    let frame = rest;
    if (this.#copied > 0) {
      this.#keep(rest, size);
      frame = this.#copy.subarray(0, size);
      this.#copy = new Uint8Array(0);
      this.#copied = 0;
    }
    this.#sizeCount = 0;
    return frame;
  }
}
