// What the broker relies on in an R2 bucket, checked through the binding's own API. Runs inside workerd: over the archive's back ends, and
// over R2 as wrangler emulates it, which shows that the promises are R2's and not only ours.
//
// Each check gets a prefix of its own. It rejects with what was wrong.

import { concatBytes } from "../../src/common/bytes.ts";

export interface BucketPromise {
  readonly name: string;
  check(bucket: R2Bucket, prefix: string): Promise<void>;
}

const MIB = 1024 * 1024;

/** R2's smallest part. */
const PART_BYTES = 5 * MIB;

/** Bytes whose place can be told from them, other ones for each seed. */
export function pattern(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    if ((i & 3) === 0) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> ((i & 3) * 8);
  }
  return bytes;
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: got ${left}, not ${right}`);
}

function equalBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(actual.length, expected.length, `${what}, length`);
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  if (at >= 0) throw new Error(`${what}: byte ${at} differs`);
}

/** Resolves to the message. R2's end with the code in brackets. */
async function rejection(promise: Promise<unknown>, what: string): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${what}: was not refused`);
}

async function refusedWith(codes: readonly number[], promise: Promise<unknown>, what: string): Promise<void> {
  const message = await rejection(promise, what);
  if (!codes.some((code) => message.endsWith(`(${code})`)))
    throw new Error(`${what}: refused with "${message}", not with ${codes.join(" or ")}`);
}

async function bytesOf(object: R2ObjectBody | R2Object | null, what: string): Promise<Uint8Array> {
  if (object === null || !("body" in object)) throw new Error(`${what}: no body`);
  return new Uint8Array(await object.arrayBuffer());
}

async function allKeys(bucket: R2Bucket, options: R2ListOptions): Promise<{ keys: string[]; pages: number }> {
  const keys: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages++) {
    const page = await bucket.list({ ...options, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) return { keys, pages };
    cursor = page.cursor;
  }
}

async function upload(bucket: R2Bucket, key: string, parts: readonly Uint8Array[]): Promise<R2Object> {
  const target = await bucket.createMultipartUpload(key);
  const published = [];
  for (const [index, part] of parts.entries()) published.push(await target.uploadPart(index + 1, part));
  return target.complete(published);
}

