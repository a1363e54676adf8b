// A SCRAM client of the tests' own, by Node's crypto: what it says is not made by the code under test.

import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { ScramMechanism } from "../../src/common/security-words.ts";

export interface ScramContext {
  readonly gs2: string;
  /** client-first without the gs2 header */
  readonly bare: string;
  readonly serverFirst: string;
  /** Put before the nonce that is answered. */
  readonly noncePrefix?: string;
}

/** client-final for the password, and the text that was signed. */
export async function clientFinal(mechanism: ScramMechanism, password: string, { gs2, bare, serverFirst, noncePrefix = "" }: ScramContext) {
  const hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!;
  const salted = pbkdf2Sync(password, Buffer.from(salt!, "base64"), Number(iterations), hash === "sha256" ? 32 : 64, hash);
  const clientKey = createHmac(hash, salted).update("Client Key").digest();
  const storedKey = createHash(hash).update(clientKey).digest();
  const withoutProof = `c=${Buffer.from(gs2).toString("base64")},r=${noncePrefix}${nonce}`;
  const authMessage = `${bare},${serverFirst},${withoutProof}`;
  const signature = createHmac(hash, storedKey).update(authMessage).digest();
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
  return { message: `${withoutProof},p=${proof}`, authMessage };
}
