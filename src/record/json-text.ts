// Bytes as JSON text: a string where they are valid UTF-8, else {"base64": …}, as records come out of every door that speaks JSON
// (wasm/record-json.ts writes whole records).

import { encodeBase64 } from "../common/base64.ts";

/** `ignoreBOM` keeps a byte order mark: it is part of the value. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function autoJson(bytes: Uint8Array): string {
  const text = strictUtf8(bytes);
  return text === undefined ? base64Json(bytes) : JSON.stringify(text);
}

function base64Json(bytes: Uint8Array): string {
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