export const bucketPromises: readonly BucketPromise[] = [
  {
    name: "returns what was put, with its size, etag and time",
    async check(bucket, prefix) {
      const data = pattern(100_000);
      const before = Date.now() - 2_000;
      const put = await bucket.put(`${prefix}a`, data.buffer);
      const got = await bucket.get(`${prefix}a`);
      equalBytes(await bytesOf(got, "get"), data, "get");
      equal([got?.key, got?.size, got?.etag, got?.httpEtag], [put?.key, data.length, put?.etag, `"${put?.etag}"`], "what get tells");
      const md5 = Array.from(new Uint8Array(await crypto.subtle.digest("MD5", data)), (byte) => byte.toString(16).padStart(2, "0")).join(
        "",
      );
      equal(put?.etag, md5, "the etag");
      const uploaded = got!.uploaded.getTime();
      if (!(uploaded >= before && uploaded <= Date.now() + 2_000)) throw new Error(`uploaded at ${uploaded}`);
      const head = await bucket.head(`${prefix}a`);
      equal([head?.key, head?.size, head?.etag, head?.uploaded], [got?.key, got?.size, got?.etag, got?.uploaded], "head");
    },
  },
  {
    name: "keeps content type and custom metadata",
    async check(bucket, prefix) {
      const customMetadata = { Epoch: "7", text: "ü €" };
      await bucket.put(`${prefix}m`, "x", { httpMetadata: { contentType: "text/plain", cacheControl: "no-store" }, customMetadata });
      const head = await bucket.head(`${prefix}m`);
      equal(head?.customMetadata, customMetadata, "custom metadata");
      equal([head?.httpMetadata?.contentType, head?.httpMetadata?.cacheControl], ["text/plain", "no-store"], "HTTP metadata");
    },
  },
  {
    name: "keeps objects of every size around its inner borders",
    async check(bucket, prefix) {
      for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB + 5]) {
        const data = pattern(size, size);
        const put = await bucket.put(`${prefix}${size}`, data);
        equal(put?.size, size, "size");
        equalBytes(await bytesOf(await bucket.get(`${prefix}${size}`), `${size} bytes`), data, `${size} bytes`);
      }
    },
  },
  {
    name: "reads ranges, and cuts those that reach past the end",
    async check(bucket, prefix) {
      const data = pattern(3 * MIB + 17);
      await bucket.put(`${prefix}r`, data);
      const cases: [R2Range, number, number][] = [
        [{ offset: 0, length: 1 }, 0, 1],
        [{ offset: MIB - 1, length: 2 }, MIB - 1, MIB + 1],
        [{ offset: MIB, length: MIB }, MIB, 2 * MIB],
        [{ offset: 5, length: 3 * MIB }, 5, 3 * MIB + 5],
        [{ offset: 3 * MIB }, 3 * MIB, data.length],
        [{ length: 10 }, 0, 10],
        [{ offset: data.length - 1, length: 100 }, data.length - 1, data.length],
        [{ suffix: 1 }, data.length - 1, data.length],
        [{ suffix: MIB + 1 }, data.length - MIB - 1, data.length],
        [{ suffix: 2 * data.length }, 0, data.length],
      ];
      for (const [range, from, end] of cases) {
        const what = JSON.stringify(range);
        const got = await bucket.get(`${prefix}r`, { range });
        equalBytes(await bytesOf(got, what), data.subarray(from, end), what);
        equal([got?.range, got?.size], [{ offset: from, length: end - from }, data.length], `${what}, as answered`);
      }
      const byHeader = await bucket.get(`${prefix}r`, { range: new Headers({ range: "bytes=10-19" }) });
      equalBytes(await bytesOf(byHeader, "Range header"), data.subarray(10, 20), "Range header");
    },
  },
  {
    name: "refuses a range without a byte",
    async check(bucket, prefix) {
      await bucket.put(`${prefix}r`, "0123456789");
      for (const range of [{ offset: 11 }, { offset: 0, length: 0 }, { suffix: 0 }]) {
        await refusedWith([10039], bucket.get(`${prefix}r`, { range }), JSON.stringify(range));
      }
    },
  },
  {
    name: "answers null for a key that is not there",
    async check(bucket, prefix) {
      equal(await bucket.get(`${prefix}none`), null, "get");
      equal(await bucket.get(`${prefix}none`, { range: { offset: 5, length: 5 } }), null, "get of a range");
      equal(await bucket.head(`${prefix}none`), null, "head");
      await bucket.delete(`${prefix}none`);
    },
  },
  {
    name: "takes keys of any characters, up to 1,024 bytes",
    async check(bucket, prefix) {
      const long = prefix + "k".repeat(1024 - prefix.length);
      const keys = ["a b+c%2F?&=#", "ü/€/😀", "<&>\"'", "x//y", "(1)!*'~", long.slice(prefix.length)].map((key) => prefix + key);
      for (const key of keys) await bucket.put(key, key);
      for (const key of keys) equal(await (await bucket.get(key))?.text(), key, "the object");
      equal((await allKeys(bucket, { prefix })).keys.sort(), keys.sort(), "the listed keys");
      await refusedWith([10020], bucket.put(`${long}k`, "x"), "a key of 1,025 bytes");
    },
  },
  {
    name: "replaces an object as a whole",
    async check(bucket, prefix) {
      await bucket.put(`${prefix}o`, pattern(3 * MIB, 1));
      const second = pattern(2 * MIB + 5, 2);
      const put = await bucket.put(`${prefix}o`, second);
      const got = await bucket.get(`${prefix}o`);
      equal([got?.size, got?.etag], [second.length, put?.etag], "the new version");
      equalBytes(await bytesOf(got, "get"), second, "the new version");
      equal((await bucket.list({ prefix })).objects.length, 1, "objects");
    },
  },
  {
    name: "puts if absent, for one writer only",
    async check(bucket, prefix) {
      const onlyIf = { etagDoesNotMatch: "*" };
      const writers = [1, 2, 3, 4].map((seed) => bucket.put(`${prefix}c`, pattern(2 * MIB, seed).buffer, { onlyIf }));
      const puts = await Promise.all(writers);
      equal(puts.filter((put) => put !== null).length, 1, "writers that won");
      const winner = puts.findIndex((put) => put !== null);
      equalBytes(await bytesOf(await bucket.get(`${prefix}c`), "get"), pattern(2 * MIB, winner + 1), "the winner's data");
      equal(await bucket.put(`${prefix}c`, "late", { onlyIf: new Headers({ "if-none-match": "*" }) }), null, "a late put");
      await bucket.delete(`${prefix}c`);
      equal((await bucket.put(`${prefix}c`, "again", { onlyIf }))?.size, 5, "a put after the delete");
    },
  },
  {
    name: "puts only over the version that was named",
    async check(bucket, prefix) {
      const first = await bucket.put(`${prefix}c`, "one");
      equal(await bucket.put(`${prefix}c`, "two", { onlyIf: { etagMatches: "0".repeat(32) } }), null, "another etag");
      equal(await (await bucket.get(`${prefix}c`))?.text(), "one", "what is there");
      const second = await bucket.put(`${prefix}c`, "two", { onlyIf: { etagMatches: first!.etag } });
      equal(second?.size, 3, "the etag that is there");
    },
  },
  {
    name: "gets on conditions, and tells what is there when they fail",
    async check(bucket, prefix) {
      const { etag } = (await bucket.put(`${prefix}c`, "data"))!;
      const refused = await bucket.get(`${prefix}c`, { onlyIf: { etagDoesNotMatch: etag } });
      equal([refused !== null && "body" in refused, refused?.etag, refused?.size], [false, etag, 4], "unchanged");
      const changed = await bucket.get(`${prefix}c`, { onlyIf: { etagMatches: "0".repeat(32) } });
      equal(changed !== null && "body" in changed, false, "another etag");
      equal(
        new TextDecoder().decode(await bytesOf(await bucket.get(`${prefix}c`, { onlyIf: { etagMatches: etag } }), "get")),
        "data",
        "same etag",
      );
      equal(await bucket.get(`${prefix}none`, { onlyIf: { etagMatches: etag } }), null, "no such key");
    },
  },
  {
    name: "refuses data that does not have the checksum that was named",
    async check(bucket, prefix) {
      const data = pattern(MIB);
      const sha256 = await crypto.subtle.digest("SHA-256", data);
      await bucket.put(`${prefix}h`, data, { sha256 });
      await refusedWith([10037], bucket.put(`${prefix}i`, pattern(MIB, 2), { sha256 }), "another SHA-256");
      await refusedWith([10037], bucket.put(`${prefix}i`, data, { md5: new Uint8Array(16) }), "another MD5");
      equal(await bucket.head(`${prefix}i`), null, "what was refused");
    },
  },
  {
    name: "lists in order, by prefix, page by page",
    async check(bucket, prefix) {
      const keys = Array.from({ length: 25 }, (_, index) => `${prefix}p/${String(index).padStart(3, "0")}`);
      await Promise.all([...keys, `${prefix}o`, `${prefix}q`].map((key, size) => bucket.put(key, "x".repeat(size))));
      equal((await allKeys(bucket, { prefix: `${prefix}p/` })).keys, keys, "all in one page");
      equal(await allKeys(bucket, { prefix: `${prefix}p/`, limit: 10 }), { keys, pages: 3 }, "pages of 10");
      equal((await allKeys(bucket, { prefix: `${prefix}p/`, limit: 25 })).keys, keys, "a page that just holds them");
      equal((await allKeys(bucket, { prefix: `${prefix}p/`, startAfter: keys[19]! })).keys, keys.slice(20), "after a key");
      equal((await allKeys(bucket, { prefix: `${prefix}none/` })).keys, [], "no such prefix");
      const page = await bucket.list({ prefix: `${prefix}p/`, limit: 3 });
      equal(
        page.objects.map(({ size }) => size),
        [0, 1, 2],
        "sizes",
      );
      await refusedWith([10022], bucket.list({ limit: 1001 }), "a limit of 1,001");
    },
  },
  {
    name: "goes on with a listing although keys come and go",
    async check(bucket, prefix) {
      const put = (names: readonly string[]) => Promise.all(names.map((name) => bucket.put(prefix + name, name)));
      await put(["b", "d", "f", "h"]);
      const first = await bucket.list({ prefix, limit: 2 });
      await bucket.delete(`${prefix}d`);
      await put(["a", "g"]);
      const { cursor } = first as R2Objects & { truncated: true };
      const second = await bucket.list({ prefix, cursor });
      equal(
        [...first.objects, ...second.objects].map(({ key }) => key.slice(prefix.length)),
        ["b", "d", "f", "g", "h"],
        "keys",
      );
    },
  },
  {
    name: "lists a level at a time with a delimiter",
    async check(bucket, prefix) {
      const names = ["a", "b/1", "b/2", "b/c/3", "d", "e/4", "e/5", "f"];
      for (const name of names) await bucket.put(prefix + name, name);
      const level = await bucket.list({ prefix, delimiter: "/" });
      equal(
        level.objects.map(({ key }) => key),
        ["a", "d", "f"].map((name) => prefix + name),
        "objects",
      );
      equal(
        level.delimitedPrefixes,
        ["b/", "e/"].map((name) => prefix + name),
        "prefixes",
      );
      const below = await bucket.list({ prefix: `${prefix}b/`, delimiter: "/" });
      equal([below.objects.length, below.delimitedPrefixes], [2, [`${prefix}b/c/`]], "a level below");
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await bucket.list({ prefix, delimiter: "/", limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.objects.map(({ key }) => key), ...page.delimitedPrefixes);
        cursor = page.truncated ? page.cursor : undefined;
      } while (cursor !== undefined);
      equal(
        seen.sort(),
        ["a", "b/", "d", "e/", "f"].map((name) => prefix + name),
        "page by page",
      );
    },
  },
  {
    name: "deletes one key or many, those that are not there too",
    async check(bucket, prefix) {
      const keys = Array.from({ length: 12 }, (_, index) => `${prefix}${index}`);
      for (const key of keys) await bucket.put(key, key);
      await bucket.delete(keys[0]!);
      await bucket.delete([...keys.slice(0, 11), `${prefix}none`]);
      equal((await allKeys(bucket, { prefix })).keys, [keys[11]], "what is left");
      equal(await bucket.get(keys[5]!), null, "a deleted key");
    },
  },
  {
    name: "puts parts together in the order of their numbers",
    async check(bucket, prefix) {
      const parts = [pattern(PART_BYTES, 1), pattern(PART_BYTES, 2), pattern(1_234_567, 3)];
      const target = await bucket.createMultipartUpload(`${prefix}u`, { customMetadata: { a: "b" } });
      equal(await bucket.head(`${prefix}u`), null, "before it is complete");
      const published: R2UploadedPart[] = [];
      for (const number of [3, 1, 2]) published.push(await target.uploadPart(number, parts[number - 1]!.buffer));
      const done = await target.complete(published.sort((a, b) => a.partNumber - b.partNumber));
      const whole = concatBytes(parts);
      equal(done.size, whole.length, "size");
      if (!/^[0-9a-f]{32}-3$/.test(done.etag)) throw new Error(`etag ${done.etag}`);
      const got = await bucket.get(`${prefix}u`);
      equal([got?.etag, got?.customMetadata], [done.etag, { a: "b" }], "what get tells");
      equalBytes(await bytesOf(got, "get"), whole, "the object");
      for (const [offset, length] of [
        [PART_BYTES - 3, 7],
        [0, 2 * PART_BYTES + 1],
        [2 * PART_BYTES, 100],
        [PART_BYTES + MIB, MIB],
      ] as const) {
        const range = await bytesOf(await bucket.get(`${prefix}u`, { range: { offset, length } }), "range");
        equalBytes(range, whole.subarray(offset, offset + length), `${length} bytes at ${offset}`);
      }
    },
  },
  {
    name: "takes the last upload of a part, and only the parts that are named",
    async check(bucket, prefix) {
      const target = await bucket.createMultipartUpload(`${prefix}u`);
      const [, , , first] = [
        await target.uploadPart(1, pattern(PART_BYTES, 9)),
        await target.uploadPart(2, pattern(PART_BYTES, 8)),
        await target.uploadPart(3, pattern(10, 7)),
        await target.uploadPart(1, pattern(PART_BYTES, 1)),
      ];
      const last = await target.uploadPart(3, pattern(20, 3));
      await target.complete([first, last]);
      const expected = concatBytes([pattern(PART_BYTES, 1), pattern(20, 3)]);
      equalBytes(await bytesOf(await bucket.get(`${prefix}u`), "get"), expected, "the object");
    },
  },
  {
    name: "resumes an upload by its id, and replaces what was there when it completes",
    async check(bucket, prefix) {
      await bucket.put(`${prefix}u`, "old");
      const { uploadId } = await bucket.createMultipartUpload(`${prefix}u`);
      const part = await bucket.resumeMultipartUpload(`${prefix}u`, uploadId).uploadPart(1, pattern(50));
      equal(await (await bucket.get(`${prefix}u`))?.text(), "old", "before");
      await bucket.resumeMultipartUpload(`${prefix}u`, uploadId).complete([part]);
      equalBytes(await bytesOf(await bucket.get(`${prefix}u`), "get"), pattern(50), "after");
    },
  },
  {
    name: "refuses to complete what was not uploaded, or with parts that are too small",
    async check(bucket, prefix) {
      const target = await bucket.createMultipartUpload(`${prefix}u`);
      const part = await target.uploadPart(1, pattern(100));
      const second = await target.uploadPart(2, pattern(100));
      await refusedWith([10025], target.complete([{ ...part, etag: "0".repeat(32) }]), "another etag");
      await refusedWith([10025], target.complete([part, { partNumber: 7, etag: part.etag }]), "no such part");
      await refusedWith([10011], target.complete([part, second]), "a small part");
      equal(await bucket.head(`${prefix}u`), null, "the object");
      await target.complete([part]);
    },
  },
  {
    name: "forgets an upload that was aborted or completed",
    async check(bucket, prefix) {
      const aborted = await bucket.createMultipartUpload(`${prefix}u`);
      const part = await aborted.uploadPart(1, pattern(100));
      await aborted.abort();
      await refusedWith([10024], aborted.uploadPart(2, pattern(100)), "a part after the abort");
      await refusedWith([10024], aborted.complete([part]), "a complete after the abort");
      await aborted.abort();
      equal(await bucket.head(`${prefix}u`), null, "the object");
      const completed = await bucket.createMultipartUpload(`${prefix}v`);
      await completed.complete([await completed.uploadPart(1, pattern(100))]);
      await rejection(completed.uploadPart(2, pattern(100)), "a part after the complete");
      equal((await bucket.head(`${prefix}v`))?.size, 100, "the completed object");
    },
  },
  {
    name: "serves many readers and writers at a time",
    async check(bucket, prefix) {
      const tasks = Array.from({ length: 24 }, async (_, index) => {
        const key = `${prefix}${index}`;
        const data = pattern(200_000 + index, index);
        if (index % 4 === 0) await upload(bucket, key, [data]);
        else await bucket.put(key, data);
        equalBytes(await bytesOf(await bucket.get(key), key), data, key);
      });
      await Promise.all(tasks);
      equal((await allKeys(bucket, { prefix })).keys.length, 24, "objects");
    },
  },
  {
    name: "streams an object of 50 MB in and out",
    async check(bucket, prefix) {
      await streamThrough(bucket, `${prefix}s`, 50_000_000);
    },
  },
];

/** Puts and gets an object of which neither side ever holds more than a megabyte. */
export async function streamThrough(bucket: R2Bucket, key: string, size: number): Promise<void> {
  const block = pattern(MIB, 5);
  const { readable, writable } = new FixedLengthStream(size);
  const feed = async () => {
    const writer = writable.getWriter();
    for (let at = 0; at < size; at += MIB) await writer.write(block.subarray(0, Math.min(MIB, size - at)));
    await writer.close();
  };
  const [put] = await Promise.all([bucket.put(key, readable), feed()]);
  equal(put?.size, size, "size");
  let position = 0;
  const got = (await bucket.get(key))!;
  for await (const bytes of got.body as unknown as AsyncIterable<Uint8Array>) {
    for (let i = 0; i < bytes.length; i += 4093) {
      if (bytes[i] !== block[(position + i) % MIB]) throw new Error(`byte ${position + i} differs`);
    }
    position += bytes.length;
  }
  equal(position, size, "bytes read back");
}
