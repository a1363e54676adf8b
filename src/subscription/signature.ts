// Standard Webhooks signatures (standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over `id.timestamp.body`,
// base64, as `v1,SIGNATURE`; one for each secret that is valid, separated by spaces. The timestamp is the call's, in seconds.

import { encodeBase64 } from "../common/base64.ts";
import { secretKey } from "./secrets.ts";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** Signs with keys that it imports once. */
export class Signer {
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** @returns webhook-id, webhook-timestamp and webhook-signature */
  async sign(id: string, body: Uint8Array, secrets: readonly string[], nowMs: number): Promise<Record<string, string>> {
    const timestamp = String(Math.floor(nowMs / 1_000));
    const prefix = new TextEncoder().encode(`${id}.${timestamp}.`);
    const signed = new Uint8Array(prefix.length + body.length);
    signed.set(prefix);
    signed.set(body, prefix.length);
    const signatures = await Promise.all(secrets.map((secret) => this.#signature(secret, signed)));
    return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
  }

  async #signature(secret: string, signed: Uint8Array<ArrayBuffer>): Promise<string> {
    const signature = await crypto.subtle.sign("HMAC", await this.#key(secret), signed);
    return `v1,${encodeBase64(new Uint8Array(signature))}`;
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

/** Two are valid at a time; those before them are of no use any more. */
const MAX_KEYS = 4;
