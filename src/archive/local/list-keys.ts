// A page of a listing from objects in the order of their keys: R2's prefixes, delimiters and cursors.
//
// A cursor is base64url of the least key (inclusive) that the next page may hold. It needs no state, and stays right while keys come and go.

import type { ListPage } from "../bucket.ts";
import { ArchiveError } from "../errors.ts";
import { type ListRequest, MAX_ANSWER_BYTES, type ObjectHead } from "../protocol.ts";

/** About what an object takes in the answer beside its key and fields. */
const OBJECT_JSON_BYTES = 300;

/** `objectsFrom` gives the objects whose key is at least its argument, in order. */
export function listKeys(request: ListRequest, objectsFrom: (start: string) => Iterable<ObjectHead>): ListPage {
  const page = new PageBuilder(request);
  let start: string | null = startOf(request);
  while (start !== null) start = fill(page, request, objectsFrom(start));
  return page.finish();
}

/** Adds objects until the page is full or the prefix is passed; returns where to go on when a delimited prefix is to be skipped. */
function fill(page: PageBuilder, { prefix, delimiter, include }: ListRequest, objects: Iterable<ObjectHead>): string | null {
  for (const object of objects) {
    if (!object.name.startsWith(prefix)) return null;
    const at = delimiter === "" ? -1 : object.name.indexOf(delimiter, prefix.length);
    if (at < 0) {
      const httpFields = include.httpFields ? object.httpFields : {};
      const customFields = include.customFields ? object.customFields : [];
      if (!page.addObject({ ...object, httpFields, customFields })) return null;
    } else {
      const group = object.name.slice(0, at + delimiter.length);
      return page.addPrefix(group) ? after(group) : null;
    }
  }
  return null;
}

function startOf({ prefix, cursor, startAfter }: ListRequest): string {
  const starts = [prefix, cursor === null ? "" : decodeCursor(cursor), startAfter === null ? "" : `${startAfter}\0`];
  return starts.reduce((greatest, start) => (compareKeys(start, greatest) > 0 ? start : greatest));
}

class PageBuilder {
  readonly #limit: number;
  readonly #objects: ObjectHead[] = [];
  readonly #prefixes: string[] = [];
  /** Least key that comes after everything on the page. */
  #next: string | null = "";
  #bytes = 0;
  #truncated = false;

  constructor({ limit }: ListRequest) {
    this.#limit = limit;
  }

  /** False: there is no room, so that the page ends before it. */
  addObject(object: ObjectHead): boolean {
    const fields = Object.keys(object.httpFields).length + object.customFields.length === 0 ? 0 : JSON.stringify(object).length;
    if (!this.#takeRoom(OBJECT_JSON_BYTES + 2 * object.name.length + 2 * fields)) return false;
    this.#objects.push(object);
    this.#next = `${object.name}\0`;
    return true;
  }

  addPrefix(prefix: string): boolean {
    if (!this.#takeRoom(2 * prefix.length)) return false;
    this.#prefixes.push(prefix);
    this.#next = after(prefix);
    return true;
  }

  #takeRoom(bytes: number): boolean {
    this.#truncated = this.#objects.length + this.#prefixes.length === this.#limit || this.#bytes + bytes > MAX_ANSWER_BYTES;
    if (!this.#truncated) this.#bytes += bytes;
    return !this.#truncated;
  }

  finish(): ListPage {
    const cursor = this.#truncated && this.#next !== null ? { cursor: encodeCursor(this.#next) } : {};
    return { objects: this.#objects, truncated: this.#truncated, delimitedPrefixes: this.#prefixes, ...cursor };
  }
}

/** The least string after all that begin with `prefix`; null: there is none. Keys are ordered by code point, as their UTF-8 is. */
function after(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return null;
  return String.fromCodePoint(...points, last + 1 === 0xd800 ? 0xe000 : last + 1); // surrogates are no characters
}

function compareKeys(a: string, b: string): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? left.length - right.length : left[at]! - (right[at] ?? -1);
}

function encodeCursor(key: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(key)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

function decodeCursor(cursor: string): string {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    throw new ArchiveError("InvalidArgument", "The cursor is not one of ours.");
  }
}
