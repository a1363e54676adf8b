// The name by which a partition knows an event again: the first half of the SHA-256 of its source and its id, in hexadecimal digits. Half
// is enough: that two of the ids that a partition remembers have the same has a probability below 10^-29.

import { encodeHex } from "../common/hex.ts";
import type { OnceKey } from "../log/once.ts";

const DIGEST_BYTES = 16;

export async function onceKeyOf(source: string, id: string, windowMs: number): Promise<OnceKey> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${source}\n${id}`));
  return { digest: encodeHex(new Uint8Array(digest, 0, DIGEST_BYTES)), windowMs };
}
