// The admin's resources that need a whole broker: users, tokens, ACLs, quotas, transactions, subscriptions and sources.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Admin, AuthorizationError, createClient, Producer } from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";

const ADMIN_TOKEN = "the-admin-token-of-this-test";

let broker: Broker;
let admin: Admin;
const clientWith = (token: string) => createClient({ url: broker.url, token });

beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_ADMIN_TOKEN: ADMIN_TOKEN } });
  admin = new Admin(clientWith(ADMIN_TOKEN));
  await admin.topics.create({ name: "orders", partitions: 1 });
});
afterAll(async () => {
  await broker?.stop();
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("without a valid token there is nothing", async () => {
  const refused = new Admin(clientWith("wrong")).cluster();
  await expect(refused).rejects.toMatchObject({ name: "AuthenticationError", status: 401, code: "SASL_AUTHENTICATION_FAILED" });
});

test("users, tokens, ACLs and quotas are made, listed and taken away", async () => {
  const { security } = admin;
  await security.putUser("alice", { password: "correct horse", rights: { role: "read", topics: ["orders"] } });
  expect((await security.users()).map(({ user }) => user)).toEqual(["alice"]);
  expect((await security.user("alice")).acls.length).toBeGreaterThan(0);

  const { token } = await security.createToken({ name: "ci", rights: { role: "read", topics: ["orders"] } });
  expect((await security.tokens()).map(({ name }) => name)).toEqual(["ci"]);
  const ci = clientWith(token);
  expect((await new Admin(ci).topics.describe("orders")).name).toBe("orders");
  const producer = new Producer(ci);
  await expect(producer.send({ topic: "orders", value: "no" })).rejects.toThrow(AuthorizationError);
  await producer.close();

  const acl = { resourceType: "TOPIC", resourceName: "bills", principal: "User:alice", operation: "READ" } as const;
  expect(await security.createAcls([acl])).toEqual([null]);
  expect(await security.acls({ resourceName: "bills" })).toMatchObject([acl]);
  expect(await security.deleteAcls({ resourceName: "bills" })).toHaveLength(1);
  await security.setQuota({ user: "alice", values: { producer_byte_rate: 1_000 } });
  expect(await security.quotas()).toMatchObject([{ user: "alice", values: { producer_byte_rate: 1_000 } }]);
  await security.deleteToken("ci");
  await security.deleteUser("alice");
  expect([await security.users(), await security.tokens()]).toEqual([[], []]);
});

test("a transaction that its producer left open is found, and aborted", async () => {
  const producer = new Producer(clientWith(ADMIN_TOKEN), { transactionalId: "left-open" });
  await producer.beginTransaction();
  await producer.send({ topic: "orders", value: "undecided" });
  const [open] = await collect(admin.transactions.list({ state: "Ongoing" }));
  expect(open).toMatchObject({ transactionalId: "left-open", partitions: [{ topic: "orders", partition: 0 }] });
  await admin.transactions.abort("left-open", open!);
  expect((await admin.transactions.describe("left-open")).state).not.toBe("Ongoing");
  await producer.close();
});

test("sources of inbound webhooks are made, given another secret, listed and deleted", async () => {
  const { ingest } = admin;
  const made = await ingest.put("orders", "github", { signature: { scheme: "github", secrets: ["one"] }, key: { pointer: "/action" } });
  expect(made).toMatchObject({ path: "/v1/topics/orders/ingest/github", key: { pointer: "/action" }, dedupWindowMs: 86_400_000 });
  const rotated = await ingest.rotateSecret("orders", "github", { secret: "two", overlapMs: 60_000 });
  expect(rotated.signature?.secrets).toEqual([{ validUntil: null }, { validUntil: expect.any(Number) }]);
  expect(await ingest.describe("orders", "github")).toEqual(rotated);
  expect(await ingest.list("orders")).toEqual([rotated]);
  await ingest.delete("orders", "github");
  await expect(ingest.describe("orders", "github")).rejects.toMatchObject({ code: "RESOURCE_NOT_FOUND" });
});

test("subscriptions are made, paused, listed and deleted", async () => {
  const { subscriptions } = admin;
  const made = await subscriptions.put("hooks", { topics: ["orders"], url: "https://example.com/hook" });
  expect(made.secret).toMatch(/^whsec_/);
  expect((await subscriptions.pause("hooks")).paused).toBe(true);
  expect(await subscriptions.describe("hooks")).not.toHaveProperty("secret");
  expect((await collect(subscriptions.list())).map(({ name }) => name)).toEqual(["hooks"]);
  expect(await collect(subscriptions.deliveries("hooks"))).toEqual([]);
  await subscriptions.delete("hooks");
  expect(await collect(subscriptions.list())).toEqual([]);
});

test("a subscription is pulled from, and what was leased is settled", async () => {
  const { subscriptions } = admin;
  await admin.topics.create({ name: "jobs", partitions: 1 });
  const producer = new Producer(clientWith(ADMIN_TOKEN));
  await subscriptions.put("jobs", { pull: true, topics: ["jobs"], order: "none", filter: 'value != "not this"' });
  const waiting = subscriptions.pull("jobs", { maxWaitMs: 30_000 });
  await producer.send({ topic: "jobs", value: "first" });
  const [first] = (await waiting).records;
  expect(first).toMatchObject({ topic: "jobs", offset: 0, value: "first", deliveryCount: 1 });
  await producer.send({ topic: "jobs", value: "not this" });
  await producer.send({ topic: "jobs", value: "second" });
  const { records } = await subscriptions.pull("jobs", { maxWaitMs: 30_000 });
  expect(records).toMatchObject([{ offset: 2, value: "second" }]);
  const settled = await subscriptions.ack("jobs", { acks: [first!.leaseId], retries: [{ leaseId: records[0]!.leaseId }] });
  expect(settled).toEqual({ settled: 2 });
  expect((await subscriptions.pull("jobs")).records).toMatchObject([{ value: "second", deliveryCount: 2 }]);
  expect(await subscriptions.describe("jobs")).toMatchObject({ pull: true, lag: 1, partitions: [{ acknowledged: 1, acquired: 1 }] });
  await expect(subscriptions.ack("jobs", { acks: [first!.leaseId] })).rejects.toMatchObject({ status: 409, code: "INVALID_RECORD_STATE" });
  await producer.close();
  await subscriptions.delete("jobs");
});
