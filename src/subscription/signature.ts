// Standard Webhooks signatures (standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over `id.timestamp.body`,
// base64, as `v1,SIGNATURE`; one for each secret that is valid, separated by spaces. The timestamp is the call's, in seconds.

import { encodeBase64 } from "../common/base64.ts";
import { secretKey } from "./secrets.ts";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** Two are valid at a time; those before them are of no use any more. */
const MAX_KEYS = 4;

/** What is signed with a body. */
export interface Signing {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: string;
  /** Stands before the body. */
  readonly prefix: string;
}

export function signingOf(id: string, nowMs: number): Signing {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return { id, timestamp, prefix: `${id}.${timestamp}.` };
}

/** Signs with keys that it imports once. */
export class Signer {
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** @returns webhook-id, webhook-timestamp and webhook-signature */
  async sign({ id, timestamp }: Signing, signed: Uint8Array<ArrayBuffer>, secrets: readonly string[]): Promise<Record<string, string>> {
    const signatures: string[] = [];
    for (const secret of secrets) signatures.push(await signature(await this.#key(secret), signed));
    return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
  }

  #key(secret: string): Promise<CryptoKey> {
    let key = this.#keys.get(secret);
    if (key === undefined) {
      if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
      key = crypto.subtle.importKey("raw", secretKey(secret), ALGORITHM, false, ["sign"]);
      this.#keys.set(secret, key);
    }
    return key;
  }
}

async function signature(key: CryptoKey, signed: Uint8Array<ArrayBuffer>): Promise<string> {
  return `v1,${encodeBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)))}`;
}
