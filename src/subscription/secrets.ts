// The secrets of a subscription (Standard Webhooks: `whsec_` and base64 of 24 to 64 random bytes). After a rotation the one before stays
// valid for a while: calls are signed with both, so that a receiver may know either.
//
// Stored; fields may be added, never renamed or given another meaning.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import { type Failure, failure } from "../common/errors.ts";

const PREFIX = "whsec_";
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const NEW_BYTES = 32;

export interface Secrets {
  readonly current: string;
  /** null: none before, or its time is over. */
  readonly previous: { readonly secret: string; readonly validUntilMs: number } | null;
}

export function makeSecret(randomBytes: (count: number) => Uint8Array): string {
  return PREFIX + encodeBase64(randomBytes(NEW_BYTES));
}

/** Why this is no secret, or null. The secret itself is not told: answers are logged. */
export function checkSecret(secret: string): Failure | null {
  const key = secret.startsWith(PREFIX) ? decodeBase64(secret.slice(PREFIX.length)) : null;
  if (key !== null && key.length >= MIN_BYTES && key.length <= MAX_BYTES) return null;
  return failure(
    "UNACCEPTABLE_CREDENTIAL",
    `a secret is '${PREFIX}' and the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes; this one is not`,
  );
}

/** The key that a valid secret stands for. */
export function secretKey(secret: string): Uint8Array<ArrayBuffer> {
  return decodeBase64(secret.slice(PREFIX.length))!;
}

/** The same secret again changes nothing. */
export function rotate({ current }: Secrets, secret: string, validUntilMs: number): Secrets {
  return secret === current ? { current, previous: null } : { current: secret, previous: { secret: current, validUntilMs } };
}

/** Those to sign with now, the current one first. */
export function validSecrets({ current, previous }: Secrets, nowMs: number): string[] {
  return previous !== null && nowMs < previous.validUntilMs ? [current, previous.secret] : [current];
}
