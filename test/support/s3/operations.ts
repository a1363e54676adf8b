// S3's operations on one bucket in memory, as far as the archive uses them. Spec: Amazon S3 API Reference.

import { createHash, randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface S3Request {
  readonly method: string;
  /** Decoded; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface StoredObject {
  readonly data: Buffer;
  readonly etag: string;
  readonly modified: Date;
  readonly headers: Readonly<Record<string, string>>;
}

interface Upload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly data: Buffer; readonly etag: string }>;
}

const MIN_PART_BYTES = 5 * 1024 * 1024;

export class S3Operations {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Upload>();

  handle(request: S3Request): S3Response {
    const { method, key, query } = request;
    if (key === "") return method === "GET" && query.get("list-type") === "2" ? this.#list(query) : refuse(405, "MethodNotAllowed");
    if (query.has("uploads")) return this.#create(request);
    if (query.has("uploadId")) return this.#uploadCall(request, query.get("uploadId")!);
    if (method === "PUT") return this.#put(request);
    if (method === "DELETE") {
      this.objects.delete(key);
      return { status: 204 };
    }
    return this.#get(request);
  }

  #put({ key, headers, body }: S3Request): S3Response {
    const current = this.objects.get(key);
    const noneMatch = headers["if-none-match"];
    const match = headers["if-match"];
    if (noneMatch !== undefined && noneMatch !== "*") return refuse(501, "NotImplemented");
    if (noneMatch !== undefined && current !== undefined) return refuse(412, "PreconditionFailed");
    if (match !== undefined && current === undefined) return refuse(404, "NoSuchKey");
    if (match !== undefined && match !== quote(current!.etag)) return refuse(412, "PreconditionFailed");
    const etag = md5(body);
    this.objects.set(key, { data: body, etag, modified: new Date(), headers: keptHeaders(headers) });
    return { status: 200, headers: { etag: quote(etag) } };
  }

  #get({ key, headers }: S3Request): S3Response {
    const object = this.objects.get(key);
    if (object === undefined) return refuse(404, "NoSuchKey");
    const { data, etag, modified } = object;
    if (headers["if-match"] !== undefined && headers["if-match"] !== quote(etag)) return refuse(412, "PreconditionFailed");
    if (headers["if-none-match"] === quote(etag)) return { status: 304, headers: { etag: quote(etag) } };
    const told = { ...object.headers, etag: quote(etag), "last-modified": modified.toUTCString() };
    const asked = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "");
    if (asked === null) return { status: 200, headers: told, body: data };
    const start = asked[1] === "" ? Math.max(0, data.length - Number(asked[2])) : Number(asked[1]);
    const end = asked[1] === "" || asked[2] === "" ? data.length : Math.min(data.length, Number(asked[2]) + 1);
    if (start >= end) return refuse(416, "InvalidRange");
    return {
      status: 206,
      headers: { ...told, "content-range": `bytes ${start}-${end - 1}/${data.length}` },
      body: data.subarray(start, end),
    };
  }

  /** The continuation token is the last key, or delimited prefix, of the page before. */
  #list(query: URLSearchParams): S3Response {
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
    const limit = Number(query.get("max-keys") ?? 1000);
    const entries = new Map<string, string>();
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) {
      const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      const name = at < 0 ? key : key.slice(0, at + delimiter.length);
      if (Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0) continue;
      entries.set(name, at < 0 ? this.#contents(key) : `<CommonPrefixes><Prefix>${encodeURIComponent(name)}</Prefix></CommonPrefixes>`);
    }
    const page = [...entries].slice(0, limit);
    const more = entries.size > limit;
    const token = more ? `<NextContinuationToken>${escapeXml(page.at(-1)![0])}</NextContinuationToken>` : "";
    const items = page.map(([, xml]) => xml).join("");
    return { status: 200, body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${items}</ListBucketResult>` };
  }

  #contents(key: string): string {
    const { data, etag, modified } = this.objects.get(key)!;
    const fields = `<LastModified>${modified.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${data.length}</Size>`;
    return `<Contents><Key>${encodeURIComponent(key)}</Key>${fields}</Contents>`;
  }

  #create({ key, headers }: S3Request): S3Response {
    const id = `${randomUUID()}.+/=`;
    this.uploads.set(id, { key, headers: keptHeaders(headers), parts: new Map() });
    return { status: 200, body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>` };
  }

  #uploadCall(request: S3Request, id: string): S3Response {
    const upload = this.uploads.get(id);
    if (upload?.key !== request.key) return refuse(404, "NoSuchUpload");
    if (request.method === "POST") return this.#complete(id, upload, request.body.toString());
    if (request.method === "DELETE") {
      this.uploads.delete(id);
      return { status: 204 };
    }
    const etag = md5(request.body);
    upload.parts.set(Number(request.query.get("partNumber")), { data: request.body, etag });
    return { status: 200, headers: { etag: quote(etag) } };
  }

  #complete(id: string, { key, headers, parts }: Upload, xml: string): S3Response {
    const named = Array.from(
      xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&#34;([^&]*)&#34;<\/ETag>|<PartNumber>(\d+)<\/PartNumber><ETag>"([^"]*)"/g),
    );
    const chosen = named.map((match) => ({ part: parts.get(Number(match[1] ?? match[3])), etag: match[2] ?? match[4] }));
    if (chosen.length === 0 || chosen.some(({ part, etag }) => part?.etag !== etag)) return refuse(400, "InvalidPart");
    const data = chosen.map(({ part }) => part!.data);
    if (data.slice(0, -1).some((part) => part.length < MIN_PART_BYTES)) return refuse(400, "EntityTooSmall");
    const etag = `${md5(Buffer.concat(chosen.map(({ part }) => Buffer.from(part!.etag, "hex"))))}-${data.length}`;
    this.objects.set(key, { data: Buffer.concat(data), etag, modified: new Date(), headers });
    this.uploads.delete(id);
    return { status: 200, body: `<CompleteMultipartUploadResult><ETag>&quot;${etag}&quot;</ETag></CompleteMultipartUploadResult>` };
  }
}

export function refuse(status: number, code: string): S3Response {
  return {
    status,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>refused &amp; done</Message></Error>`,
  };
}

function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) => name.startsWith("x-amz-meta-") || ["content-type", "cache-control"].includes(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function quote(etag: string): string {
  return `"${etag}"`;
}

function md5(data: Buffer): string {
  return createHash("md5").update(data).digest("hex");
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);
}
