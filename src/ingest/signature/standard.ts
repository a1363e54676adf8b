// Standard Webhooks (standard-webhooks/standard-webhooks, spec/standard-webhooks.md):
//
//   webhook-id: msg_…    webhook-timestamp: seconds    webhook-signature: v1,BASE64 v1a,BASE64 …
//
// Signed is `id.timestamp.body`: by HMAC-SHA256 (v1), or by Ed25519 (v1a). Svix, where it comes from, calls the headers svix-….

import { decodeBase64 } from "../../common/base64.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { type Claim, PLAIN_CLAIM, readSeconds, readSignatures, signatureHeader } from "./claim.ts";

interface Versioned {
  readonly version: "v1" | "v1a";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function readStandardClaim(headers: Headers): Claim | Failure {
  const brand = headers.has("svix-id") && !headers.has("webhook-id") ? "svix" : "webhook";
  const id = signatureHeader(headers, `${brand}-id`);
  if (typeof id !== "string") return id;
  const timestamp = signatureHeader(headers, `${brand}-timestamp`);
  if (typeof timestamp !== "string") return timestamp;
  const signature = signatureHeader(headers, `${brand}-signature`);
  if (typeof signature !== "string") return signature;
  const signedAtMs = readSeconds(timestamp, `${brand}-timestamp`);
  if (typeof signedAtMs !== "number") return signedAtMs;
  const signatures = readSignatures(signature.split(" ").map(readEntry), "v1,BASE64 or v1a,BASE64");
  if (isFailure(signatures)) return signatures;
  const ofVersion = (wanted: Versioned["version"]) => signatures.filter(({ version }) => version === wanted).map(({ bytes }) => bytes);
  return { ...PLAIN_CLAIM, prefix: `${id}.${timestamp}.`, macs: ofVersion("v1"), ed25519: ofVersion("v1a"), signedAtMs, id };
}

/** null: a version that is not known here, or no base64; others may stand beside it. */
function readEntry(entry: string): Versioned | null {
  const [version, encoded = ""] = entry.split(",");
  if (version !== "v1" && version !== "v1a") return null;
  const bytes = decodeBase64(encoded);
  return bytes === null ? null : { version, bytes };
}
