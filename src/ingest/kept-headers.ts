// The headers of a request that its record keeps: what the sender said of the event. What is for this one hop is not kept, nor what
// intermediaries and the platform add, nor, first of all, any credential: records are read by more people than requests are.
//
// Names are in lower case, as HTTP has them; a header that was sent several times is one, its values joined by ", " (RFC 9110, 5.2). Values
// are UTF-8, as the runtime reads them: bytes that are no UTF-8 arrive as U+FFFD.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_INGEST_HEADER_BYTES, MAX_INGEST_HEADERS } from "../common/limits/ingest.ts";
import { utf8Length } from "../common/utf8.ts";

/** Our own headers of the record; a sender's of such a name are not kept, so that these can be believed. */
export const OWN_PREFIX = "sluice.";
export const SOURCE_HEADER = `${OWN_PREFIX}source`;
export const EVENT_ID_HEADER = `${OWN_PREFIX}event.id`;

const DROPPED = new Set([
  ...["authorization", "proxy-authorization", "proxy-authenticate", "cookie", "set-cookie"], // credentials
  ...["x-api-key", "x-auth-token", "x-access-token", "x-gitlab-token", "x-telegram-bot-api-secret-token"], // credentials by custom
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"], // RFC 9110, 7.6.1
  ...["host", "content-length", "accept-encoding", "max-forwards"], // of this hop
  ...["forwarded", "via", "x-real-ip", "true-client-ip", "cdn-loop", "x-request-id"], // intermediaries', and ours
]);

const DROPPED_PREFIXES = ["cf-", "x-forwarded-", "sec-", OWN_PREFIX];

export interface KeptHeader {
  readonly key: string;
  readonly value: string;
}

/** @param dropped further names, in lower case */
export function keptHeaders(headers: Headers, dropped: readonly string[]): readonly KeptHeader[] | Failure {
  const hops = connectionOptions(headers);
  const kept: KeptHeader[] = [];
  let bytes = 0;
  for (const [key, value] of headers) {
    if (DROPPED.has(key) || hops.has(key) || dropped.includes(key) || DROPPED_PREFIXES.some((prefix) => key.startsWith(prefix))) continue;
    kept.push({ key, value });
    bytes += key.length + utf8Length(value);
  }
  if (kept.length > MAX_INGEST_HEADERS || bytes > MAX_INGEST_HEADER_BYTES) {
    const most = `${MAX_INGEST_HEADERS} of ${MAX_INGEST_HEADER_BYTES} bytes in all is the most`;
    return failure("INVALID_RECORD", `the request has ${kept.length} headers of ${bytes} bytes to be kept, ${most}`);
  }
  return kept;
}

/** Headers that `Connection` names are for this hop too. */
function connectionOptions(headers: Headers): ReadonlySet<string> {
  return new Set((headers.get("connection") ?? "").split(",").map((option) => option.trim().toLowerCase()));
}
