// JSON text as bytes, written in one pass, without a string for each value: how stored bytes get into a webhook's body or a fetch's
// answer. The core looks for what is to be escaped (assembly/json.ts), 16 bytes at a time. What is written is what JSON.stringify writes.
//
// One writer serves all texts of an isolate, one after the other: each begins with `begin`, ends with `take` or `takeText`, and awaits
// nothing in between.

import { encodeBase64 } from "../common/base64.ts";
import { highWord, lowWord } from "../record/int64.ts";
import type { Core } from "./core.ts";
import { ENTRY_BYTES, type RecordTable } from "./record-table.ts";
import { CoreError, NOT_UTF8 } from "./status.ts";

/** A buffer that has grown beyond this is let go with its text: one large answer must not hold memory for good. */
const MAX_KEPT_BYTES = 4 << 20;
const FIRST_BYTES = 64 << 10;

/** Up to so many bytes, copying them by hand is quicker than the way to the core and back. */
const SHORT_BYTES = 24;

/** The same for a text, which is to be encoded. */
const SHORT_TEXT_LENGTH = 128;

/** A longer text goes through the core in pieces of this size: escaped one may be six times as long, and the core's memory never shrinks. */
const PIECE_BYTES = 64 << 10;
const MAX_ESCAPED_LENGTH = 6;

/** Most that records of a table may take as JSON: a guard, far above what is asked for at a time. */
const MAX_TABLE_JSON_BYTES = 64 << 20;

/** The core reads and writes so many bytes beyond a text. */
const MARGIN_BYTES = 16;

/** Most digits of a safe integer, and its sign. */
const MAX_INTEGER_BYTES = 17;
const BILLION = 1_000_000_000;

const MINUS = 0x2d;
const ZERO = 0x30;
const QUOTE = 0x22;

/** 1 for ASCII without an escape. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== 0x5c));

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export class JsonWriter {
  readonly #core: Core;
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Forgets what was written. */
  begin(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Bytes that were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written, as a copy. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written, as a string. */
  takeText(): string {
    return decoder.decode(this.#bytes.subarray(0, this.#length));
  }

  /** Bytes that are JSON already. */
  raw(json: Uint8Array): void {
    this.#ensure(json.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < json.length; i++) bytes[at++] = json[i]!;
    this.#length = at;
  }

  /** Text that is JSON already. */
  rawText(json: string): void {
    if (json.length <= SHORT_TEXT_LENGTH && this.#shortAscii(json)) return;
    this.#ensure(json.length * 3);
    this.#length += encoder.encodeInto(json, this.#bytes.subarray(this.#length)).written;
  }

  /** A safe integer. */
  integer(value: number): void {
    this.#ensure(MAX_INTEGER_BYTES);
    if (value < 0) this.#bytes[this.#length++] = MINUS;
    this.#digits(Math.abs(value));
  }

  /** A string of these bytes, if they are UTF-8. @returns whether they are; nothing is written where they are not */
  utf8(text: Uint8Array): boolean {
    return (text.length <= SHORT_BYTES && this.#shortPlain(text)) || this.#escaped(text);
  }

  /** A string where the bytes are UTF-8, else `{"base64": …}`. */
  auto(bytes: Uint8Array): void {
    if (!this.utf8(bytes)) this.base64(bytes);
  }

  /** `{"base64":"…"}` */
  base64(bytes: Uint8Array): void {
    this.rawText(`{"base64":"${encodeBase64(bytes)}"}`);
  }

  /**
   * Objects of records of a table that follow each other, with commas between them: `prefix` opens each, and its members follow as
   * `writeRecord` (record-json.ts) has them. To be asked for few records at a time: the core's memory has room for them sixfold.
   * @returns whether they are written: not where the name of a header is no UTF-8
   */
  tableRecords(table: RecordTable, first: number, count: number, prefix: Uint8Array): boolean {
    const core = this.#core;
    const { from, to } = table.span(first, first + count);
    const source = core.reserve(core.scratch, count * ENTRY_BYTES);
    const prefixAt = core.reserve(source, to - from);
    const destination = core.reserve(prefixAt, prefix.length);
    core.bytes.set(table.entries.subarray(first * ENTRY_BYTES, (first + count) * ENTRY_BYTES), core.scratch);
    core.bytes.set(table.source.subarray(from, to), source);
    core.bytes.set(prefix, prefixAt);
    const [low, high] = [lowWord(table.baseOffset), highWord(table.baseOffset)];
    const length = core.growRoom(destination, MAX_TABLE_JSON_BYTES, (room) =>
      core.exports.recordsJson(core.scratch, count, source - from, low, high, prefixAt, prefix.length, destination, room),
    );
    if (length === NOT_UTF8) return false;
    if (length < 0) throw new CoreError(length);
    this.#ensure(length);
    this.#bytes.set(core.bytes.subarray(destination, destination + length), this.#length);
    this.#length += length;
    return true;
  }

  /** @returns whether it is ASCII: it is not written where it is not */
  #shortAscii(text: string): boolean {
    this.#ensure(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      this.#bytes[this.#length + i] = unit;
    }
    this.#length += text.length;
    return true;
  }

  /** Writes a short text that needs no escape. @returns whether it does not */
  #shortPlain(text: Uint8Array): boolean {
    this.#ensure(SHORT_BYTES + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const byte = text[i]!;
      if (IS_PLAIN[byte] === 0) return false;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
    return true;
  }

  #escaped(text: Uint8Array): boolean {
    const start = this.#length;
    this.#ensure(text.length + 2);
    this.#bytes[this.#length++] = QUOTE;
    for (let from = 0; from < text.length; ) {
      const to = pieceEnd(text, from);
      if (!this.#escapePiece(from === 0 && to === text.length ? text : text.subarray(from, to))) {
        this.#length = start;
        return false;
      }
      from = to;
    }
    this.#ensure(1);
    this.#bytes[this.#length++] = QUOTE;
    return true;
  }

  #escapePiece(text: Uint8Array): boolean {
    const core = this.#core;
    const destination = core.reserve(core.scratch, text.length + MARGIN_BYTES);
    core.reserve(destination, text.length * MAX_ESCAPED_LENGTH + MARGIN_BYTES);
    core.bytes.set(text, core.scratch);
    const length = core.exports.jsonEscape(core.scratch, text.length, destination);
    if (length < 0) return false;
    this.#ensure(length);
    this.#bytes.set(length === text.length ? text : core.bytes.subarray(destination, destination + length), this.#length);
    this.#length += length;
    return true;
  }

  /** Digits of a safe integer that is not negative, nine at a time: 32-bit arithmetic is what is quick. */
  #digits(value: number): void {
    const high = Math.floor(value / BILLION);
    if (high > 0) this.#digits(high);
    let rest = value - high * BILLION;
    const count = high > 0 ? 9 : digitCount(rest);
    const bytes = this.#bytes;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#length += count;
  }

  #ensure(room: number): void {
    const needed = this.#length + room;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Of an integer below a billion. */
function digitCount(value: number): number {
  let count = 1;
  for (let power = 10; count < 9 && value >= power; power *= 10) count += 1;
  return count;
}

/** Where a piece of a text ends: not within a character. (In what is not UTF-8 it may end anywhere.) */
function pieceEnd(text: Uint8Array, from: number): number {
  let to = Math.min(text.length, from + PIECE_BYTES);
  if (to < text.length) for (let back = 0; back < 3 && (text[to]! & 0xc0) === 0x80; back++) to -= 1;
  return to;
}
