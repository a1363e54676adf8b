// The archive in S3, behind the real binding in plain workerd, against a toy endpoint that checks signatures and fails on demand.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { testBucketPromises } from "../support/bucket/promises.ts";
import { type BucketServer, startBucketServer } from "../support/bucket/server.ts";
import { randomBytes, seededRandom } from "../support/random.ts";
import { type Fault, startToyS3, type ToyS3 } from "../support/s3/server.ts";

const MIB = 1024 * 1024;

let s3: ToyS3;
let server: BucketServer;

beforeAll(async () => {
  s3 = await startToyS3();
  const { endpoint, bucket, credentials } = s3;
  const environment = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
  server = await startBucketServer({ kind: "s3", endpoint, bucket, prefix: "some/prefix/", region: credentials.region }, environment);
});
afterAll(async () => {
  await server.stop();
  await s3.stop();
});

const bytes = randomBytes(12 * MIB, seededRandom(1));

const put = (key: string, size: number, kind = "objects") =>
  fetch(`${server.url}/${kind}/${key}`, { method: "PUT", body: bytes.subarray(0, size) });
const get = (key: string) => fetch(`${server.url}/objects/${key}`);
const stored = (key: string) => s3.operations.objects.get(`some/prefix/${key}`)?.data.length;

/** Log lines of the requests that `work` makes. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const before = s3.log.length;
  await work();
  return s3.log.slice(before);
}

describe("R2's promises", () => {
  testBucketPromises(() => server.url);
});

test("every request is signed, and every key is below the prefix", () => {
  expect(s3.log.length).toBeGreaterThan(100);
  expect(s3.signatureFaults).toEqual([]);
  expect([...s3.operations.objects.keys()].filter((key) => !key.startsWith("some/prefix/"))).toEqual([]);
});

test("credentials that the endpoint does not take are an error that says so", async () => {
  const { endpoint, bucket, credentials } = s3;
  const environment = { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: "wrong" };
  const stranger = await startBucketServer({ kind: "s3", endpoint, bucket, prefix: "", region: credentials.region }, environment);
  onTestFinished(() => stranger.stop());
  const answer = await fetch(`${stranger.url}/objects/a`);
  expect(await answer.text()).toBe("get: Access denied. S3 answered 403 SignatureDoesNotMatch refused & done (10003)");
});

test("asks again after 429, 5xx and cut connections", async () => {
  for (const fault of [429, 500, 503, "cut"] satisfies Fault[]) {
    const key = `again-${fault}`;
    s3.failNext(/^PUT/, [fault, fault]);
    const lines = await requestsOf(async () => expect((await put(key, 1000)).status).toBe(200));
    expect(lines).toHaveLength(3);
    s3.failNext(/^GET/, [fault]);
    expect((await (await get(key)).arrayBuffer()).byteLength).toBe(1000);
    s3.failNext(/^DELETE/, [fault]);
    await fetch(`${server.url}/objects/${key}`, { method: "DELETE" });
    expect(stored(key)).toBeUndefined();
  }
});

test("gives up after a few attempts, with an error that says why", async () => {
  for (const [fault, said] of [
    [503, "S3 answered 503 SlowDown refused & done (10043)"],
    ["cut", "S3 cannot be reached"],
  ] as const) {
    s3.failNext(
      /^PUT/,
      Array.from({ length: 5 }, () => fault),
    );
    const answer = await put(`never-${fault}`, 1000);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain(said);
    expect(stored(`never-${fault}`)).toBeUndefined();
  }
});

test("does not ask again when it is not allowed to", async () => {
  s3.failNext(/^GET/, [403]);
  const lines = await requestsOf(async () => expect(await (await get("forbidden")).text()).toContain("403 AccessDenied"));
  expect(lines).toHaveLength(1);
});

test("a conditional put whose answer was lost is a success, not a conflict with itself", async () => {
  s3.failNext(/^PUT/, ["lost answer"]);
  expect((await put("lost", 1000)).status).toBe(200);
  expect(stored("lost")).toBe(1000);
  expect((await put("lost", 500)).status, "another writer").toBe(409);

  s3.failNext(/^PUT/, ["cut", 503]);
  expect((await put("lost", 500)).status, "another writer, after failures").toBe(409);
  expect(stored("lost")).toBe(1000);
});

test("a multipart upload survives faults in each of its calls, lost answers too", async () => {
  for (const fault of [503, "cut", "lost answer"] satisfies Fault[]) {
    for (const pattern of [/^POST .*uploads=/, /^PUT .*partNumber=2/, /^POST .*uploadId=/]) {
      const key = `upload-${fault}-${pattern.source.length}`;
      s3.failNext(pattern, [fault]);
      expect((await put(key, 11 * MIB, "uploads")).status, `${fault} at ${pattern}`).toBe(200);
      expect(stored(key)).toBe(11 * MIB);
    }
  }
});

test("reads on where a connection was cut", async () => {
  await put("cut", 9 * MIB);
  s3.failNext(/^GET/, ["half body", "half body", 503, "half body"]);
  const lines = await requestsOf(async () => {
    const data = new Uint8Array(await (await get("cut")).arrayBuffer());
    expect(Buffer.compare(data, bytes.subarray(0, 9 * MIB))).toBe(0);
  });
  expect(lines).toHaveLength(5);
});
