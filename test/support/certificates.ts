// Certificates for tests of TLS, made by openssl: an authority, a server on this machine, a client, and one of another authority.

import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly strangerCert: string;
  readonly strangerKey: string;
}

export function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).status === 0;
}

/** Writes them into the folder, where openssl is there; returns their paths. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name);
  if (hasOpenssl()) {
    makeAuthority(folder, "ca");
    makeAuthority(folder, "other-ca");
    issue(folder, "server", "ca");
    issue(folder, "client", "ca");
    issue(folder, "stranger", "other-ca");
  }
  return {
    ca: file("ca.pem"),
    ...{ serverCert: file("server.pem"), serverKey: file("server.key") },
    ...{ clientCert: file("client.pem"), clientKey: file("client.key") },
    ...{ strangerCert: file("stranger.pem"), strangerKey: file("stranger.key") },
  };
}

function makeAuthority(folder: string, name: string): void {
  const subject = ["-subj", `/CN=${name}`, "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE"];
  openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`, "-out", `${name}.pem`, ...subject);
}

/** A certificate of the authority for localhost and 127.0.0.1. */
function issue(folder: string, name: string, authority: string): void {
  writeFileSync(join(folder, `${name}.ext`), "subjectAltName = DNS:localhost, IP:127.0.0.1\n");
  openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
  const signer = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
  openssl(folder, "x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signer);
}

function openssl(folder: string, ...args: string[]): void {
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}
