// Answers the requests of an `r2Bucket` binding from a bucket: the wire's side of protocol.ts.

import { BodyReader } from "./body-reader.ts";
import { type Bucket, ConditionFailed, type FoundObject } from "./bucket.ts";
import { ArchiveError } from "./errors.ts";
import { parseRequest } from "./parse-request.ts";
import { type BucketRequest, ERROR_HEADER, METADATA_SIZE_HEADER, type ObjectHead, REQUEST_HEADER } from "./protocol.ts";

/** The largest request that is taken: 10,000 parts of a complete, or 1,000 keys of a delete, stay below. */
const MAX_REQUEST_BYTES = 2 * 1024 * 1024;

export async function serveBucket(request: Request, bucket: Bucket, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  try {
    const header = request.headers.get(REQUEST_HEADER);
    if (header !== null) return await read(parseRequest(header), bucket, waitUntil);
    const body = openBody(request);
    try {
      const operation = parseRequest(new TextDecoder().decode(await body.read(requestSize(request))));
      return Response.json(await write(operation, bucket, body));
    } finally {
      await body.discard();
    }
  } catch (error) {
    return errorResponse(error);
  }
}

async function read(request: BucketRequest, bucket: Bucket, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  if (request.method === "head") return metadataResponse(describe(await bucket.head(request.object)));
  if (request.method === "list") {
    const page = await bucket.list(request);
    return metadataResponse({ ...page, objects: page.objects.map(describe) });
  }
  if (request.method === "get") return objectResponse(await bucket.get(request), waitUntil);
  throw new ArchiveError("InvalidArgument", `${request.method} is not read by GET`);
}

/** Resolves to the answer's JSON. */
async function write(request: BucketRequest, bucket: Bucket, body: BodyReader): Promise<unknown> {
  switch (request.method) {
    case "put":
      return describe(await bucket.put(request, body));
    case "delete":
      await bucket.delete(request.objects);
      return {};
    case "createMultipartUpload":
      return bucket.createUpload(request);
    case "uploadPart":
      return bucket.uploadPart(request, body);
    case "completeMultipartUpload":
      return describe(await bucket.completeUpload(request));
    case "abortMultipartUpload":
      await bucket.abortUpload(request);
      return {};
    default:
      throw new ArchiveError("InvalidArgument", `${request.method} is not written by PUT`);
  }
}

function requestSize(request: Request): number {
  const size = Number(request.headers.get(METADATA_SIZE_HEADER) ?? Number.NaN);
  if (!(size >= 0 && size <= MAX_REQUEST_BYTES))
    throw new ArchiveError("InvalidArgument", `${METADATA_SIZE_HEADER} is missing or too large`);
  return size;
}

function openBody(request: Request): BodyReader {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (Number.isNaN(length)) throw new ArchiveError("InvalidArgument", "the body's length is not known");
  return new BodyReader(request.body, length);
}

function describe(head: ObjectHead) {
  return { ...head, storageClass: "Standard" };
}

function metadataResponse(answer: unknown, init: ResponseInit = {}): Response {
  const json = new TextEncoder().encode(JSON.stringify(answer));
  return new Response(json, { ...init, headers: { ...init.headers, [METADATA_SIZE_HEADER]: String(json.length) } });
}

function objectResponse({ head, range, body }: FoundObject, waitUntil: (work: Promise<unknown>) => void): Response {
  const json = new TextEncoder().encode(JSON.stringify({ ...describe(head), range }));
  const { readable, writable } = new FixedLengthStream(json.length + range.length);
  waitUntil(pump(json, body, writable));
  return new Response(readable, { headers: { [METADATA_SIZE_HEADER]: String(json.length) } });
}

/** A failure in the middle cuts the answer short of its length, which is how the reader learns of it. */
async function pump(json: Uint8Array, body: AsyncIterable<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(json);
    for await (const bytes of body) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {}); // already broken: the reader has gone away
  }
}

function errorResponse(error: unknown): Response {
  if (error instanceof ConditionFailed) {
    const { head } = error;
    const { status, headers } = refusal(new ArchiveError("PreconditionFailed"));
    return metadataResponse({ ...describe(head), range: { offset: 0, length: head.size } }, { status, headers });
  }
  if (error instanceof ArchiveError) return new Response(null, refusal(error));
  console.error("archive:", error);
  return new Response(null, refusal(new ArchiveError("InternalError", error instanceof Error ? error.message : "")));
}

function refusal({ status, code, message }: ArchiveError): { status: number; headers: Record<string, string> } {
  const json = JSON.stringify({ version: 1, v4code: code, message });
  const ascii = json.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { status, headers: { [ERROR_HEADER]: ascii } };
}
