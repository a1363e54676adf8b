// Requests as the senders of webhooks sign them, for each scheme: what a test posts to a source. Web Crypto alone, for Node and workerd.

import { encodeBase64 } from "../../src/common/base64.ts";
import { encodeHex } from "../../src/common/hex.ts";
import { Signer, signingOf } from "../../src/subscription/signature.ts";

/** Of Standard Webhooks' own examples: 24 bytes. */
export const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const encoder = new TextEncoder();
const seconds = (atMs: number) => String(Math.floor(atMs / 1_000));

async function hex(secret: string, signed: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return encodeHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(signed))));
}

export async function githubRequest(secret: string, delivery: string, event: object, type = "push"): Promise<SignedRequest> {
  const body = JSON.stringify(event);
  const headers = { "content-type": "application/json", "user-agent": "GitHub-Hookshot/044aadd", "x-github-event": type };
  return { body, headers: { ...headers, "x-github-delivery": delivery, "x-hub-signature-256": `sha256=${await hex(secret, body)}` } };
}

export async function stripeRequest(secrets: readonly string[], event: object, atMs = Date.now()): Promise<SignedRequest> {
  const body = JSON.stringify(event, null, 2);
  const signatures = await Promise.all(secrets.map(async (secret) => `v1=${await hex(secret, `${seconds(atMs)}.${body}`)}`));
  return { body, headers: { "stripe-signature": [`t=${seconds(atMs)}`, ...signatures].join(",") } };
}

export async function slackRequest(secret: string, event: object, atMs = Date.now()): Promise<SignedRequest> {
  const body = JSON.stringify(event);
  const signature = `v0=${await hex(secret, `v0:${seconds(atMs)}:${body}`)}`;
  return { body, headers: { "x-slack-request-timestamp": seconds(atMs), "x-slack-signature": signature } };
}

/**
 * As the broker itself signs its calls, which the libraries of Standard Webhooks and Svix verify
 * (test/unit/subscription/signature.test.ts).
 */
export async function standardRequest(secret: string, id: string, event: object, atMs = Date.now()): Promise<SignedRequest> {
  const body = JSON.stringify(event);
  return { body, headers: await signText(body, id, [secret], atMs) };
}

/** The headers that the broker's own calls have with such a body. */
export function signText(body: string, id: string, secrets: readonly string[], atMs = Date.now()): Promise<Record<string, string>> {
  const signing = signingOf(id, atMs);
  return new Signer().sign(signing, Uint8Array.from(encoder.encode(signing.prefix + body)), secrets);
}

/** A pair of Ed25519 keys: the public one as `whpk_…`, and requests signed with the private one (Standard Webhooks v1a). */
export async function ed25519Sender() {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey("raw", publicKey)) as ArrayBuffer;
  return {
    publicKey: `whpk_${encodeBase64(new Uint8Array(raw))}`,
    async request(id: string, event: object, atMs = Date.now()): Promise<SignedRequest> {
      const body = JSON.stringify(event);
      const signed = encoder.encode(`${id}.${seconds(atMs)}.${body}`);
      const signature = encodeBase64(new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, signed)));
      return { body, headers: { "webhook-id": id, "webhook-timestamp": seconds(atMs), "webhook-signature": `v1a,${signature}` } };
    },
  };
}
