// Who a connection's client is, what it may do, and how fast: by frames over a broker and users in memory.

import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { errorCode } from "../../../../src/common/errors.ts";
import type { ScramMechanism } from "../../../../src/common/security-words.ts";
import { ConnectionRefused, type KafkaSettings } from "../../../../src/listeners/kafka/call.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka, OPEN_KAFKA } from "../../../support/kafka-connection.ts";
import { fetchFrame, openResponse, produceFrame, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";
import { allowing, type MemorySecurity, memorySecurity } from "../../../support/memory-security.ts";
import { encodePlainBatch } from "../../../support/plain-batches.ts";
import { clientFinal } from "../../../support/scram-client.ts";

const CLOSED: KafkaSettings = { ...OPEN_KAFKA, adminToken: "sesame", isOpen: false };
const BATCH = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new Uint8Array(1000), headers: [] }]);

let memory: MemorySecurity;

beforeEach(async () => {
  memory = memorySecurity();
  await memory.putUser("alice", "wonderland", [
    allowing("alice", "WRITE", "TOPIC", "orders"),
    allowing("alice", "READ", "GROUP", "alice-", { patternType: "PREFIXED" }),
  ]);
});

/** A client of its own connection, and what it has been answered. */
async function connect(settings: Partial<KafkaSettings> = {}) {
  const broker = new MemoryBroker();
  for (const name of ["orders", "secrets"]) await broker.createTopic({ name });
  const { connection, sent, ask } = connectKafka(broker, { ...CLOSED, ...settings }, memory.security());
  onTestFinished(() => connection.end());
  const handshake = async (mechanism: string) => (await ask(API.saslHandshake, 1, { mechanism })).errorCode;
  const authenticate = (text: string) => ask(API.saslAuthenticate, 2, { authBytes: new TextEncoder().encode(text) });
  return {
    ...{ broker, connection, sent, ask, handshake, authenticate },
    async plain(user: string, password: string) {
      await handshake("PLAIN");
      return authenticate(`\0${user}\0${password}`);
    },
    async scram(mechanism: ScramMechanism, user: string, password: string) {
      const refused = await handshake(mechanism);
      if (refused !== 0) return { errorCode: refused, sessionLifetimeMs: 0 };
      const bare = `n=${user},r=abc`;
      const first = await authenticate(`n,,${bare}`);
      const serverFirst = new TextDecoder().decode(first.authBytes);
      return authenticate((await clientFinal(mechanism, password, { gs2: "n,,", bare, serverFirst })).message);
    },
  };
}

const metadataOf = (client: Awaited<ReturnType<typeof connect>>, ...names: string[]) =>
  client.ask(API.metadata, 9, { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false });

