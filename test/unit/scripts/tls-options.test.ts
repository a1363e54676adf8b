// TLS flags: what is wrong with a file is said before anything starts.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseTls } from "../../../scripts/serve/tls-options.ts";
import { hasOpenssl, makeCertificates } from "../../support/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-tls-options-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

if (!hasOpenssl()) console.error("openssl is not installed: THE FLAGS OF TLS ARE NOT TESTED. .ci/run installs it.");

describe.skipIf(!process.env.CI && !hasOpenssl())("the files of TLS", () => {
  const files = makeCertificates(folder);
  const pair = { "tls-cert": files.serverCert, "tls-key": files.serverKey };

  test("files that fit each other are taken, by their absolute paths", () => {
    expect(parseTls({})).toBeNull();
    expect(parseTls(pair)).toMatchObject({ clientCaFile: null });
    expect(parseTls({ ...pair, "tls-client-ca": files.ca })?.clientCaFile).toMatch(/^\/.*ca\.pem$/);
  });

  test.each([
    ["needs both", { "tls-cert": files.serverCert }],
    ["needs both", { "tls-client-ca": files.ca }],
    ["--tls-cert /nowhere cannot be read", { ...pair, "tls-cert": "/nowhere" }],
    ["--tls-key /nowhere cannot be read", { ...pair, "tls-key": "/nowhere" }],
    ["holds no certificate", { ...pair, "tls-cert": files.serverKey }],
    ["cannot be read", { ...pair, "tls-cert": file("bad.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n") }],
    ["holds no private key", { ...pair, "tls-key": files.serverCert }],
    ["is encrypted", { ...pair, "tls-key": file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n") }],
    ["is not the key of the certificate", { ...pair, "tls-key": files.clientKey }],
    ["--tls-client-ca", { ...pair, "tls-client-ca": files.serverKey }],
  ])("%s: %j", (words, flags) => {
    expect(() => parseTls(flags)).toThrow(words);
  });
});
