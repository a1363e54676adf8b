// Objects' metadata as S3's headers, both ways.
//
//   x-amz-meta-sluice-fields   custom metadata, JSON in percent-encoding (S3 would lower-case names, and takes only ASCII)
//   x-amz-meta-sluice-write    a random id of the write that made the object, by which a writer knows its own

import type { Conditional, CustomField, EtagPattern, HttpFields, ObjectFields, ObjectHead } from "../protocol.ts";

const FIELDS_HEADER = "x-amz-meta-sluice-fields";
const WRITE_HEADER = "x-amz-meta-sluice-write";

const HTTP_HEADERS: Readonly<Record<string, string>> = {
  contentType: "content-type",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  contentEncoding: "content-encoding",
  cacheControl: "cache-control",
};

export function writeHeaders({ httpFields, customFields }: ObjectFields, writeId: string): Record<string, string> {
  const headers: Record<string, string> = { [WRITE_HEADER]: writeId };
  if (customFields.length > 0) headers[FIELDS_HEADER] = encodeURIComponent(JSON.stringify(customFields));
  for (const [field, header] of Object.entries(HTTP_HEADERS)) if (httpFields[field] !== undefined) headers[header] = httpFields[field];
  if (httpFields.cacheExpiry !== undefined) headers.expires = new Date(Number(httpFields.cacheExpiry)).toUTCString();
  return headers;
}

export function writeIdOf(response: Response): string | null {
  return response.headers.get(WRITE_HEADER);
}

/** From the answer to a GET or HEAD. */
export function readHead(key: string, response: Response, size: number): ObjectHead {
  const { headers } = response;
  const etag = plainEtag(headers.get("etag") ?? "");
  return {
    name: key,
    version: headers.get("x-amz-version-id") ?? etag,
    size,
    etag,
    uploaded: Date.parse(headers.get("last-modified") ?? headers.get("date") ?? "") || 0,
    httpFields: readHttpFields(headers),
    customFields: readCustomFields(headers.get(FIELDS_HEADER)),
    checksums: checksumsOf(etag),
  };
}

function readHttpFields(headers: Headers): HttpFields {
  const fields: Record<string, string> = {};
  for (const [field, header] of Object.entries(HTTP_HEADERS)) {
    const value = headers.get(header);
    if (value !== null) fields[field] = value;
  }
  const expires = Date.parse(headers.get("expires") ?? "");
  return Number.isNaN(expires) ? fields : { ...fields, cacheExpiry: String(expires) };
}

function readCustomFields(header: string | null): CustomField[] {
  return header === null ? [] : (JSON.parse(decodeURIComponent(header)) as CustomField[]);
}

export function plainEtag(etag: string): string {
  return etag.replace(/^(W\/)?"(.*)"$/, "$2");
}

/** An etag that looks like an MD5 is taken for one; R2's binding shows it as such. */
export function checksumsOf(etag: string): Record<string, string> {
  return /^[0-9a-f]{32}$/.test(etag) ? { "0": etag } : {};
}

export function conditionHeaders(onlyIf: Conditional | null): Record<string, string> {
  const headers: Record<string, string> = {};
  if (onlyIf?.etagMatches !== undefined) headers["if-match"] = etagList(onlyIf.etagMatches);
  if (onlyIf?.etagDoesNotMatch !== undefined) headers["if-none-match"] = etagList(onlyIf.etagDoesNotMatch);
  if (onlyIf?.uploadedBefore !== undefined) headers["if-unmodified-since"] = new Date(onlyIf.uploadedBefore).toUTCString();
  if (onlyIf?.uploadedAfter !== undefined) headers["if-modified-since"] = new Date(onlyIf.uploadedAfter).toUTCString();
  return headers;
}

function etagList(patterns: readonly EtagPattern[]): string {
  return patterns.map(({ type, value }) => (type === "wildcard" ? "*" : `${type === "weak" ? "W/" : ""}"${value}"`)).join(", ");
}