describe("authentication", () => {
  test.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("by %s opens the connection to its user", async (mechanism) => {
    const client = await connect();
    expect(await client.scram(mechanism, "alice", "wonderland")).toMatchObject({ errorCode: 0, sessionLifetimeMs: 0 });
    expect((await metadataOf(client, "orders")).topics[0]!.errorCode).toBe(0);
  });

  test("that fails is answered alike whatever was wrong, and ends the connection", async () => {
    const told = new Set<string>();
    for (const [user, password] of [
      ["alice", "wrong"],
      ["nobody", "wonderland"],
    ] as const) {
      for (const way of ["scram", "plain"] as const) {
        const client = await connect();
        const answer = way === "plain" ? await client.plain(user, password) : await client.scram("SCRAM-SHA-256", user, password);
        expect(answer.errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
        told.add(`${way}: ${"errorMessage" in answer ? answer.errorMessage : ""}`);
        await expect(client.connection.receive(requestFrame(API.apiVersions, 0, {}))).rejects.toThrow(ConnectionRefused);
      }
    }
    expect(told.size).toBe(2);
  });

  test("by PLAIN takes the admin token, a token for programs and a user's password", async () => {
    const { text, hash } = { text: "slt_x", hash: await sha256("slt_x") };
    await memory.port.createToken({ name: "ci", hash, expiresAtMs: null, acls: [] });
    await memory.port.createToken({ name: "old", hash: await sha256("slt_old"), expiresAtMs: Date.now() - 1, acls: [] });
    for (const password of ["sesame", text, "wonderland"]) expect((await (await connect()).plain("alice", password)).errorCode).toBe(0);
    expect((await (await connect()).plain("alice", "slt_old")).errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
    const client = await connect();
    await client.handshake("PLAIN");
    expect((await client.authenticate("mallory\0alice\0wonderland")).errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
  });

  test("finds a user that was made a moment ago, and guessing does not load the users each time", async () => {
    let now = 1_000_000;
    memory = memorySecurity(() => now);
    const client = await connect();
    expect((await client.plain("dora", "d")).errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
    await memory.putUser("dora", "d");
    const security = memory.security();
    await security.rules();
    await memory.putUser("emil", "e");
    const before = memory.loads();
    for (let i = 0; i < 10; i++) expect(await security.userWithPassword("emil", "e")).toBeNull();
    expect(memory.loads()).toBe(before);
    now += 1_000;
    expect(await security.userWithPassword("emil", "e")).not.toBeNull();
    expect(memory.loads()).toBe(before + 1);
  });
});

describe("authentication again (KIP-368)", () => {
  const again = async () => {
    const client = await connect({ maxReauthMs: 60_000 });
    expect(await client.scram("SCRAM-SHA-256", "alice", "wonderland")).toMatchObject({ errorCode: 0, sessionLifetimeMs: 60_000 });
    return client;
  };

  test("as the same principal by the same mechanism renews the session", async () => {
    const clock = vi.spyOn(Date, "now");
    onTestFinished(() => clock.mockRestore());
    const client = await again();
    const start = Date.now();
    clock.mockReturnValue(start + 50_000);
    expect((await client.scram("SCRAM-SHA-256", "alice", "wonderland")).errorCode).toBe(0);
    clock.mockReturnValue(start + 100_000);
    expect((await metadataOf(client, "orders")).topics[0]!.errorCode).toBe(0);
    clock.mockReturnValue(start + 120_000);
    await expect(metadataOf(client, "orders")).rejects.toThrow("has not authenticated again in time");
  });

  test("as another principal is refused, and ends the connection", async () => {
    await memory.putUser("bob", "builder");
    const client = await again();
    const answer = await client.scram("SCRAM-SHA-256", "bob", "builder");
    expect(answer).toMatchObject({
      errorCode: errorCode("SASL_AUTHENTICATION_FAILED"),
      errorMessage: expect.stringContaining("cannot change"),
    });
    await expect(metadataOf(client, "orders")).rejects.toThrow(ConnectionRefused);
  });

  test("by another mechanism is refused", async () => {
    const client = await again();
    expect((await client.plain("alice", "wonderland")).errorCode).toBe(errorCode("SASL_AUTHENTICATION_FAILED"));
  });

  test("is begun at most once a second, and nothing else is served in between", async () => {
    const client = await again();
    expect((await client.scram("SCRAM-SHA-256", "alice", "wonderland")).errorCode).toBe(0);
    expect(await client.handshake("SCRAM-SHA-256")).toBe(errorCode("ILLEGAL_SASL_STATE"));
    const other = await again();
    await other.handshake("SCRAM-SHA-256");
    await expect(metadataOf(other, "orders")).rejects.toThrow("while the client authenticates");
  });
});

describe("a user with few rights", () => {
  const enter = async () => {
    const client = await connect();
    await client.plain("alice", "wonderland");
    return client;
  };

  test("is shown the topics that it may see, and refused the others by name", async () => {
    const client = await enter();
    const all = await client.ask(API.metadata, 9, { topics: null });
    expect(all.topics.map(({ name }) => name)).toEqual(["orders"]);
    const named = await metadataOf(client, "orders", "secrets", "not there");
    const refused = errorCode("TOPIC_AUTHORIZATION_FAILED");
    expect(named.topics.map((topic) => topic.errorCode)).toEqual([0, refused, refused]);
  });

  test("writes where it may, and reads nothing that it may not", async () => {
    const client = await enter();
    await client.connection.receive(produceFrame("orders", BATCH));
    await client.connection.receive(produceFrame("secrets", BATCH));
    await client.connection.drain();
    const codes = client.sent
      .slice(-2)
      .map((frame) => openResponse(API.produce, 9, frame).response.responses[0]!.partitionResponses[0]!.errorCode);
    expect(codes).toEqual([0, errorCode("TOPIC_AUTHORIZATION_FAILED")]);
    await client.connection.receive(fetchFrame("orders", 0));
    const { response } = openResponse(API.fetch, 12, client.sent.at(-1)!);
    expect(response.responses[0]!.partitions[0]!.errorCode).toBe(errorCode("TOPIC_AUTHORIZATION_FAILED"));
  });

  test("uses the groups that it may, and is told no coordinator of others", async () => {
    const client = await enter();
    const coordinators = await client.ask(API.findCoordinator, 4, { keyType: 0, coordinatorKeys: ["alice-1", "bob-1"] });
    const refused = errorCode("GROUP_AUTHORIZATION_FAILED");
    expect(coordinators.coordinators.map((one) => one.errorCode)).toEqual([0, refused]);
    const fetched = await client.ask(API.offsetFetch, 7, { groupId: "bob-1", topics: null, requireStable: false });
    expect(fetched.errorCode).toBe(refused);
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: "" }];
    const request = { groupId: "alice-1", generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "orders", partitions }] };
    const committed = await client.ask(API.offsetCommit, 7, request);
    expect(committed.topics[0]!.partitions[0]!.errorCode).toBe(errorCode("TOPIC_AUTHORIZATION_FAILED"));
  });

  test("has a new right with the next request after what the edge knows has expired", async () => {
    let now = 1_000_000;
    memory = memorySecurity(() => now);
    await memory.putUser("alice", "wonderland");
    const client = await enter();
    const seen = async () => (await metadataOf(client, "orders")).topics[0]!.errorCode === 0;
    await memory.port.createAcls([allowing("alice", "DESCRIBE", "TOPIC", "orders")]);
    expect(await seen()).toBe(false);
    now += 6_000;
    expect(await seen()).toBe(true);
  });

  test("administers nothing", async () => {
    const client = await enter();
    const refused = errorCode("CLUSTER_AUTHORIZATION_FAILED");
    const any = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null };
    const filter = { ...any, operation: 1, permissionType: 1 };
    expect((await client.ask(API.describeAcls, 2, filter)).errorCode).toBe(refused);
    expect((await client.ask(API.deleteAcls, 2, { filters: [filter] })).filterResults[0]!.errorCode).toBe(refused);
    expect((await client.ask(API.describeUserScramCredentials, 0, { users: null })).errorCode).toBe(refused);
    expect((await client.ask(API.describeClientQuotas, 1, { components: [], strict: false })).errorCode).toBe(refused);
    const deletions = [{ name: "alice", mechanism: 1 }];
    expect((await client.ask(API.alterUserScramCredentials, 0, { deletions, upsertions: [] })).results[0]!.errorCode).toBe(refused);
    expect((await client.plain("alice", "wonderland")).errorCode).toBe(0);
  });
});

