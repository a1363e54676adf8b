// Requests of the protocol (protocol.ts) from their JSON.

import { ArchiveError } from "./errors.ts";
import { toHex } from "./hex.ts";
import {
  type BucketRequest,
  CHECKSUMS,
  type Conditional,
  type CustomField,
  type ExpectedChecksum,
  type HttpFields,
  type ListRequest,
  MAX_KEY_BYTES,
  MAX_LIST_LIMIT,
  type ObjectFields,
  type PublishedPart,
  type RequestedRange,
} from "./protocol.ts";

type Json = Readonly<Record<string, unknown>>;

/** Throws an ArchiveError for what is no request of this protocol, or breaks one of R2's limits. */
export function parseRequest(json: string): BucketRequest {
  const request = JSON.parse(json) as Json;
  if (request.ssec !== undefined) throw new ArchiveError("InvalidArgument", "customer-provided encryption keys are not supported");
  const { method } = request;
  switch (method) {
    case "list":
      return parseList(request);
    case "delete":
      return { method, objects: (Array.isArray(request.objects) ? request.objects : [request.object]).map(parseKey) };
    case "head":
      return { method, object: parseKey(request.object) };
    case "get":
      return { method, object: parseKey(request.object), range: parseRange(request), onlyIf: parseConditional(request.onlyIf) };
    case "put":
      return {
        method,
        object: parseKey(request.object),
        ...parseFields(request),
        onlyIf: parseConditional(request.onlyIf),
        checksum: parseChecksum(request),
      };
    case "createMultipartUpload":
      return { method, object: parseKey(request.object), ...parseFields(request) };
    case "uploadPart":
      return { method, ...parseUpload(request), partNumber: Number(request.partNumber) };
    case "completeMultipartUpload":
      return { method, ...parseUpload(request), parts: (request.parts ?? []) as PublishedPart[] };
    case "abortMultipartUpload":
      return { method, ...parseUpload(request) };
    default:
      throw new ArchiveError("InvalidArgument", `no such method: ${String(method)}`);
  }
}

function parseKey(key: unknown): string {
  if (typeof key !== "string" || key === "" || new TextEncoder().encode(key).length > MAX_KEY_BYTES) {
    throw new ArchiveError("InvalidObjectName");
  }
  return key;
}

function parseUpload(request: Json) {
  return { object: parseKey(request.object), uploadId: String(request.uploadId ?? "") };
}

function parseFields({ httpFields, customFields }: Json): ObjectFields {
  return { httpFields: (httpFields ?? {}) as HttpFields, customFields: (customFields ?? []) as CustomField[] };
}

function parseList(request: Json): ListRequest {
  const limit = request.limit === undefined ? MAX_LIST_LIMIT : Number(request.limit);
  if (!(limit >= 1 && limit <= MAX_LIST_LIMIT)) throw new ArchiveError("InvalidMaxKeys");
  const include = (request.include ?? []) as readonly number[];
  return {
    method: "list",
    limit,
    prefix: String(request.prefix ?? ""),
    delimiter: String(request.delimiter ?? ""),
    cursor: request.cursor === undefined ? null : String(request.cursor),
    startAfter: request.startAfter === undefined ? null : String(request.startAfter),
    include: { httpFields: include.includes(0), customFields: include.includes(1) },
  };
}

function parseRange({ range, rangeHeader }: Json): RequestedRange | null {
  if (rangeHeader !== undefined) return parseRangeHeader(String(rangeHeader));
  if (range === undefined) return null;
  const entries = Object.entries(range as Json).map(([name, value]) => [name, Number(value)] as const);
  return Object.fromEntries(entries);
}

/** RFC 9110, section 14.2. Several ranges, or another unit, are answered with the whole object, as the RFC allows. */
function parseRangeHeader(header: string): RequestedRange | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [first, last] = [match?.[1] ?? "", match?.[2] ?? ""];
  if (first === "") return last === "" ? null : { suffix: Number(last) };
  if (last === "") return { offset: Number(first) };
  return { offset: Number(first), length: Number(last) - Number(first) + 1 };
}

function parseConditional(onlyIf: unknown): Conditional | null {
  if (onlyIf === undefined) return null;
  const { uploadedBefore, uploadedAfter, ...rest } = onlyIf as Conditional;
  return {
    ...rest,
    ...(uploadedBefore === undefined ? {} : { uploadedBefore: Number(uploadedBefore) }),
    ...(uploadedAfter === undefined ? {} : { uploadedAfter: Number(uploadedAfter) }),
  };
}

function parseChecksum(request: Json): ExpectedChecksum | null {
  for (const { field, algorithm, encoding } of CHECKSUMS) {
    const value = request[field];
    if (value === undefined) continue;
    if (encoding === "hex") return { algorithm, hex: String(value).toLowerCase() };
    return { algorithm, hex: toHex(Uint8Array.from(atob(String(value)), (character) => character.charCodeAt(0))) };
  }
  return null;
}
