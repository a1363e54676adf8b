// The protocol that workerd speaks to the service behind an `r2Bucket` binding: HTTP to any URL, with the request as JSON.
//
//   GET   header cf-r2-request: JSON                                            head, get, list
//   PUT   header cf-r2-metadata-size: N; body = N bytes of JSON, then the data  put, delete and the multipart methods
//
//   200   header cf-r2-metadata-size: N; body = N bytes of JSON, then the data (of a get)
//   4xx   header cf-r2-error: {"version":1,"v4code":C,"message":"..."}; a get whose condition failed also has the object's JSON
//
// The JSON is Cap'n Proto's: 64-bit numbers arrive as strings, and what has its default value is left out. A put reads its answer from the
// whole body. Spec: workerd's src/workerd/api/r2-api.capnp, r2-rpc.c++ and r2-bucket.c++.

export const REQUEST_HEADER = "cf-r2-request";
export const METADATA_SIZE_HEADER = "cf-r2-metadata-size";
export const ERROR_HEADER = "cf-r2-error";

/** A key has at most 1,024 bytes in R2. */
export const MAX_KEY_BYTES = 1024;

/** workerd refuses more JSON than 1 MiB; a list is cut before. */
export const MAX_ANSWER_BYTES = 900 * 1024;

export const MAX_LIST_LIMIT = 1000;

/** Content-Type and its like, as the protocol names them (contentType, cacheControl, ...). */
export type HttpFields = Readonly<Record<string, string>>;

export interface CustomField {
  readonly k: string;
  readonly v: string;
}

/** What a writer says about an object. */
export interface ObjectFields {
  readonly httpFields: HttpFields;
  readonly customFields: readonly CustomField[];
}

/** An object without its data. */
export interface ObjectHead extends ObjectFields {
  readonly name: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly uploaded: number;
  /** Hex by algorithm: "0" is MD5, "1" SHA-1, "2" SHA-256, "3" SHA-384, "4" SHA-512. */
  readonly checksums: Readonly<Record<string, string>>;
}

export interface EtagPattern {
  readonly type: "strong" | "weak" | "wildcard";
  readonly value?: string;
}

export interface Conditional {
  readonly etagMatches?: readonly EtagPattern[];
  readonly etagDoesNotMatch?: readonly EtagPattern[];
  readonly uploadedBefore?: number;
  readonly uploadedAfter?: number;
  /** Compare times in whole seconds, as HTTP's headers do. */
  readonly secondsGranularity?: boolean;
}

/** What was asked for: either a suffix, or an offset and a length of which each may be missing. */
export interface RequestedRange {
  readonly offset?: number;
  readonly length?: number;
  readonly suffix?: number;
}

/** A checksum that the writer expects its data to have. */
export interface ExpectedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly hex: string;
}

export interface GetRequest {
  readonly method: "get";
  readonly object: string;
  readonly range: RequestedRange | null;
  readonly onlyIf: Conditional | null;
}

export interface PutRequest extends ObjectFields {
  readonly method: "put";
  readonly object: string;
  readonly onlyIf: Conditional | null;
  readonly checksum: ExpectedChecksum | null;
}

export interface ListRequest {
  readonly method: "list";
  readonly limit: number;
  readonly prefix: string;
  readonly delimiter: string;
  readonly cursor: string | null;
  readonly startAfter: string | null;
  /** Fields to list beside the rest. */
  readonly include: { readonly httpFields: boolean; readonly customFields: boolean };
}

export interface CreateUploadRequest extends ObjectFields {
  readonly method: "createMultipartUpload";
  readonly object: string;
}

export interface UploadPartRequest {
  readonly method: "uploadPart";
  readonly object: string;
  readonly uploadId: string;
  readonly partNumber: number;
}

export interface PublishedPart {
  readonly part: number;
  readonly etag: string;
}

export interface CompleteUploadRequest {
  readonly method: "completeMultipartUpload";
  readonly object: string;
  readonly uploadId: string;
  readonly parts: readonly PublishedPart[];
}

export interface AbortUploadRequest {
  readonly method: "abortMultipartUpload";
  readonly object: string;
  readonly uploadId: string;
}

export type BucketRequest =
  | { readonly method: "head"; readonly object: string }
  | GetRequest
  | PutRequest
  | ListRequest
  | { readonly method: "delete"; readonly objects: readonly string[] }
  | CreateUploadRequest
  | UploadPartRequest
  | CompleteUploadRequest
  | AbortUploadRequest;

/** The hash algorithms of a put, with the field names and the encodings that they have in a request, and their keys in `checksums`. */
export const CHECKSUMS = [
  { field: "md5", algorithm: "MD5", key: "0", encoding: "base64" },
  { field: "sha1", algorithm: "SHA-1", key: "1", encoding: "hex" },
  { field: "sha256", algorithm: "SHA-256", key: "2", encoding: "hex" },
  { field: "sha384", algorithm: "SHA-384", key: "3", encoding: "hex" },
  { field: "sha512", algorithm: "SHA-512", key: "4", encoding: "hex" },
] as const;

export type ChecksumAlgorithm = (typeof CHECKSUMS)[number]["algorithm"];