describe("an administrator by Kafka's APIs", () => {
  const enter = async (settings: Partial<KafkaSettings> = {}) => {
    const client = await connect(settings);
    await client.plain("root", "sesame");
    return client;
  };

  test.each([0, 1, 2, 3])("makes, tells and deletes ACLs in version %i", async (version) => {
    const client = await enter();
    const acl = {
      resourceType: 2,
      resourceName: "x",
      resourcePatternType: 3,
      principal: "User:bob",
      host: "*",
      operation: 3,
      permissionType: 3,
    };
    const created = await client.ask(API.createAcls, version, {
      creations: [acl, { ...acl, operation: 99 }, { ...acl, host: "10.0.0.1" }],
    });
    expect(created.results.map((one) => one.errorCode)).toEqual([0, 42, 42]);
    const filter = {
      resourceTypeFilter: 2,
      resourceNameFilter: "x",
      patternTypeFilter: version === 0 ? 3 : 1,
      principalFilter: null,
      hostFilter: null,
    };
    const any = { ...filter, operation: 1, permissionType: 1 };
    const told = await client.ask(API.describeAcls, version, any);
    expect(told).toMatchObject({ errorCode: 0, resources: [{ resourceName: "x", acls: [{ principal: "User:bob", operation: 3 }] }] });
    const deleted = await client.ask(API.deleteAcls, version, { filters: [any, { ...any, permissionType: 77 }] });
    expect(deleted.filterResults.map(({ errorCode: code, matchingAcls }) => [code, matchingAcls.length])).toEqual([
      [0, 1],
      [42, 0],
    ]);
  });

  test("makes, tells and deletes SCRAM credentials, a user's password never among them", async () => {
    const client = await enter();
    const salt = new Uint8Array(16).fill(7);
    const { pbkdf2Sync } = await import("node:crypto");
    const saltedPassword = pbkdf2Sync("builder", salt, 4096, 32, "sha256");
    const good = { name: "bob", mechanism: 1, iterations: 4096, salt, saltedPassword };
    const upsertions = [good, { ...good, name: "weak", iterations: 100 }, { ...good, name: "odd", mechanism: 9 }];
    const altered = await client.ask(API.alterUserScramCredentials, 0, { deletions: [{ name: "alice", mechanism: 2 }], upsertions });
    const codes = Object.fromEntries(altered.results.map((one) => [one.user, one.errorCode]));
    const unacceptable = errorCode("UNACCEPTABLE_CREDENTIAL");
    expect(codes).toEqual({ alice: 0, bob: 0, weak: unacceptable, odd: errorCode("UNSUPPORTED_SASL_MECHANISM") });
    const told = await client.ask(API.describeUserScramCredentials, 0, { users: [{ name: "alice" }, { name: "bob" }, { name: "weak" }] });
    expect(told.results.map((one) => [one.errorCode, one.credentialInfos.map(({ mechanism }) => mechanism)])).toEqual([
      [0, [1]],
      [0, [1]],
      [errorCode("RESOURCE_NOT_FOUND"), []],
    ]);
    const bob = await connect();
    expect((await bob.scram("SCRAM-SHA-256", "bob", "builder")).errorCode).toBe(0);
  });

  test.each([0, 1])("sets, tells and takes away quotas in version %i", async (version) => {
    const client = await enter();
    const entity = [
      { entityType: "user", entityName: "u" },
      { entityType: "client-id", entityName: null },
    ];
    const alter = (key: string, value: number, remove = false) =>
      client.ask(API.alterClientQuotas, version, { entries: [{ entity, ops: [{ key, value, remove }] }], validateOnly: false });
    expect((await alter("request_rate", 5)).entries[0]!.errorCode).toBe(0);
    expect((await alter("request_percentage", 5)).entries[0]!).toMatchObject({
      errorCode: 42,
      errorMessage: expect.stringContaining("request_rate"),
    });
    const tell = (matchType: number, match: string | null, strict: boolean) =>
      client.ask(API.describeClientQuotas, version, { components: [{ entityType: "user", matchType, match }], strict });
    expect((await tell(0, "u", false)).entries).toEqual([{ entity, values: [{ key: "request_rate", value: 5 }] }]);
    expect((await tell(2, null, false)).entries).toHaveLength(1);
    expect((await tell(1, null, false)).entries).toEqual([]);
    expect((await tell(0, "u", true)).entries).toEqual([]);
    expect((await alter("request_rate", 0, true)).entries[0]!.errorCode).toBe(0);
    expect((await tell(0, "u", false)).entries).toEqual([]);
  });
});

