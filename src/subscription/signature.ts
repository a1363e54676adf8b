// Standard Webhooks signatures (standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over `id.timestamp.body`,
// base64, as `v1,SIGNATURE`; one for each secret that is valid, separated by spaces. The timestamp is the call's, in seconds.

import { encodeBase64 } from "../common/base64.ts";
import { secretKey } from "./secrets.ts";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** Two are valid at a time; those before them are of no use any more. */
const MAX_KEYS = 4;

/** Longer bodies do not hold memory for those after them. */
const MAX_SCRATCH_BYTES = 256 << 10;

/** Of a UTF-16 unit. */
const MAX_UTF8_BYTES = 3;

const encoder = new TextEncoder();

/** Signs with keys that it imports once. */
export class Signer {
  readonly #keys = new Map<string, Promise<CryptoKey>>();
  #scratch = new Uint8Array(0);

  /** @returns webhook-id, webhook-timestamp and webhook-signature */
  async sign(id: string, body: Uint8Array, secrets: readonly string[], nowMs: number): Promise<Record<string, string>> {
    const timestamp = String(Math.floor(nowMs / 1_000));
    const keys: CryptoKey[] = [];
    for (const secret of secrets) keys.push(await this.#key(secret));
    const signed = this.#signed(`${id}.${timestamp}.`, body);
    const signatures = await Promise.all(keys.map((key) => signature(key, signed)));
    return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
  }

  /** Both, one after the other, in the same memory as the last time: `sign` takes a copy when it is called (Web Cryptography API, 14.3.3). */
  #signed(prefix: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
    const room = prefix.length * MAX_UTF8_BYTES + body.length;
    const bytes = room <= this.#scratch.length ? this.#scratch : new Uint8Array(room);
    if (room <= MAX_SCRATCH_BYTES) this.#scratch = bytes;
    const { written } = encoder.encodeInto(prefix, bytes);
    bytes.set(body, written);
    return bytes.subarray(0, written + body.length);
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
