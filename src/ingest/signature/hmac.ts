// A plain HMAC of the body in a header: what most senders do, each with a header, a hash, an encoding and a prefix of its own. GitHub's is
// one of them (docs.github.com/webhooks, "Validating webhook deliveries"): `X-Hub-Signature-256: sha256=HEX`.

import { type Failure, isFailure } from "../../common/errors.ts";
import type { HmacScheme } from "../source.ts";
import { type Claim, decodeDigest, PLAIN_CLAIM, readSignatures, signatureHeader } from "./claim.ts";

export const GITHUB: HmacScheme = {
  ...{ scheme: "hmac", header: "x-hub-signature-256", algorithm: "sha256", encoding: "hex", prefix: "sha256=" },
};

export function readHmacClaim({ header: name, algorithm, encoding, prefix }: HmacScheme, headers: Headers): Claim | Failure {
  const header = signatureHeader(headers, name);
  if (typeof header !== "string") return header;
  const mac = header.startsWith(prefix) ? decodeDigest(header.slice(prefix.length), encoding) : null;
  const macs = readSignatures([mac], prefix + encoding.toUpperCase());
  return isFailure(macs) ? macs : { ...PLAIN_CLAIM, prefix: "", algorithm, macs };
}
