// Stripe (docs.stripe.com/webhooks/signature):
//
//   Stripe-Signature: t=seconds,v1=HEX,v1=HEX,v0=…
//
// Signed is `t.body`, by HMAC-SHA256 with the endpoint's secret as it is written (`whsec_…`, not decoded). One v1 for each valid secret; v0
// is for test events and not looked at.

import { type Failure, isFailure } from "../../common/errors.ts";
import { decodeHex } from "../../common/hex.ts";
import { type Claim, PLAIN_CLAIM, readSeconds, readSignatures, signatureHeader, unsigned } from "./claim.ts";

export function readStripeClaim(headers: Headers): Claim | Failure {
  const header = signatureHeader(headers, "stripe-signature");
  if (typeof header !== "string") return header;
  const fields = header.split(",").map((field) => field.trim().split("="));
  const valuesOf = (name: string) => fields.filter(([key]) => key === name).map(([, value = ""]) => value);
  const [timestamp, ...further] = valuesOf("t");
  if (timestamp === undefined || further.length > 0) return unsigned("stripe-signature must have one timestamp, t=SECONDS");
  const signedAtMs = readSeconds(timestamp, "t of stripe-signature");
  if (typeof signedAtMs !== "number") return signedAtMs;
  const macs = readSignatures(valuesOf("v1").map(decodeHex), "v1=HEX");
  return isFailure(macs) ? macs : { ...PLAIN_CLAIM, prefix: `${timestamp}.`, macs, signedAtMs };
}
