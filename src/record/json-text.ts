// Bytes as JSON text: a string where they are valid UTF-8, else {"base64": …}. How records come out of every door that speaks JSON.

import { encodeBase64 } from "../common/base64.ts";
import type { DecodedRecord } from "./codec.ts";

/** `ignoreBOM` keeps a byte order mark: it is part of the value. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type BytesToJson = (bytes: Uint8Array) => string;

export function autoJson(bytes: Uint8Array): string {
  const text = strictUtf8(bytes);
  return text === undefined ? base64Json(bytes) : JSON.stringify(text);
}

export function base64Json(bytes: Uint8Array): string {
  return `{"base64":"${encodeBase64(bytes)}"}`;
}

/** undefined: not UTF-8. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined; // a fatal decoder throws for one reason: not UTF-8
  }
}

/** `[{key, value}, …]` in their order. */
export function headersJson(record: Pick<DecodedRecord, "headers">, bytes: BytesToJson): string {
  if (record.headers.length === 0) return "[]";
  const headers = record.headers.map(
    ({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value === null ? "null" : bytes(value)}}`,
  );
  return `[${headers.join(",")}]`;
}
