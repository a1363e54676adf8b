// --tls-cert, --tls-key and --tls-client-ca: PEM files, checked before anything starts. workerd's own word for a key that is not the
// certificate's is an exception at the first connection.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { StartError, USAGE_EXIT_CODE } from "./start-error.ts";

/** Absolute paths of files that were readable and fit each other. */
export interface TlsOptions {
  /** The server's certificate, and those up to the authority that clients trust. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients need a certificate of one of these authorities; null: they need none. */
  readonly clientCaFile: string | null;
}

export interface TlsFlags {
  readonly "tls-cert"?: string | undefined;
  readonly "tls-key"?: string | undefined;
  readonly "tls-client-ca"?: string | undefined;
}

/** Null: no TLS. Throws StartError with the flag and what is wrong with its file. */
export function parseTls({ "tls-cert": cert, "tls-key": key, "tls-client-ca": clientCa }: TlsFlags): TlsOptions | null {
  if (cert === undefined && key === undefined && clientCa === undefined) return null;
  if (cert === undefined || key === undefined) {
    throw refusal(`TLS needs both --tls-cert and --tls-key${clientCa === undefined ? "" : ", --tls-client-ca too"}`);
  }
  const [certificate] = readCertificates("--tls-cert", cert);
  if (!certificate!.checkPrivateKey(readKey(key)))
    throw refusal(`--tls-key ${key} is not the key of the certificate in --tls-cert ${cert}`);
  if (clientCa !== undefined) readCertificates("--tls-client-ca", clientCa);
  return {
    certFile: realpathSync(cert),
    keyFile: realpathSync(key),
    clientCaFile: clientCa === undefined ? null : realpathSync(clientCa),
  };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** One at least. */
function readCertificates(flag: string, file: string): X509Certificate[] {
  const blocks = readText(flag, file).match(CERTIFICATE);
  if (blocks === null) throw refusal(`${flag} ${file} holds no certificate in PEM form`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw refusal(`${flag} ${file} holds a certificate that cannot be read: ${(error as Error).message}`);
  }
}

function readKey(file: string): KeyObject {
  const text = readText("--tls-key", file);
  if (/ENCRYPTED/.test(text)) throw refusal(`--tls-key ${file} is encrypted: workerd reads only keys without a passphrase`);
  try {
    return createPrivateKey(text);
  } catch {
    throw refusal(`--tls-key ${file} holds no private key in PEM form`); // OpenSSL's own words name a decoder
  }
}

function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refusal(`${flag} ${file} cannot be read: ${(error as Error).message}`);
  }
}

function refusal(message: string): StartError {
  return new StartError(message, USAGE_EXIT_CODE);
}
