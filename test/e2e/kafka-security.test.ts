// Users, tokens and rights with unmodified clients: SCRAM and PLAIN by kafkajs, librdkafka and @platformatic/kafka; ACLs, credentials and
// quotas administered by Kafka's own APIs; the same rights over HTTP.

import { Admin, Producer as PlatformaticProducer, stringSerializers } from "@platformatic/kafka";
import type { SASLOptions } from "kafkajs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { kafkajs } from "../support/kafkajs.ts";
import { hasKcat, runKcat } from "../support/kcat.ts";
import { ADMIN_TOKEN, basic, type SecuredBroker, startSecuredBroker } from "../support/secured.ts";
import { until } from "../support/until.ts";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

let broker: SecuredBroker;

beforeAll(async () => {
  broker = await startSecuredBroker();
  for (const topic of ["orders", "orders-eu", "secrets"]) await broker.ask("POST", "/v1/topics", { name: topic });
  await broker.ask("PUT", "/v1/users/alice", { password: "wonder,land=", rights: { role: "readwrite", topics: ["orders"] } });
  await broker.ask("PUT", "/v1/users/bob", { password: "builder", rights: { role: "read", topics: ["orders"], groups: ["bob-"] } });
});
afterAll(async () => {
  await broker?.stop();
});

function client(sasl: SASLOptions | undefined) {
  const retry = { retries: 0, initialRetryTime: 50 };
  const logLevel = kafkajs.logLevel.NOTHING;
  return new kafkajs.Kafka({ clientId: "test", brokers: [broker.kafkaAddress], logLevel, retry, ...(sasl !== undefined && { sasl }) });
}

async function producerOf(sasl: SASLOptions) {
  const producer = client(sasl).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  onTestFinished(() => producer.disconnect());
  await producer.connect();
  return producer;
}

async function adminOf(sasl: SASLOptions) {
  const admin = client(sasl).admin();
  onTestFinished(() => admin.disconnect());
  await admin.connect();
  return admin;
}

const ADMIN: SASLOptions = { mechanism: "plain", username: "root", password: ADMIN_TOKEN };
const ALICE = { username: "alice", password: "wonder,land=" };
const NO_RIGHT_TO_TOPIC = { cause: { type: "TOPIC_AUTHORIZATION_FAILED" } };
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;

const saslOf = (mechanism: (typeof MECHANISMS)[number], credentials = ALICE): SASLOptions => ({ mechanism, ...credentials }) as SASLOptions;

describe("kafkajs", () => {
  test.each(MECHANISMS)("authenticates by %s and writes what its user may write", async (mechanism) => {
    const producer = await producerOf(saslOf(mechanism));
    const sent = await producer.send({ topic: "orders-eu", messages: [{ value: mechanism }] });
    expect(sent[0]).toMatchObject({ errorCode: 0 });
    await expect(producer.send({ topic: "secrets", messages: [{ value: "x" }] })).rejects.toMatchObject(NO_RIGHT_TO_TOPIC);
  });

  test.each(MECHANISMS)("is refused alike with a wrong password and as nobody by %s", async (mechanism) => {
    const refusals: string[] = [];
    for (const credentials of [
      { username: "alice", password: "wrong" },
      { username: "nobody", password: "wrong" },
    ]) {
      const admin = client(saslOf(mechanism, credentials)).admin();
      onTestFinished(() => admin.disconnect());
      refusals.push(await admin.connect().then(String, String));
    }
    expect(refusals[0]).toMatch(/credentials are not valid/);
    expect(refusals[1]).toBe(refusals[0]);
  });

  test("takes a token for programs as the password of PLAIN, until it is revoked", async () => {
    const made = await broker.ask("POST", "/v1/tokens", { name: "ci", rights: { role: "write", topics: ["orders"] } });
    const { token } = made.body as { token: string };
    const producer = await producerOf({ mechanism: "plain", username: "whoever", password: token });
    expect(await producer.send({ topic: "orders", messages: [{ value: "by token" }] })).toMatchObject([{ errorCode: 0 }]);
    expect((await broker.ask("DELETE", "/v1/tokens/ci")).status).toBe(204);
    await until("the token is refused", async () => (await broker.ask("GET", "/v1/cluster", undefined, `Bearer ${token}`)).status === 401);
    const late = client({ mechanism: "plain", username: "whoever", password: token }).admin();
    onTestFinished(() => late.disconnect());
    await expect(late.connect()).rejects.toThrow(/not valid/);
  });

  test("reads in a group that it may use, and in no other", async () => {
    const producer = await producerOf(saslOf("plain"));
    await producer.send({ topic: "orders", messages: [{ value: "for bob" }] });
    const sasl = saslOf("scram-sha-512", { username: "bob", password: "builder" });
    const received: string[] = [];
    const consumer = client(sasl).consumer({ groupId: "bob-1" });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: "orders", fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await until("bob has read it", () => received.includes("for bob"));

    const other = client(sasl).consumer({ groupId: "alice-1", retry: { retries: 0 } });
    onTestFinished(() => other.disconnect());
    await other.connect();
    await other.subscribe({ topic: "orders" });
    const crashed = new Promise<{ name?: string }>((resolve) =>
      other.on("consumer.crash", ({ payload }) => resolve(payload.error as never)),
    );
    await other.run({ eachMessage: async () => undefined });
    expect(await crashed).toMatchObject({ name: "KafkaJSGroupCoordinatorNotFound" }); // all that kafkajs makes of error 30
  });

  test("administers ACLs by Kafka's APIs, and a user has the right as soon as it is given", async () => {
    await broker.ask("PUT", "/v1/users/carol", { password: "c" });
    const admin = await adminOf(ADMIN);
    const acl = {
      ...{ resourceType: AclResourceTypes.TOPIC, resourceName: "secr", resourcePatternType: ResourcePatternTypes.PREFIXED },
      ...{ principal: "User:carol", host: "*", operation: AclOperationTypes.WRITE, permissionType: AclPermissionTypes.ALLOW },
    };
    const producer = await producerOf(saslOf("scram-sha-256", { username: "carol", password: "c" }));
    const send = () => producer.send({ topic: "secrets", messages: [{ value: "psst" }] });
    await expect(send()).rejects.toMatchObject(NO_RIGHT_TO_TOPIC);
    await admin.createAcls({ acl: [acl] });
    expect(await send()).toMatchObject([{ errorCode: 0 }]);

    const { principal, host, operation, permissionType, ...pattern } = acl;
    const described = await admin.describeAcls({ ...acl, resourcePatternType: ResourcePatternTypes.ANY });
    expect(described.resources).toEqual([{ ...pattern, acls: [{ principal, host, operation, permissionType }] }]);
    const deleted = await admin.deleteAcls({ filters: [acl] });
    expect(deleted.filterResponses[0]!.matchingAcls).toHaveLength(1);
    await until("the right is gone", () =>
      send().then(
        () => false,
        (error) => (error.cause ?? error).type === "TOPIC_AUTHORIZATION_FAILED",
      ),
    );
  });

  test("is refused what only the cluster's administrators may", async () => {
    const admin = await adminOf(saslOf("scram-sha-512"));
    await expect(admin.createTopics({ topics: [{ topic: "new" }] })).rejects.toThrow();
    await expect(admin.describeAcls({ ...ANY_ACL })).rejects.toMatchObject({ type: "CLUSTER_AUTHORIZATION_FAILED" });
    expect(await admin.listTopics()).toEqual(["orders", "orders-eu"]);
  });
});

