// What a request says of its signature, read from its headers before the body is: so a request that is refused for what its headers lack
// costs nothing more. Each scheme is a function from headers to a Claim; what all have in common is done once, in verify.ts.

import { decodeBase64 } from "../../common/base64.ts";
import { type Failure, failure } from "../../common/errors.ts";
import { decodeHex } from "../../common/hex.ts";
import { MAX_INGEST_SIGNATURES } from "../../common/limits/ingest.ts";
import type { HmacAlgorithm } from "../source.ts";

export interface Claim {
  /** Signed before the body. */
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  /** One of them has to be the HMAC of prefix and body. */
  readonly macs: readonly Uint8Array<ArrayBuffer>[];
  /** Or one of them its Ed25519 signature. */
  readonly ed25519: readonly Uint8Array<ArrayBuffer>[];
  /** When it was signed (ms); null where the scheme signs no time. */
  readonly signedAtMs: number | null;
  /** Of the event, where the signature covers one. */
  readonly id: string | null;
}

/** What a scheme of HMAC-SHA256 with nothing beside leaves unsaid. */
export const PLAIN_CLAIM = { algorithm: "sha256", ed25519: [], signedAtMs: null, id: null } as const;

/** The request is not what it says, or says nothing. Never tells what would have been right. */
export function unsigned(detail: string): Failure {
  return failure("SASL_AUTHENTICATION_FAILED", detail);
}

/** A header that a scheme needs. */
export function signatureHeader(headers: Headers, name: string): string | Failure {
  return headers.get(name) ?? unsigned(`the header ${name} is missing: this source takes signed requests alone`);
}

/** Seconds since the epoch, as ms. */
export function readSeconds(text: string, place: string): number | Failure {
  return /^\d{1,11}$/.test(text) ? Number(text) * 1_000 : unsigned(`${place} is not a time in seconds since the epoch`);
}

/** The signatures of a header, at least one and few. */
export function readSignatures<Signature>(found: readonly (Signature | null)[], form: string): readonly Signature[] | Failure {
  const readable = found.filter((signature) => signature !== null);
  if (readable.length === 0) return unsigned(`there is no signature of the form ${form}`);
  if (found.length > MAX_INGEST_SIGNATURES)
    return unsigned(`there are ${found.length} signatures, at most ${MAX_INGEST_SIGNATURES} are looked at`);
  return readable;
}

export function decodeDigest(text: string, encoding: "hex" | "base64"): Uint8Array<ArrayBuffer> | null {
  return encoding === "hex" ? decodeHex(text) : decodeBase64(text);
}
