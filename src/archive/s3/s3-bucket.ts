// A bucket at an S3-compatible endpoint. Spec: Amazon S3 API Reference (PutObject, GetObject, ListObjectsV2, the multipart calls).
//
// Where S3 has less than R2: conditional puts only by etag, no checksum of a put above 16 MiB, no metadata in lists, no
// Content-Encoding (workerd would decode it on the way back), and 2 KB of custom metadata.
//
// A conditional write that is repeated after its answer was lost meets its own effect, and is refused. Every write therefore has a random
// id in the object's metadata: a refusal after a repeat is a success if the object that is there has our id.

import { type Bucket, ConditionFailed, type FoundObject, type ListPage, type ObjectBody } from "../bucket.ts";
import { ArchiveError } from "../errors.ts";
import { Hasher } from "../hashing.ts";
import type {
  AbortUploadRequest,
  CompleteUploadRequest,
  CreateUploadRequest,
  GetRequest,
  ListRequest,
  ObjectHead,
  PutRequest,
  RequestedRange,
  UploadPartRequest,
} from "../protocol.ts";
import { resolveRange } from "../ranges.ts";
import { type S3Answer, type S3Call, S3Client, S3Refusal } from "./client.ts";
import type { S3Env } from "./env.ts";
import { readListing } from "./listing.ts";
import { readBody } from "./object-body.ts";
import { checksumsOf, conditionHeaders, plainEtag, readHead, writeHeaders, writeIdOf } from "./object-headers.ts";
import { escapeXml, text } from "./xml.ts";

/** Bodies up to this size are held in memory, so that they can be signed and sent again. Larger ones are streamed, and sent once. */
const HELD_BYTES = 16 * 1024 * 1024;

const STREAMED_PIECE_BYTES = 1024 * 1024;

/** A page of R2's has at most 1 MiB of JSON; keys have up to 1 KiB. */
const MAX_PAGE_KEYS = 500;

/** The platform's limit of connections that wait for an answer. */
const CONCURRENT_DELETES = 6;

/** Between the write id and S3's own id in the upload ids that we hand out. */
const UPLOAD_ID_SEPARATOR = ".";

export class S3Bucket implements Bucket {
  readonly #client: S3Client;
  readonly #prefix: string;

  constructor(env: S3Env) {
    this.#client = new S3Client(env);
    this.#prefix = env.S3_PREFIX;
  }

  async head(key: string): Promise<ObjectHead> {
    const { response } = await this.#client.call({ method: "HEAD", key });
    return readHead(key, response, Number(response.headers.get("content-length")));
  }

