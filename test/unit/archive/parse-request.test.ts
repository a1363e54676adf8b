import { expect, test } from "vitest";
import { parseRequest } from "../../../src/archive/parse-request.ts";
import { resolveRange } from "../../../src/archive/ranges.ts";

const parse = (request: object) => parseRequest(JSON.stringify({ version: 1, ...request }));

test("takes requests as workerd writes them: 64-bit numbers as strings, defaults left out", () => {
  expect(parse({ method: "get", object: "k", range: { offset: "5", length: "9" } })).toEqual({
    method: "get",
    object: "k",
    range: { offset: 5, length: 9 },
    onlyIf: null,
  });
  expect(parse({ method: "put", object: "k", onlyIf: { etagDoesNotMatch: [{ type: "wildcard" }], uploadedAfter: "7" } })).toEqual({
    method: "put",
    object: "k",
    httpFields: {},
    customFields: [],
    onlyIf: { etagDoesNotMatch: [{ type: "wildcard" }], uploadedAfter: 7 },
    checksum: null,
  });
  expect(parse({ method: "list" })).toMatchObject({ limit: 1000, prefix: "", delimiter: "", cursor: null, startAfter: null });
  expect(parse({ method: "delete", object: "a" })).toEqual({ method: "delete", objects: ["a"] });
  expect(parse({ method: "delete", objects: ["a", "b"] })).toEqual({ method: "delete", objects: ["a", "b"] });
});

test("takes a checksum in hex or, MD5, in base64", () => {
  expect(parse({ method: "put", object: "k", md5: "AAECAwQFBgcICQoLDA0ODw==" })).toMatchObject({
    checksum: { algorithm: "MD5", hex: "000102030405060708090a0b0c0d0e0f" },
  });
  expect(parse({ method: "put", object: "k", sha1: "AB01" })).toMatchObject({ checksum: { algorithm: "SHA-1", hex: "ab01" } });
});

test("reads a Range header as HTTP has it; several ranges mean the whole object", () => {
  const cases: readonly (readonly [string, object | null])[] = [
    ["bytes=0-0", { offset: 0, length: 1 }],
    ["bytes=5-", { offset: 5 }],
    ["bytes=-5", { suffix: 5 }],
    ["bytes=0-1,5-6", null],
    ["bytes=-", null],
    ["lines=1-2", null],
  ];
  for (const [rangeHeader, range] of cases) expect(parse({ method: "get", object: "k", rangeHeader })).toMatchObject({ range });
});

test("refuses keys, limits and methods that R2 has not, and keys for encryption", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ method: "head" }, "InvalidObjectName"],
    [{ method: "head", object: "ü".repeat(513) }, "InvalidObjectName"],
    [{ method: "list", limit: 0 }, "InvalidMaxKeys"],
    [{ method: "list", limit: 1001 }, "InvalidMaxKeys"],
    [{ method: "listBucket" }, "InvalidArgument"],
    [{ method: "get", object: "k", ssec: { key: "00" } }, "InvalidArgument"],
  ];
  for (const [request, name] of cases) expect(() => parse(request)).toThrow(expect.objectContaining({ name }));
});

test("a range is cut at the end of the object, and must hold a byte", () => {
  expect(resolveRange(null, 0)).toEqual({ offset: 0, length: 0 });
  expect(resolveRange({ offset: 3, length: 100 }, 10)).toEqual({ offset: 3, length: 7 });
  expect(resolveRange({ suffix: 100 }, 10)).toEqual({ offset: 0, length: 10 });
  for (const range of [{ offset: 10 }, { offset: 11, length: 1 }, { length: 0 }, { suffix: 0 }, { offset: 5, length: -3 }]) {
    expect(() => resolveRange(range, 10)).toThrow(expect.objectContaining({ name: "InvalidRange" }));
  }
  expect(() => resolveRange({ suffix: 1 }, 0)).toThrow(expect.objectContaining({ name: "InvalidRange" }));
});
