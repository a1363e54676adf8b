// The text of a token for programs: `slt_` and 32 random bytes as base64url. Only its SHA-256 is kept: it is random, so that nothing slower
// would make it harder to guess.

import { encodeBase64 } from "../common/base64.ts";
import { encodeHex } from "../common/hex.ts";

const PREFIX = "slt_";
const SECRET_BYTES = 32;

export function newTokenText(): string {
  const secret = encodeBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return PREFIX + secret.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** As it is kept: hex. */
export async function hashToken(text: string): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
