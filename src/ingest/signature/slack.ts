// Slack (docs.slack.dev/authentication/verifying-requests-from-slack):
//
//   X-Slack-Request-Timestamp: seconds    X-Slack-Signature: v0=HEX
//
// Signed is `v0:timestamp:body`, by HMAC-SHA256.

import { type Failure, isFailure } from "../../common/errors.ts";
import { decodeHex } from "../../common/hex.ts";
import { type Claim, PLAIN_CLAIM, readSeconds, readSignatures, signatureHeader } from "./claim.ts";

const VERSION = "v0";

export function readSlackClaim(headers: Headers): Claim | Failure {
  const timestamp = signatureHeader(headers, "x-slack-request-timestamp");
  if (typeof timestamp !== "string") return timestamp;
  const signature = signatureHeader(headers, "x-slack-signature");
  if (typeof signature !== "string") return signature;
  const signedAtMs = readSeconds(timestamp, "x-slack-request-timestamp");
  if (typeof signedAtMs !== "number") return signedAtMs;
  const mac = signature.startsWith(`${VERSION}=`) ? decodeHex(signature.slice(VERSION.length + 1)) : null;
  const macs = readSignatures([mac], `${VERSION}=HEX`);
  return isFailure(macs) ? macs : { ...PLAIN_CLAIM, prefix: `${VERSION}:${timestamp}:`, macs, signedAtMs };
}
