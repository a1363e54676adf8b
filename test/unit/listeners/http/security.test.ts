// /v1/users, /v1/tokens, /v1/acls and /v1/quotas, and what they do to everybody else's requests.

import { beforeEach, describe, expect, test } from "vitest";
import { appWithTopic, type TestApp } from "../../../support/http.ts";
import { type MemorySecurity, memorySecurity } from "../../../support/memory-security.ts";
import { basic } from "../../../support/secured.ts";

const AS_ADMIN = { authorization: "Bearer sesame" };

let now: number;
let app: TestApp;
let memory: MemorySecurity;

beforeEach(async () => {
  now = 1_000_000;
  memory = memorySecurity(() => now);
  const security = memory.security();
  app = await appWithTopic({ open: false, adminToken: "sesame" }, () => security);
});

const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = AS_ADMIN) => {
  const response = await (body === undefined ? app.request(path, { method, headers }) : app.send(method, path, body, headers));
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
};
const as = (user: string, password: string) => ({ authorization: basic(user, password) });

describe("users", () => {
  test("are made, told without their passwords, and deleted with their rights", async () => {
    const rights = { role: "read", topics: ["ord"], groups: [] };
    expect((await ask("PUT", "/v1/users/alice", { password: "pw", rights })).status).toBe(204);
    const read = { resourceType: "TOPIC", resourceName: "ord", patternType: "PREFIXED", operation: "READ" };
    const acl = { ...read, principal: "User:alice", host: "*", permission: "ALLOW" };
    const credentials = ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((mechanism) => ({ mechanism, iterations: 4096 }));
    expect((await ask("GET", "/v1/users/alice")).body).toEqual({ user: "alice", credentials, acls: [acl] });
    expect((await ask("GET", "/v1/users")).body).toEqual({ users: [{ user: "alice", credentials }] });
    expect((await ask("GET", "/v1/topics/orders", undefined, as("alice", "pw"))).status).toBe(200);
    expect((await ask("DELETE", "/v1/users/alice")).status).toBe(204);
    expect((await ask("GET", "/v1/topics/orders", undefined, as("alice", "pw"))).status).toBe(401);
    expect((await ask("GET", "/v1/acls")).body).toEqual({ acls: [] });
    expect(await ask("DELETE", "/v1/users/alice")).toMatchObject({ status: 404, body: { code: "RESOURCE_NOT_FOUND" } });
  });

  test.each([
    [{}, /password/],
    [{ password: "" }, /password/],
    [{ password: "x", iterations: 10 }, /iterations/],
    [{ password: "x", mechanisms: ["MD5"] }, /mechanisms/],
    [{ password: "x", rights: { role: "king" } }, /role/],
  ])("%j makes none", async (body, detail) => {
    const refused = await ask("PUT", "/v1/users/alice", body);
    expect(refused).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST", detail: expect.stringMatching(detail) } });
    expect((await ask("GET", "/v1/users")).body).toEqual({ users: [] });
  });

  test("with a new password are let in by it alone, also where the old one was remembered", async () => {
    await ask("PUT", "/v1/users/alice", { password: "old", rights: { role: "read" } });
    const statusOf = async (password: string) => (await ask("GET", "/v1/topics", undefined, as("alice", password))).status;
    expect([await statusOf("old"), await statusOf("old"), await statusOf("new")]).toEqual([200, 200, 401]);
    await ask("PUT", "/v1/users/alice", { password: "new" });
    expect([await statusOf("old"), await statusOf("new")]).toEqual([401, 200]);
  });
});

describe("tokens", () => {
  test("are told once, work until they expire or are revoked, and have the rights they were given", async () => {
    const rights = { role: "write", topics: ["orders"] };
    const made = await ask("POST", "/v1/tokens", { name: "ci", rights, expiresAt: now + 60_000 });
    expect(made).toMatchObject({ status: 201, body: { name: "ci", token: expect.stringMatching(/^slt_[\w-]{43}$/) } });
    const bearer = { authorization: `Bearer ${made.body.token}` };
    const produce = () => ask("POST", "/v1/topics/orders/records", { records: [{ value: 1 }] }, bearer);
    expect((await produce()).status).toBe(200);
    expect(await ask("GET", "/v1/topics/orders/partitions/0/records?offset=0", undefined, bearer)).toMatchObject({
      status: 403,
      body: { code: "TOPIC_AUTHORIZATION_FAILED" },
    });
    expect((await ask("GET", "/v1/topics", undefined, { authorization: basic("anybody", made.body.token) })).status).toBe(200);
    expect(JSON.stringify((await ask("GET", "/v1/tokens")).body)).not.toContain(made.body.token);
    expect((await ask("POST", "/v1/tokens", { name: "ci" })).body.code).toBe("DUPLICATE_RESOURCE");
    now += 60_000;
    expect((await produce()).status).toBe(401);
    expect((await ask("DELETE", "/v1/tokens/ci")).status).toBe(204);
    expect((await ask("GET", "/v1/tokens")).body).toEqual({ tokens: [] });
  });
});

