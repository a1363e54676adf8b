// A Worker with nothing but an R2 bucket, driven over HTTP:
//
//   GET    /promises            names of the suite's promises, JSON
//   POST   /promises/{index}    checks one; 500 with what was wrong
//   POST   /stream?size=N       an object of N bytes, put and read back as a stream
//   PUT    /objects/{key}       puts the body, if absent (409 if not)
//   PUT    /uploads/{key}       the same by multipart, in parts of 5 MiB
//   GET, DELETE /objects/{key}
//   GET    /objects?prefix=P    keys, JSON

import { bucketPromises, streamThrough } from "../../conformance/bucket.ts";

const PART_BYTES = 5 * 1024 * 1024;

interface Env {
  readonly BUCKET: R2Bucket;
}

export default {
  async fetch(request, { BUCKET }) {
    try {
      return await route(request, BUCKET);
    } catch (error) {
      return new Response((error as Error).message, { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;

async function route(request: Request, bucket: R2Bucket): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [, kind, name] = pathname.split("/").map(decodeURIComponent);
  const operation = `${request.method} ${kind}`;
  if (operation === "GET promises") return Response.json(bucketPromises.map((promise) => promise.name));
  if (operation === "POST promises") {
    await bucketPromises[Number(name)]!.check(bucket, `suite-${crypto.randomUUID()}/`);
    return new Response();
  }
  if (operation === "POST stream") {
    await streamThrough(bucket, `stream-${crypto.randomUUID()}`, Number(searchParams.get("size")));
    return new Response();
  }
  if (operation === "GET objects" && name === undefined) return Response.json(await listAll(bucket, searchParams.get("prefix") ?? ""));
  if (operation === "GET objects") {
    const object = await bucket.get(name!);
    return object === null ? new Response(null, { status: 404 }) : new Response(object.body, { headers: { etag: object.httpEtag } });
  }
  if (operation === "DELETE objects") {
    await bucket.delete(name!);
    return new Response();
  }
  const stored = await (kind === "uploads" ? upload : putIfAbsent)(bucket, name!, await request.arrayBuffer());
  return new Response(null, { status: stored ? 200 : 409 });
}

async function putIfAbsent(bucket: R2Bucket, key: string, data: ArrayBuffer): Promise<boolean> {
  return (await bucket.put(key, data, { onlyIf: { etagDoesNotMatch: "*" } })) !== null;
}

async function upload(bucket: R2Bucket, key: string, data: ArrayBuffer): Promise<boolean> {
  const target = await bucket.createMultipartUpload(key);
  const parts: R2UploadedPart[] = [];
  for (let at = 0; at === 0 || at < data.byteLength; at += PART_BYTES) {
    parts.push(await target.uploadPart(parts.length + 1, data.slice(at, at + PART_BYTES)));
  }
  await target.complete(parts);
  return true;
}

async function listAll(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) return keys;
    cursor = page.cursor;
  }
}
