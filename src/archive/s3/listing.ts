// The answer of S3's ListObjectsV2 as a page of R2's.

import type { ListPage } from "../bucket.ts";
import type { ObjectHead } from "../protocol.ts";
import { checksumsOf, plainEtag } from "./object-headers.ts";
import { elements, text } from "./xml.ts";

/** Keys are percent-encoded (encoding-type=url), because XML cannot hold every character. `prefix` is taken off them. */
export function readListing(xml: string, prefix: string): ListPage {
  const cursor = text(xml, "NextContinuationToken");
  const truncated = text(xml, "IsTruncated") === "true" && cursor !== null;
  return {
    objects: elements(xml, "Contents").map((content) => readObject(content, prefix)),
    delimitedPrefixes: elements(xml, "CommonPrefixes").map((content) => readKey(content, "Prefix", prefix)),
    truncated,
    ...(truncated ? { cursor } : {}),
  };
}

function readObject(content: string, prefix: string): ObjectHead {
  const etag = plainEtag(text(content, "ETag") ?? "");
  return {
    name: readKey(content, "Key", prefix),
    version: etag,
    size: Number(text(content, "Size")),
    etag,
    uploaded: Date.parse(text(content, "LastModified") ?? "") || 0,
    httpFields: {},
    customFields: [],
    checksums: checksumsOf(etag),
  };
}

function readKey(content: string, name: string, prefix: string): string {
  const key = decodeURIComponent((text(content, name) ?? "").replaceAll("+", " "));
  if (!key.startsWith(prefix)) throw new Error(`S3 listed ${key}, which is not below ${prefix}`);
  return key.slice(prefix.length);
}