describe("ACLs", () => {
  const acl = { resourceType: "TOPIC", resourceName: "orders", principal: "User:bob", operation: "READ" };

  test("are added, found and deleted; nobody deletes all of them by accident", async () => {
    const results = (await ask("POST", "/v1/acls", { acls: [acl, { ...acl, principal: "bob" }] })).body.results;
    expect(results).toMatchObject([{}, { code: "INVALID_REQUEST" }]);
    const stored = { ...acl, patternType: "LITERAL", host: "*", permission: "ALLOW" };
    expect((await ask("GET", "/v1/acls?principal=User:bob&resourceName=orders&patternType=MATCH")).body).toEqual({ acls: [stored] });
    expect((await ask("GET", "/v1/acls?operation=WRITE")).body).toEqual({ acls: [] });
    expect((await ask("DELETE", "/v1/acls")).status).toBe(400);
    expect((await ask("DELETE", "/v1/acls?principal=User:bob")).body).toEqual({ acls: [stored] });
    expect((await ask("GET", "/v1/acls")).body).toEqual({ acls: [] });
  });

  test("all of which were refused are one refusal", async () => {
    expect(await ask("POST", "/v1/acls", { acls: [{ ...acl, principal: "bob" }] })).toMatchObject({ status: 400 });
  });
});

test("a user without rights sees and does nothing, and administers nothing", async () => {
  await ask("PUT", "/v1/users/eve", { password: "pw" });
  const code = async (method: string, path: string, body?: unknown) => (await ask(method, path, body, as("eve", "pw"))).body.code;
  expect((await ask("GET", "/v1/topics", undefined, as("eve", "pw"))).body.topics).toEqual([]);
  const onTopic = "TOPIC_AUTHORIZATION_FAILED";
  expect(await code("GET", "/v1/topics/orders")).toBe(onTopic);
  expect(await code("POST", "/v1/topics", { name: "new" })).toBe(onTopic);
  expect(await code("PATCH", "/v1/topics/orders", { partitions: 5 })).toBe(onTopic);
  expect(await code("DELETE", "/v1/topics/orders")).toBe(onTopic);
  expect(await code("POST", "/v1/topics/orders/partitions/0/truncate", { beforeOffset: 0 })).toBe(onTopic);
  expect(await code("POST", "/v1/groups/g/commit", { offsets: [{ topic: "orders", partition: 0, offset: 0 }] })).toBe(
    "GROUP_AUTHORIZATION_FAILED",
  );
  const onCluster = "CLUSTER_AUTHORIZATION_FAILED";
  for (const path of ["/v1/users", "/v1/tokens", "/v1/acls", "/v1/quotas"]) expect(await code("GET", path), path).toBe(onCluster);
  expect(await code("PUT", "/v1/users/eve", { password: "other" })).toBe(onCluster);
  expect(await code("POST", "/v1/tokens", { name: "mine" })).toBe(onCluster);
  expect(await code("PUT", "/v1/quotas", { user: "eve", values: {} })).toBe(onCluster);
});

test("rights of a user that are given or taken reach an edge within seconds", async () => {
  await ask("PUT", "/v1/users/alice", { password: "pw" });
  const statusOf = async () => (await ask("GET", "/v1/topics/orders", undefined, as("alice", "pw"))).status;
  expect(await statusOf()).toBe(403);
  await memory.putUser("alice", "pw", [
    {
      resourceType: "TOPIC",
      resourceName: "*",
      patternType: "LITERAL",
      principal: "User:alice",
      host: "*",
      operation: "DESCRIBE",
      permission: "ALLOW",
    },
  ]); // by another edge
  expect(await statusOf()).toBe(403);
  now += 6_000;
  expect(await statusOf()).toBe(200);
});

describe("a quota", () => {
  const produce = (headers = AS_ADMIN as Record<string, string>) =>
    ask("POST", "/v1/topics/orders/records", { records: [{ value: "x".repeat(100) }] }, headers);

  test("that is used up is 429 with the time to wait, and lets the client in again after it", async () => {
    expect((await ask("PUT", "/v1/quotas", { clientId: "slow", values: { producer_byte_rate: 10 } })).status).toBe(204);
    expect((await ask("GET", "/v1/quotas")).body).toEqual({ quotas: [{ clientId: "slow", values: { producer_byte_rate: 10 } }] });
    const slow = { ...AS_ADMIN, "x-client-id": "slow" };
    expect([(await produce(slow)).status, (await produce(slow)).status]).toEqual([200, 200]);
    const refused = await produce(slow);
    expect(refused).toMatchObject({ status: 429, body: { code: "THROTTLING_QUOTA_EXCEEDED", retriable: true } });
    const waitS = Number(refused.headers.get("retry-after"));
    expect(waitS).toBeGreaterThan(5);
    expect((await produce()).status).toBe(200);
    expect((await ask("GET", "/v1/topics", undefined, slow)).status).toBe(200);
    now += waitS * 1000;
    expect((await produce(slow)).status).toBe(200);
  });

  test.each([{ values: { request_rate: 1 } }, { user: "u", values: { request_rate: 0 } }, { user: "u", values: { nonsense: 1 } }])(
    "cannot be %j",
    async (body) => {
      expect((await ask("PUT", "/v1/quotas", body)).status).toBe(400);
    },
  );
});
