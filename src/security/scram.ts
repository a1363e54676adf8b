// The arithmetic of SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802 section 3, RFC 7677), over WebCrypto. As Kafka does, passwords and names are
// taken as their UTF-8 bytes, without SASLprep.
//
//   SaltedPassword = PBKDF2(password, salt, iterations)        ClientKey = HMAC(SaltedPassword, "Client Key")
//   StoredKey      = H(ClientKey)                              ServerKey = HMAC(SaltedPassword, "Server Key")
//   ClientProof    = ClientKey XOR HMAC(StoredKey, auth)       ServerSignature = HMAC(ServerKey, auth)
//
// What is kept of a password is the salt, the iterations, the StoredKey and the ServerKey: none of them is enough to log in with.

import { decodeBase64, encodeBase64 } from "../common/base64.ts";
import type { ScramMechanism } from "../common/security-words.ts";

const SCRAM_MECHANISMS = {
  "SCRAM-SHA-256": { hash: "SHA-256", keyBytes: 32 },
  "SCRAM-SHA-512": { hash: "SHA-512", keyBytes: 64 },
} as const satisfies Record<ScramMechanism, object>;

/** Bytes are base64, as they are stored. */
export interface ScramCredential {
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

const SALT_BYTES = 24;

const utf8 = new TextEncoder();

/** The credential of a new password. */
export async function newCredential(mechanism: ScramMechanism, password: string, iterations: number): Promise<ScramCredential> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return credentialOf(mechanism, salt, iterations, await saltPassword(mechanism, password, salt, iterations));
}

/** The credential of a password that its owner has salted. */
export async function credentialOf(
  mechanism: ScramMechanism,
  salt: Uint8Array,
  iterations: number,
  saltedPassword: Uint8Array,
): Promise<ScramCredential> {
  const clientKey = await hmac(mechanism, saltedPassword, utf8.encode("Client Key"));
  const serverKey = await hmac(mechanism, saltedPassword, utf8.encode("Server Key"));
  const storedKey = await digest(mechanism, clientKey);
  return { salt: encodeBase64(salt), iterations, storedKey: encodeBase64(storedKey), serverKey: encodeBase64(serverKey) };
}

/** A credential that looks like a user's, always the same for a name, and that no password fits: for users that there are not. */
export async function decoyCredential(
  mechanism: ScramMechanism,
  secret: string,
  user: string,
  iterations: number,
): Promise<ScramCredential> {
  const drawn = (purpose: string) => hmac(mechanism, utf8.encode(secret), utf8.encode(`${purpose} ${user}`));
  const [salt, storedKey, serverKey] = await Promise.all([drawn("salt"), drawn("stored"), drawn("server")]);
  const encoded = { storedKey: encodeBase64(storedKey), serverKey: encodeBase64(serverKey) };
  return { salt: encodeBase64(salt.subarray(0, SALT_BYTES)), iterations, ...encoded };
}

/** Whether the password is the credential's; as long in coming whichever it is. */
export async function isPasswordOf(mechanism: ScramMechanism, credential: ScramCredential, password: string): Promise<boolean> {
  const salt = bytesOf(credential.salt);
  const salted = await saltPassword(mechanism, password, salt, credential.iterations);
  const { storedKey } = await credentialOf(mechanism, salt, credential.iterations, salted);
  return isSame(bytesOf(storedKey), bytesOf(credential.storedKey));
}

/** Whether the proof is that of the credential's password, for this exchange of messages. */
export async function isProofOf(
  mechanism: ScramMechanism,
  credential: ScramCredential,
  authMessage: string,
  proof: Uint8Array,
): Promise<boolean> {
  const { keyBytes } = SCRAM_MECHANISMS[mechanism];
  const storedKey = bytesOf(credential.storedKey);
  const signature = await hmac(mechanism, storedKey, utf8.encode(authMessage));
  const clientKey = signature.map((byte, index) => byte ^ (proof[index] ?? 0));
  return isSame(await digest(mechanism, clientKey), storedKey) && proof.length === keyBytes;
}

export async function serverSignature(mechanism: ScramMechanism, credential: ScramCredential, authMessage: string): Promise<Uint8Array> {
  return hmac(mechanism, bytesOf(credential.serverKey), utf8.encode(authMessage));
}

async function saltPassword(mechanism: ScramMechanism, password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const { hash, keyBytes } = SCRAM_MECHANISMS[mechanism];
  const key = await crypto.subtle.importKey("raw", utf8.encode(password), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash, salt: salt as Uint8Array<ArrayBuffer>, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, keyBytes * 8));
}

async function hmac(mechanism: ScramMechanism, keyMaterial: Uint8Array, message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: SCRAM_MECHANISMS[mechanism].hash };
  const key = await crypto.subtle.importKey("raw", keyMaterial as Uint8Array<ArrayBuffer>, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message as Uint8Array<ArrayBuffer>));
}

async function digest(mechanism: ScramMechanism, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(SCRAM_MECHANISMS[mechanism].hash, bytes as Uint8Array<ArrayBuffer>));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && crypto.subtle.timingSafeEqual(new Uint8Array(one).buffer, new Uint8Array(other).buffer);
}

function bytesOf(base64: string): Uint8Array {
  const bytes = decodeBase64(base64);
  if (bytes === null) throw new Error("a stored credential is not base64");
  return bytes;
}
