import fc from "fast-check";
import { expect, test } from "vitest";
import { listKeys } from "../../../src/archive/local/list-keys.ts";
import type { ListRequest, ObjectHead } from "../../../src/archive/protocol.ts";

function object(name: string): ObjectHead {
  return { name, version: "v", size: 1, etag: "e", uploaded: 0, httpFields: {}, customFields: [], checksums: {} };
}

const compareUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** As SQLite does: in the order of the keys' bytes. */
function source(keys: readonly string[]) {
  const sorted = [...new Set(keys)].sort(compareUtf8);
  return (start: string) => sorted.filter((key) => compareUtf8(key, start) >= 0).map(object);
}

function request(changes: Partial<ListRequest>): ListRequest {
  const include = { httpFields: false, customFields: false };
  return { method: "list", limit: 1000, prefix: "", delimiter: "", cursor: null, startAfter: null, include, ...changes };
}

/** Follows the cursors to the end; what each page holds, in order. */
function listAll(keys: readonly string[], changes: Partial<ListRequest>): string[][] {
  const pages: string[][] = [];
  for (let cursor: string | null = null; ; ) {
    const page = listKeys(request({ ...changes, cursor }), source(keys));
    pages.push([...page.objects.map(({ name }) => name), ...page.delimitedPrefixes].sort(compareUtf8));
    if (!page.truncated) return pages;
    cursor = page.cursor!;
  }
}

/** The definition: keys below the prefix, those with the delimiter after it cut there, without repetition. */
function expected(keys: readonly string[], { prefix = "", delimiter = "" }: Partial<ListRequest>): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(names)].sort(compareUtf8);
}

const characters = fc.constantFrom("a", "b", "/", "\u0000", "ü", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}");
const keyList = fc.array(fc.string({ unit: characters, minLength: 1, maxLength: 5 }), { maxLength: 30 });

test("pages of any size hold every key once, in the order of UTF-8, whatever the characters, prefix and delimiter", () => {
  const prefixes = fc.string({ unit: characters, maxLength: 2 });
  const delimiters = fc.constantFrom("", "/", "ab", "\u{10ffff}", "\ud7ff");
  fc.assert(
    fc.property(keyList, prefixes, delimiters, fc.integer({ min: 1, max: 10 }), (keys, prefix, delimiter, limit) => {
      const pages = listAll(keys, { prefix, delimiter, limit });
      expect(pages.flat()).toEqual(expected(keys, { prefix, delimiter }));
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    }),
    { numRuns: 2000 },
  );
});

test("starts after a key", () => {
  fc.assert(
    fc.property(keyList, fc.string({ unit: characters, minLength: 1, maxLength: 3 }), (keys, startAfter) => {
      const found = listAll(keys, { startAfter, limit: 3 }).flat();
      expect(found).toEqual(expected(keys, {}).filter((key) => compareUtf8(key, startAfter) > 0));
    }),
  );
});

test("a page stays below the size that workerd takes", () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `${String(index).padStart(4, "0")}${"k".repeat(1020)}`);
  const { objects, truncated } = listKeys(request({}), source(keys));
  expect(truncated).toBe(true);
  expect(JSON.stringify(objects).length).toBeLessThan(1024 * 1024);
  expect(listAll(keys, {}).flat()).toEqual(keys);
});

test("refuses a cursor that is none", () => {
  expect(() => listKeys(request({ cursor: "%" }), source([]))).toThrow("cursor");
});
