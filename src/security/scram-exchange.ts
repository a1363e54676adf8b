// The server's side of one SCRAM exchange (RFC 5802 section 5; Kafka's ScramSaslServer, ScramMessages):
//
//   client-first  n,[a=AUTHZID],n=NAME,r=NONCE[,extensions]      gs2 header, then the "bare" message
//   server-first  r=NONCE+OURS,s=SALT,i=ITERATIONS
//   client-final  c=base64(gs2 header),r=NONCE+OURS[,extensions],p=PROOF
//   server-final  v=SIGNATURE
//
// librdkafka before 2.6.1, which most distributions have, repeats its own nonce in front in client-final. That is taken too: what has to be
// in it, so that no exchange can be replayed, is our part.
//
// A user that there is not goes the whole way, with a decoy, and is refused where a wrong password is. No channel binding (the gs2 header
// begins with n, or with y from a client that would), no delegation tokens.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import type { ScramMechanism } from "../common/security-words.ts";
import { isProofOf, type ScramCredential, serverSignature } from "./scram.ts";

const NONCE_BYTES = 24;

/** Visible ASCII without the comma. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
const CLIENT_FIRST = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([^,]+)(?:,[A-Za-z]=[^,]+)*)$/;
const CLIENT_FINAL = /^(c=([^,]+),r=([^,]+)(?:,[A-Za-z]=[^,]+)*),p=([^,]+)$/;

export interface ScramStep {
  readonly answer: Uint8Array;
  /** Who it is, once that is proven. */
  readonly user: string | null;
}

interface Begun {
  readonly user: string;
  readonly credential: ScramCredential;
  readonly gs2Header: string;
  readonly clientFirstBare: string;
  readonly serverFirst: string;
  /** What client-final may answer it with. */
  readonly nonces: readonly string[];
}

export class ScramExchange {
  readonly #mechanism: ScramMechanism;
  readonly #credentialOf: (user: string) => Promise<ScramCredential>;
  #begun: Begun | null = null;

  /** @param credentialOf answers a decoy for a user that there is not */
  constructor(mechanism: ScramMechanism, credentialOf: (user: string) => Promise<ScramCredential>) {
    this.#mechanism = mechanism;
    this.#credentialOf = credentialOf;
  }

  /** Takes the client's next message; null where it is refused, which ends the exchange. */
  async step(message: Uint8Array): Promise<ScramStep | null> {
    const text = new TextDecoder().decode(message);
    return this.#begun === null ? this.#first(text) : this.#final(text, this.#begun);
  }

  async #first(message: string): Promise<ScramStep | null> {
    const [, gs2Header, authorizationId, clientFirstBare, saslName, clientNonce] = CLIENT_FIRST.exec(message) ?? [];
    const user = saslName === undefined ? null : decodeName(saslName);
    if (user === null || !NONCE.test(clientNonce!)) return null;
    if (authorizationId !== undefined && decodeName(authorizationId) !== user) return null;
    const credential = await this.#credentialOf(user);
    const nonce = clientNonce! + encodeBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
    const serverFirst = `r=${nonce},s=${credential.salt},i=${credential.iterations}`;
    this.#begun = {
      user,
      credential,
      gs2Header: gs2Header!,
      clientFirstBare: clientFirstBare!,
      serverFirst,
      nonces: [nonce, clientNonce! + nonce],
    };
    return { answer: new TextEncoder().encode(serverFirst), user: null };
  }

  async #final(message: string, { user, credential, gs2Header, clientFirstBare, serverFirst, nonces }: Begun): Promise<ScramStep | null> {
    const [, withoutProof, binding, givenNonce, proofText] = CLIENT_FINAL.exec(message) ?? [];
    const proof = proofText === undefined ? null : decodeBase64(proofText);
    if (proof === null || !nonces.includes(givenNonce!) || binding !== encodeBase64(new TextEncoder().encode(gs2Header))) return null;
    const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`;
    if (!(await isProofOf(this.#mechanism, credential, authMessage, proof))) return null;
    const signature = await serverSignature(this.#mechanism, credential, authMessage);
    return { answer: new TextEncoder().encode(`v=${encodeBase64(signature)}`), user };
  }
}

/** RFC 5802's saslname: a comma is =2C, an equals sign =3D, and no other = may be there. */
function decodeName(saslName: string): string | null {
  const name = saslName.replaceAll("=2C", ",").replaceAll("=3D", "\0");
  return name.includes("=") || saslName.includes("\0") ? null : name.replaceAll("\0", "=");
}
