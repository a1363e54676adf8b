// Writes records into the core's scratch region as the list that its encoder reads (assembly/record-encode.ts draws it).
//
// Invariant: `#ensure` comes before every write, with the most that the write can take, so no write runs over the memory; and the
// views are taken again whenever it has grown.

import { highWord, lowWord } from "../record/int64.ts";
import { NO_TIMESTAMP } from "../record/record-batch.ts";
import type { Core } from "./core.ts";

/** A key or value to write. Strings are stored as UTF-8. */
export type BytesInput = Uint8Array | string | null;

export interface RecordInput {
  readonly key: BytesInput;
  readonly value: BytesInput;
  readonly headers?: readonly { readonly key: string | Uint8Array; readonly value: BytesInput }[];
  /** ms; -1 for none. */
  readonly timestamp: number;
  /** Relative to the batch's base offset; its place in the list if absent. Must go up from record to record. */
  readonly offsetDelta?: number;
}

/** Fixed bytes of a listed record before its key. */
const RECORD_PREFIX_BYTES = 12;

/** Up to this many UTF-16 units, copying ASCII by hand (35 ns for 16) beats a call of TextEncoder (50 ns). */
const SHORT_STRING = 20;

/** From this many UTF-16 units on, a string is encoded outside: room for the most that it may take would grow the memory for good. */
const LONG_STRING = 1 << 20;

/** The most bytes of UTF-8 that one UTF-16 unit becomes. */
const MAX_UTF8_PER_UNIT = 3;

const NO_HEADERS: NonNullable<RecordInput["headers"]> = [];

const encoder = new TextEncoder();

export class RecordList {
  readonly #core: Core;
  #bytes: Uint8Array;
  #view: DataView;
  #position: number;
  /** Encoded varints may be longer than the list's fields: by 12 bytes a record and 2 a header. */
  #growth = 0;

  constructor(core: Core) {
    this.#core = core;
    this.#bytes = core.bytes;
    this.#view = core.view;
    this.#position = core.scratch;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#position - this.#core.scratch;
  }

  /** The most bytes that the encoded records can take. */
  get encodedBound(): number {
    return this.length + this.#growth;
  }

  add(record: RecordInput, offsetDelta: number): void {
    if (!Number.isSafeInteger(record.timestamp) || record.timestamp < NO_TIMESTAMP) {
      throw new RangeError(`${record.timestamp} is not a timestamp`);
    }
    this.#ensure(RECORD_PREFIX_BYTES);
    this.#view.setUint32(this.#position, lowWord(record.timestamp), true);
    this.#view.setInt32(this.#position + 4, highWord(record.timestamp), true);
    this.#view.setInt32(this.#position + 8, offsetDelta, true);
    this.#position += RECORD_PREFIX_BYTES;
    this.#addBytes(record.key);
    this.#addBytes(record.value);
    this.#addHeaders(record.headers ?? NO_HEADERS);
    this.#growth += 12;
  }

  #addHeaders(headers: NonNullable<RecordInput["headers"]>): void {
    this.#ensure(4);
    this.#view.setInt32(this.#position, headers.length, true);
    this.#position += 4;
    for (const { key, value } of headers) {
      this.#addBytes(key);
      this.#addBytes(value);
      this.#growth += 2;
    }
  }

  #addBytes(input: BytesInput): void {
    if (typeof input === "string") {
      this.#addString(input);
      return;
    }
    this.#ensure(4 + (input?.length ?? 0));
    this.#view.setInt32(this.#position, input?.length ?? -1, true);
    this.#position += 4;
    if (input === null) return;
    this.#bytes.set(input, this.#position);
    this.#position += input.length;
  }

  #addString(text: string): void {
    if (text.length >= LONG_STRING) {
      this.#addBytes(encoder.encode(text));
      return;
    }
    this.#ensure(4 + text.length * MAX_UTF8_PER_UNIT);
    const start = this.#position + 4;
    const written = this.#writeShortAscii(text, start) ? text.length : this.#writeUtf8(text, start);
    this.#view.setInt32(this.#position, written, true);
    this.#position = start + written;
  }

  /** Writes `text` if it is short and ASCII. @returns whether it was */
  #writeShortAscii(text: string, start: number): boolean {
    if (text.length > SHORT_STRING) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      bytes[start + i] = unit;
    }
    return true;
  }

  /** @returns the bytes written */
  #writeUtf8(text: string, start: number): number {
    return encoder.encodeInto(text, new Uint8Array(this.#bytes.buffer, start)).written;
  }

  #ensure(bytes: number): void {
    if (this.#position + bytes <= this.#bytes.length) return;
    // At least an eighth more than there is, so that many small records do not grow the memory one by one.
    this.#core.reserve(this.#position, Math.max(bytes, this.length >> 3));
    this.#bytes = this.#core.bytes;
    this.#view = this.#core.view;
  }
}
