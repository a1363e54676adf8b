// format "raw": one record a call. The body is the value as it is; the record's headers are x-header-NAME, as a produce of one raw value
// takes them, and its place is sluice-topic, sluice-partition, sluice-offset, sluice-timestamp and sluice-key.
//
// HTTP headers hold visible ASCII. A value that is something else is a byte sequence of RFC 9651 (`:aGk=:`), a character of a name that no
// header name has is percent-encoded. What does not fit in MAX_HOOK_HEADER_BYTES is left out, and sluice-headers-omitted says how many.

import { encodeBase64 } from "../../common/base64.ts";
import { MAX_HOOK_HEADER_BYTES } from "../../common/limits/subscriptions.ts";
import type { Delivery } from "../delivery-machine.ts";
import { type Payload, prefixed } from "./payload.ts";

const NAME_PREFIX = "x-header-";
const NOT_IN_NAMES = /[^a-z0-9!#$&'*+.^_`|~-]/g;

export function rawPayload(prefix: string, { records }: Delivery): Payload {
  const { offset, timestamp, key, value, headers } = records[0]!.record;
  const { origin } = records[0]!;
  const contentType = headers.find((header) => header.key.toLowerCase() === "content-type")?.value ?? null;
  const mapped: Record<string, string> = {
    "content-type": contentType === null ? "application/octet-stream" : headerValue(contentType),
    "sluice-topic": origin.topic,
    "sluice-partition": String(origin.partition),
    "sluice-offset": String(offset),
    "sluice-timestamp": String(timestamp),
  };
  const extra: [string, Uint8Array][] = [
    ...(key === null ? [] : [["sluice-key", key] as [string, Uint8Array]]),
    ...headers.flatMap((header): [string, Uint8Array][] => (header.value === null ? [] : [[headerName(header.key), header.value]])),
  ];
  const omitted = addWithin(mapped, extra);
  if (omitted > 0) mapped["sluice-headers-omitted"] = String(omitted);
  return prefixed(prefix, mapped, value ?? "");
}

/** Adds what fits; a name that comes again is a list. @returns how many did not fit */
function addWithin(mapped: Record<string, string>, extra: readonly (readonly [string, Uint8Array])[]): number {
  let bytes = 0;
  let omitted = 0;
  for (const [name, value] of extra) {
    const text = headerValue(value);
    bytes += name.length + text.length;
    if (bytes > MAX_HOOK_HEADER_BYTES) omitted += 1;
    else mapped[name] = mapped[name] === undefined ? text : `${mapped[name]}, ${text}`;
  }
  return omitted;
}

function headerName(name: string): string {
  const utf8 = new TextEncoder().encode(name.toLowerCase());
  const ascii = String.fromCharCode(...utf8.subarray(0, MAX_HOOK_HEADER_BYTES));
  return NAME_PREFIX + ascii.replace(NOT_IN_NAMES, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function headerValue(bytes: Uint8Array): string {
  const isVisible = bytes.every((byte) => byte > 0x20 && byte < 0x7f) || isTextWithin(bytes);
  return isVisible ? String.fromCharCode(...bytes.subarray(0, MAX_HOOK_HEADER_BYTES + 1)) : `:${encodeBase64(bytes)}:`;
}

/** Visible ASCII with spaces inside: those at the ends would not come through. */
function isTextWithin(bytes: Uint8Array): boolean {
  const isSpace = (byte: number | undefined): boolean => byte === undefined || byte === 0x20;
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) && !isSpace(bytes[0]) && !isSpace(bytes.at(-1));
}
