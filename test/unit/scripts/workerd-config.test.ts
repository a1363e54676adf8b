// The broker on plain workerd is the Worker that wrangler deploys: same classes, same compatibility date.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ARCHIVE_NAMESPACES } from "../../../scripts/serve/archive-config.ts";
import { NAMESPACES, socketAddress, workerdConfig } from "../../../scripts/serve/workerd-config.ts";

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
}

function config(changes: Partial<Parameters<typeof workerdConfig>[0]> = {}): string {
  return workerdConfig({
    workerScript: "../build/worker.js",
    coreWasm: "../build/core.wasm",
    objectsFolder: "/data/objects",
    host: "127.0.0.1",
    port: 8787,
    kafkaPort: 9092,
    compatibilityDate: "2026-10-23",
    open: false,
    allowPrivateWebhooks: false,
    archive: null,
    tls: null,
    ...changes,
  });
}

test("binds the classes that wrangler.toml binds", () => {
  const bound = [...read("wrangler.toml").matchAll(/\{ name = "(\w+)", class_name = "(\w+)" \}/g)];
  expect(NAMESPACES.map(({ binding, className }) => [binding, className])).toEqual(bound.map(([, name, className]) => [name, className]));
});

test("keeps the unique keys under which objects are stored", () => {
  const keys = NAMESPACES.map(({ className, uniqueKey }) => `${className} ${uniqueKey}`);
  expect(keys.slice(0, 8)).toEqual([
    "ClusterObject sluice-cluster-v1",
    "PartitionObject sluice-partition-v1",
    "GroupObject sluice-group-v1",
    "ConnectionObject sluice-connection-v1",
    "TransactionObject sluice-transaction-v1",
    "SubscriptionObject sluice-subscription-v1",
    "ShareGroupObject sluice-share-group-v1",
    "SharePartitionObject sluice-share-partition-v1",
  ]);
  expect(ARCHIVE_NAMESPACES.map(({ className, uniqueKey }) => `${className} ${uniqueKey}`)).toEqual([
    "ArchiveIndex sluice-archive-index-v1",
    "ArchiveBlob sluice-archive-blob-v1",
  ]);
});

test("every config names the same compatibility date", () => {
  const dates = ["wrangler.toml", "test/workers/wrangler.toml", "bench/reference/worker.capnp"].map(
    (path) => /compatibility_?date = "([\d-]+)"/i.exec(read(path))?.[1],
  );
  expect(new Set(dates).size).toBe(1);
});

test("sets SLUICE_OPEN only when open", () => {
  expect(config()).not.toContain("SLUICE_OPEN");
  expect(config({ open: true })).toContain('(name = "SLUICE_OPEN", text = "1")');
});

test("webhooks reach public addresses alone, unless private ones are allowed", () => {
  const network = (text: string) => /\(name = "webhooks", network = \(allow = \[([^\]]*)\], deny = \[([^\]]*)\]/.exec(text)!.slice(1, 3);
  const [allow, deny] = network(config());
  expect(allow).toBe('"public"');
  for (const range of ["127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "64:ff9b::/96", "2002::/16"]) expect(deny).toContain(`"${range}"`);
  expect(config()).not.toContain("SLUICE_ALLOW_PRIVATE_WEBHOOKS");
  expect(network(config({ allowPrivateWebhooks: true }))).toEqual(['"public", "private"', ""]);
  expect(config({ allowPrivateWebhooks: true })).toContain('(name = "SLUICE_ALLOW_PRIVATE_WEBHOOKS", text = "1")');
});

test("binds ARCHIVE only when there is one", () => {
  expect(config()).not.toMatch(/archive/i);
  const local = config({ archive: { kind: "local", script: "../build/archive-local.js", folder: "/data/archive" } });
  expect(local).toContain('(name = "ARCHIVE", r2Bucket = "archive")');
  expect(local).toContain('(name = "archive-objects", disk = (path = "/data/archive", writable = true))');
});

test("an S3 archive reaches the network by a service of its own, and its secrets come from the environment", () => {
  const endpoint = "http://10.1.2.3:9000";
  const archive = { kind: "s3", script: "../build/archive-s3.js", bucket: "b", prefix: "p/", region: "auto", endpoint } as const;
  const s3 = config({ archive });
  expect(s3).toContain('(name = "archive-network", network = (allow = ["10.1.2.3/32"], tlsOptions = (trustBrowserCas = true)))');
  expect(s3).toContain('(name = "AWS_SECRET_ACCESS_KEY", fromEnvironment = "AWS_SECRET_ACCESS_KEY")');
  expect(s3.slice(s3.indexOf("const main"), s3.indexOf("const archive"))).not.toContain("archive-network");
});

test("writes paths as text literals, whatever is in them", () => {
  expect(config({ objectsFolder: 'a "b"\\c\n' })).toContain('path = "a \\"b\\"\\\\c\\n"');
});

test("puts brackets around an IPv6 address", () => {
  expect(socketAddress("::1", 8787)).toBe("[::1]:8787");
  expect(socketAddress("127.0.0.1", 8787)).toBe("127.0.0.1:8787");
});

test("with TLS both ports speak it, and a client's certificate is asked for only where an authority is given", () => {
  expect(config()).not.toContain("keypair");
  const files = { certFile: "../cert.pem", keyFile: "../key.pem" };
  const served = config({ tls: { ...files, clientCaFile: null } });
  expect(served.match(/keypair = \(privateKey = embed "\.\.\/key\.pem", certificateChain = embed "\.\.\/cert\.pem"\)/g)).toHaveLength(2);
  expect(served).not.toContain("requireClientCerts");
  const mutual = config({ tls: { ...files, clientCaFile: "../ca.pem" } });
  expect(mutual.match(/requireClientCerts = true, trustedCertificates = \[embed "\.\.\/ca\.pem"\]/g)).toHaveLength(2);
});