const ANY_ACL = {
  ...{ resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY },
  ...{ operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY },
};

describe.skipIf(!hasKcat())("librdkafka", () => {
  const args = (mechanism: string, user: string, password: string, ...rest: readonly string[]) => [
    ...["-b", broker.kafkaAddress, "-X", "security.protocol=sasl_plaintext", "-X", `sasl.mechanisms=${mechanism}`],
    ...["-X", `sasl.username=${user}`, "-X", `sasl.password=${password}`, ...rest],
  ];

  test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])("authenticates by %s, writes and reads", async (mechanism) => {
    await runKcat(args(mechanism, "alice", ALICE.password, "-t", "orders-eu", "-P"), `kcat ${mechanism}\n`);
    expect(await runKcat(args(mechanism, "alice", ALICE.password, "-t", "orders-eu", "-C", "-e", "-q"))).toContain(`kcat ${mechanism}`);
  });

  test("is told that the password is wrong", async () => {
    await expect(runKcat(args("SCRAM-SHA-256", "alice", "wrong", "-L", "-m", "5"))).rejects.toThrow(/credentials are not valid/);
  });
});

describe("@platformatic/kafka", () => {
  const options = (mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512" | "PLAIN", credentials = ALICE) => ({
    ...{ clientId: "test", bootstrapBrokers: [broker.kafkaAddress], retries: 0 },
    sasl: { mechanism, ...credentials },
  });

  test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("authenticates by %s and writes", async (mechanism) => {
    const producer = new PlatformaticProducer({ ...options(mechanism), serializers: stringSerializers });
    onTestFinished(async () => producer.close());
    const { offsets } = await producer.send({ messages: [{ topic: "orders", value: mechanism }] });
    expect(offsets).toHaveLength(1);
  });

  test("sets and reads quotas of clients", async () => {
    const admin = new Admin({ ...options("PLAIN", { username: "root", password: ADMIN_TOKEN }) });
    onTestFinished(async () => admin.close());
    const entity = [{ entityType: "user", entityName: "quotas" }] as never;
    await admin.alterClientQuotas({ entries: [{ entities: entity, ops: [{ key: "producer_byte_rate", value: 1000, remove: false }] }] });
    const components = [{ entityType: "user", matchType: 0, match: "quotas" }] as never;
    expect(await admin.describeClientQuotas({ components, strict: true })).toMatchObject([
      { values: [{ key: "producer_byte_rate", value: 1000 }] },
    ]);
  });
});

describe("HTTP", () => {
  test("gives a user and a token the same rights as Kafka's protocol", async () => {
    const asBob = (method: string, path: string, body?: unknown) => broker.ask(method, path, body, basic("bob", "builder"));
    expect((await asBob("GET", "/v1/topics/orders/partitions/0/records?offset=earliest")).status).toBe(200);
    expect(await asBob("POST", "/v1/topics/orders/records", { records: [{ value: "x" }] })).toMatchObject({
      status: 403,
      body: { code: "TOPIC_AUTHORIZATION_FAILED" },
    });
    expect(await asBob("GET", "/v1/groups/alice-1")).toMatchObject({ status: 403, body: { code: "GROUP_AUTHORIZATION_FAILED" } });
    expect(await asBob("GET", "/v1/users")).toMatchObject({ status: 403, body: { code: "CLUSTER_AUTHORIZATION_FAILED" } });
    expect(await broker.ask("GET", "/v1/cluster", undefined, basic("bob", "wrong"))).toMatchObject({ status: 401 });
  });

  test("users, tokens, rights and quotas outlive kill -9", async () => {
    await broker.kill9();
    await broker.restart();
    expect(await broker.ask("GET", "/v1/users/bob")).toMatchObject({ status: 200, body: { user: "bob" } });
    expect((await broker.ask("GET", "/v1/topics/orders", undefined, basic("bob", "builder"))).status).toBe(200);
    expect((await broker.ask("GET", "/v1/topics/secrets", undefined, basic("bob", "builder"))).status).toBe(403);
  });
});
