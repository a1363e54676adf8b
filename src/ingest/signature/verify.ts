// Whether a request is signed as its source wants it. First what the headers claim (checkClaim), which costs nothing; then whether it is
// true of the body (checkSignature). Every valid secret is tried against every signature, and digests are compared in constant time.

import { decodeBase64 } from "../../common/base64.ts";
import { concatBytes } from "../../common/bytes.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { sameBytes } from "../../common/same-secret.ts";
import { secretKey } from "../../subscription/secrets.ts";
import type { HmacAlgorithm, SignatureScheme, SourceConfig } from "../source.ts";
import { type Claim, unsigned } from "./claim.ts";
import { GITHUB, readHmacClaim } from "./hmac.ts";
import { readSlackClaim } from "./slack.ts";
import { readStandardClaim } from "./standard.ts";
import { readStripeClaim } from "./stripe.ts";

/** Standard Webhooks' name for a public key. */
export const PUBLIC_KEY_PREFIX = "whpk_";

const ED25519_SIGNATURE_BYTES = 64;

const HASHES: Readonly<Record<HmacAlgorithm, string>> = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" };

const encoder = new TextEncoder();

/** What the headers claim, where the scheme can be read from them and its time is within the source's tolerance. */
export function checkClaim(
  scheme: SignatureScheme,
  { toleranceMs }: Pick<SourceConfig, "toleranceMs">,
  headers: Headers,
  nowMs: number,
): Claim | Failure {
  const claim = readClaim(scheme, headers);
  if (isFailure(claim) || claim.signedAtMs === null || Math.abs(nowMs - claim.signedAtMs) <= toleranceMs) return claim;
  return unsigned(`the request was signed more than ${toleranceMs} ms before or after the broker's time`);
}

function readClaim(scheme: SignatureScheme, headers: Headers): Claim | Failure {
  switch (scheme.scheme) {
    case "standard":
      return readStandardClaim(headers);
    case "github":
      return readHmacClaim(GITHUB, headers);
    case "stripe":
      return readStripeClaim(headers);
    case "slack":
      return readSlackClaim(headers);
    case "hmac":
      return readHmacClaim(scheme, headers);
  }
}

/** null: the body is signed by one of the secrets. */
export async function checkSignature(
  claim: Claim,
  { scheme }: SignatureScheme,
  secrets: readonly string[],
  body: Uint8Array<ArrayBuffer>,
): Promise<Failure | null> {
  const signed = claim.prefix === "" ? body : (concatBytes([encoder.encode(claim.prefix), body]) as Uint8Array<ArrayBuffer>);
  const verdicts = await Promise.all(secrets.map((secret) => isSignedWith(secret, scheme, claim, signed)));
  return verdicts.includes(true) ? null : unsigned("the signature does not match the body: it was changed, or signed with another secret");
}

async function isSignedWith(
  secret: string,
  scheme: SignatureScheme["scheme"],
  claim: Claim,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (scheme === "standard" && secret.startsWith(PUBLIC_KEY_PREFIX)) return isSignedByKey(publicKeyBytes(secret)!, claim, signed);
  const keyBytes = scheme === "standard" ? secretKey(secret) : encoder.encode(secret);
  const key = await crypto.subtle.importKey("raw", keyBytes, { name: "HMAC", hash: HASHES[claim.algorithm] }, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
  const verdicts = await Promise.all(claim.macs.map((claimed) => sameBytes(mac, claimed)));
  return verdicts.includes(true);
}

async function isSignedByKey(publicKey: Uint8Array<ArrayBuffer>, claim: Claim, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
  const whole = claim.ed25519.filter(({ length }) => length === ED25519_SIGNATURE_BYTES);
  const verdicts = await Promise.all(whole.map((signature) => crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed)));
  return verdicts.includes(true);
}

/** The 32 bytes of `whpk_…`; null where it is none. */
export function publicKeyBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = text.startsWith(PUBLIC_KEY_PREFIX) ? decodeBase64(text.slice(PUBLIC_KEY_PREFIX.length)) : null;
  return bytes?.length === 32 ? bytes : null;
}