  async get({ object: key, range: requested, onlyIf }: GetRequest): Promise<FoundObject> {
    const headers = { ...conditionHeaders(onlyIf), ...rangeHeader(requested) };
    const { response } = await this.#client.call({ method: "GET", key, headers }).catch(async (error) => {
      if (error instanceof ArchiveError && error.name === "PreconditionFailed") throw new ConditionFailed(await this.head(key));
      throw error;
    });
    const size = objectSize(response);
    const head = readHead(key, response, size);
    const range = resolveRange(requested, size);
    if (range.length !== size && response.status !== 206) throw new ArchiveError("InternalError", "S3 did not honour the Range header.");
    return { head, range, body: readBody({ client: this.#client, key, etag: head.etag }, range, response) };
  }

  async put(request: PutRequest, body: ObjectBody): Promise<ObjectHead> {
    const { object: key, onlyIf, checksum, httpFields, customFields } = request;
    if (onlyIf?.uploadedAfter !== undefined || onlyIf?.uploadedBefore !== undefined) {
      throw new ArchiveError("InvalidArgument", "An S3 archive puts on conditions of etags only.");
    }
    if (httpFields.contentEncoding !== undefined) throw new ArchiveError("InvalidArgument", "An S3 archive keeps no Content-Encoding.");
    if (checksum !== null && body.remaining > HELD_BYTES) {
      throw new ArchiveError("InvalidArgument", "An S3 archive checks no checksum of a large put: use a multipart upload.");
    }
    const size = body.remaining;
    const writeId = crypto.randomUUID();
    const headers = { ...writeHeaders(request, writeId), ...conditionHeaders(onlyIf) };
    const hasher = new Hasher(checksum);
    const data = await sendable(body, hasher);
    const { checksums } = data instanceof Uint8Array ? await hasher.finish() : { checksums: {} };
    const { response } = await this.#write(key, writeId, { method: "PUT", key, headers, body: data });
    const sent = readHead(key, response, size);
    return { ...sent, httpFields, customFields, checksums: { ...checksumsOf(sent.etag), ...checksums } };
  }

  async list(request: ListRequest): Promise<ListPage> {
    const { prefix, delimiter, cursor, startAfter, limit, include } = request;
    if (include.httpFields || include.customFields) throw new ArchiveError("InvalidArgument", "An S3 archive lists no metadata.");
    const query = {
      "list-type": "2",
      "encoding-type": "url",
      "max-keys": String(Math.min(limit, MAX_PAGE_KEYS)),
      prefix: this.#prefix + prefix,
      ...(delimiter === "" ? {} : { delimiter }),
      ...(startAfter === null ? {} : { "start-after": this.#prefix + startAfter }),
      ...(cursor === null ? {} : { "continuation-token": cursor }),
    };
    const { response } = await this.#client.call({ method: "GET", query });
    return readListing(await response.text(), this.#prefix);
  }

  /** One call a key: deletes are free of charge, and not every endpoint has S3's call for many. */
  async delete(keys: readonly string[]): Promise<void> {
    const waiting = [...keys];
    const work = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await this.#deleteIfThere({ method: "DELETE", key });
    };
    await Promise.all(Array.from({ length: CONCURRENT_DELETES }, work));
  }

  async createUpload(request: CreateUploadRequest): Promise<{ uploadId: string }> {
    const { object: key } = request;
    const writeId = crypto.randomUUID();
    const { response } = await this.#client.call({ method: "POST", key, query: { uploads: "" }, headers: writeHeaders(request, writeId) });
    const id = text(await response.text(), "UploadId");
    if (id === null) throw new ArchiveError("InternalError", "S3 gave no upload id.");
    return { uploadId: writeId + UPLOAD_ID_SEPARATOR + id };
  }

  async uploadPart({ object: key, uploadId, partNumber }: UploadPartRequest, body: ObjectBody): Promise<{ etag: string }> {
    const query = { partNumber: String(partNumber), uploadId: splitUploadId(uploadId).id };
    const data = await sendable(body, null);
    const { response } = await this.#client.call({ method: "PUT", key, query, body: data });
    return { etag: plainEtag(response.headers.get("etag") ?? "") };
  }

  async completeUpload({ object: key, uploadId, parts }: CompleteUploadRequest): Promise<ObjectHead> {
    const { writeId, id } = splitUploadId(uploadId);
    const inOrder = [...parts].sort((a, b) => a.part - b.part);
    const items = inOrder.map(({ part, etag }) => `<Part><PartNumber>${part}</PartNumber><ETag>"${escapeXml(etag)}"</ETag></Part>`);
    const body = new Uint8Array(new TextEncoder().encode(`<CompleteMultipartUpload>${items.join("")}</CompleteMultipartUpload>`));
    const { response } = await this.#write(key, writeId, { method: "POST", key, query: { uploadId: id }, body });
    const refused = text(await response.text(), "Code"); // S3 may begin its answer, status 200, before it knows the outcome
    if (refused !== null) throw new ArchiveError(refused === "InvalidPart" ? "InvalidPart" : "InternalError", `S3 answered ${refused}`);
    return this.head(key);
  }

  abortUpload({ object: key, uploadId }: AbortUploadRequest): Promise<void> {
    return this.#deleteIfThere({ method: "DELETE", key, query: { uploadId: splitUploadId(uploadId).id } });
  }

  /** A write whose repetition may meet its own effect. */
  async #write(key: string, writeId: string, call: S3Call): Promise<S3Answer> {
    try {
      return await this.#client.call(call);
    } catch (error) {
      if (!(error instanceof S3Refusal && error.repeated && isOwnEffect(error))) throw error;
      const found = await this.#client.call({ method: "HEAD", key }).catch(() => null); // gone again, or not to be had: the refusal stands
      if (found === null || writeIdOf(found.response) !== writeId) throw error;
      return found;
    }
  }

  async #deleteIfThere(call: S3Call): Promise<void> {
    try {
      await this.#client.call(call);
    } catch (error) {
      const isGone = error instanceof ArchiveError && (error.name === "NoSuchKey" || error.name === "NoSuchUpload");
      if (!isGone) throw error;
    }
  }
}

function isOwnEffect({ name }: ArchiveError): boolean {
  return name === "PreconditionFailed" || name === "NoSuchUpload";
}

function splitUploadId(uploadId: string): { writeId: string; id: string } {
  const at = uploadId.indexOf(UPLOAD_ID_SEPARATOR);
  if (at < 0) throw new ArchiveError("NoSuchUpload");
  return { writeId: uploadId.slice(0, at), id: uploadId.slice(at + 1) };
}

/** The body in the form in which it is sent: whole, and hashed, if it is small enough. */
async function sendable(body: ObjectBody, hasher: Hasher | null): Promise<Uint8Array<ArrayBuffer> | ReadableStream> {
  if (body.remaining <= HELD_BYTES) {
    const bytes = await body.read(HELD_BYTES);
    await hasher?.update(bytes);
    return bytes;
  }
  const { readable, writable } = new FixedLengthStream(body.remaining);
  void stream(body, writable);
  return readable;
}

/** An error on either side breaks the stream, which fails the call that sends it. */
async function stream(body: ObjectBody, writable: WritableStream): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const bytes of body.pieces(STREAMED_PIECE_BYTES)) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {}); // broken from the other side already
  }
}

function rangeHeader(range: RequestedRange | null): Record<string, string> {
  if (range === null) return {};
  const { offset = 0, length, suffix } = range;
  if ((suffix ?? length) === 0) throw new ArchiveError("InvalidRange");
  if (suffix !== undefined) return { range: `bytes=-${suffix}` };
  return { range: `bytes=${offset}-${length === undefined ? "" : offset + length - 1}` };
}

/** RFC 9110, section 14.4: Content-Range ends with the size of the whole. */
function objectSize({ headers }: Response): number {
  const whole = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return Number(whole ?? headers.get("content-length"));
}
