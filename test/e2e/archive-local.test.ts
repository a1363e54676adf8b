// The archive in Durable Objects, behind the real binding in plain workerd: R2's promises, and what is on disk after kills and deletes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { testBucketPromises } from "../support/bucket/promises.ts";
import { type BucketServer, startBucketServer } from "../support/bucket/server.ts";
import { randomBytes, seededRandom } from "../support/random.ts";

const MIB = 1024 * 1024;

async function started(settings: Readonly<Record<string, string>> = {}): Promise<BucketServer> {
  const server = await startBucketServer({ kind: "local", settings });
  onTestFinished(() => server.stop());
  return server;
}

/** Bytes of all files of the archive. */
function storedBytes({ folder }: BucketServer): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(50);
}

describe("R2's promises", () => {
  let server: BucketServer;
  beforeAll(async () => {
    server = await startBucketServer({ kind: "local" });
  });
  afterAll(() => server.stop());
  testBucketPromises(() => server.url);
});

test("a delete gives the disk space back", async () => {
  const server = await started({ ERASE_DELAY_MS: "0" });
  for (const key of ["a", "b"]) await fetch(`${server.url}/objects/${key}`, { method: "PUT", body: new Uint8Array(20 * MIB) });
  expect(storedBytes(server)).toBeGreaterThan(40 * MIB);
  await fetch(`${server.url}/objects/a`, { method: "DELETE" });
  await until(() => storedBytes(server) < 30 * MIB);
  expect((await (await fetch(`${server.url}/objects/b`)).arrayBuffer()).byteLength).toBe(20 * MIB);
});

test("an object far larger than the memory that is used for it passes through", async () => {
  const server = await started();
  const peakKib = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]);
  const stream = async (size: number) => {
    const answer = await fetch(`${server.url}/stream?size=${size}`, { method: "POST" });
    expect(await answer.text()).toBe("");
  };
  await stream(100 * MIB); // fills the heap with as much garbage as the collector lets lie about
  const before = peakKib();
  await stream(400 * MIB);
  expect((peakKib() - before) / 1024, "further MiB of memory").toBeLessThan(200);
});

test("after kill -9 during uploads every object is whole or absent, and what was acknowledged is there", async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const server = await started({ UPLOAD_LIFETIME_MS: "1000", ERASE_DELAY_MS: "0" });
  const data = randomBytes(12 * MIB, random);
  const contents = new Map<string, Uint8Array>();
  const acknowledged = new Set<string>();

  const write = async (name: string, kind: "objects" | "uploads") => {
    const start = Math.floor(random() * MIB);
    const content = data.subarray(start, start + Math.floor(random() * 11 * MIB));
    contents.set(name, content);
    const answer = await fetch(`${server.url}/${kind}/${name}`, { method: "PUT", body: content as Uint8Array<ArrayBuffer> }).catch(
      () => null,
    );
    if (answer?.ok) acknowledged.add(name);
  };
  for (let round = 0; round < 5; round++) {
    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let i = 0; i < 6; i++) await write(`${round}-${writer}-${i}`, writer % 2 === 0 ? "objects" : "uploads");
    });
    if (round === 0) await until(() => acknowledged.size > 0);
    await sleep(random() * 700);
    await server.kill9();
    await Promise.all(writers);
    await server.restart();
    await verify(server, contents, acknowledged);
  }
  expect(acknowledged.size).toBeGreaterThan(0);
  expect(acknowledged.size, "the kills must hit uploads").toBeLessThan(contents.size);

  // What the killed uploads left behind is erased once their time is over; then all that is stored are the objects.
  const keys = (await (await fetch(`${server.url}/objects`)).json()) as string[];
  const objectBytes = keys.reduce((sum, key) => sum + contents.get(key)!.length, 0);
  await until(() => storedBytes(server) < objectBytes + keys.length * 300 * 1024 + 4 * MIB);
  await verify(server, contents, acknowledged);
});

async function verify({ url }: BucketServer, contents: ReadonlyMap<string, Uint8Array>, acknowledged: ReadonlySet<string>): Promise<void> {
  const listed = new Set((await (await fetch(`${url}/objects`)).json()) as string[]);
  for (const key of acknowledged) expect(listed.has(key), `${key}, acknowledged`).toBe(true);
  for (const [key, content] of contents) {
    const answer = await fetch(`${url}/objects/${key}`);
    expect(answer.status, key).toBe(listed.has(key) ? 200 : 404);
    if (answer.status === 200) expect(digest(new Uint8Array(await answer.arrayBuffer())), key).toBe(digest(content));
    else await answer.body?.cancel();
  }
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