describe("a quota", () => {
  test("is told as throttle_time_ms with the answer, and the client is not listened to for so long", async () => {
    await memory.port.alterQuotas([{ entity: { clientId: "test" }, values: { producer_byte_rate: 1_000_000 } }], false);
    const client = await connect();
    await client.plain("alice", "wonderland");
    const big = encodePlainBatch(0, [{ timestamp: 1000, key: null, value: new Uint8Array(10_100_000), headers: [] }]);
    await client.connection.receive(produceFrame("orders", big));
    await client.connection.drain();
    const { throttleTimeMs, responses } = openResponse(API.produce, 9, client.sent.at(-1)!).response;
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0);
    expect(throttleTimeMs).toBeGreaterThan(50);
    const answered = client.sent.length;
    const next = client.connection.receive(requestFrame(API.apiVersions, 0, {}));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(client.sent).toHaveLength(answered);
    await next;
    expect(client.sent).toHaveLength(answered + 1);
  });

  test("of others slows nobody, and a client that is gone is not waited for", async () => {
    await memory.port.alterQuotas([{ entity: { user: "alice", clientId: "other" }, values: { request_rate: 0.001 } }], false);
    await memory.port.alterQuotas([{ entity: { user: "bob" }, values: { request_rate: 0.001 } }], false);
    await memory.putUser("bob", "builder");
    const client = await connect();
    await client.plain("alice", "wonderland");
    expect((await metadataOf(client, "orders")).throttleTimeMs).toBe(0);
    const slow = await connect();
    await slow.plain("bob", "builder");
    expect((await metadataOf(slow, "orders")).throttleTimeMs).toBe(10_000);
    const next = slow.connection.receive(requestFrame(API.apiVersions, 0, {}));
    slow.connection.end();
    await next;
  });
});

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("hex");
}
