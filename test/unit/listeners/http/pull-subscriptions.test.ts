// /v1/subscriptions with `pull: true` over a broker in memory: what it is told, pull and ack, and what is refused to the one kind and to the
// other.

import { describe, expect, test } from "vitest";
import type { PullSubscription } from "../../../../src/contract/pull-subscriptions.ts";
import { type TestApp, testApp } from "../../../support/http.ts";

interface LeasedJson {
  readonly leaseId: string;
  readonly value: string;
  readonly deliveryCount: number;
}

async function start(config: object = {}): Promise<TestApp> {
  const app = testApp();
  await app.broker.createTopic({ name: "t", partitions: 2 });
  await put(app, config, 201);
  return app;
}

async function json<Answer = { detail: string; code: string }>(response: Promise<Response>, status = 200): Promise<Answer> {
  const answered = await response;
  const body = (await answered.json()) as Answer;
  expect(answered.status, JSON.stringify(body)).toBe(status);
  return body;
}

const PATH = "/v1/subscriptions/jobs";
const post = <Answer>(app: TestApp, verb: string, body: object = {}, status = 200) =>
  json<Answer>(app.send("POST", `${PATH}/${verb}`, body), status);
const put = (app: TestApp, config: object, status = 200) =>
  json<PullSubscription & { detail: string; code: string }>(
    app.send("PUT", PATH, { pull: true, topics: ["t"], from: "earliest", ...config }),
    status,
  );
const refused = (app: TestApp, verb: string, body: object, status: number) =>
  post<{ detail: string; code: string }>(app, verb, body, status);
const get = (app: TestApp) => json<PullSubscription>(app.get(PATH));

async function pull(app: TestApp, body: object = {}): Promise<LeasedJson[]> {
  return (await post<{ records: LeasedJson[] }>(app, "pull", body)).records;
}

const values = (records: readonly LeasedJson[]): string[] => records.map(({ value }) => value);

async function produce(app: TestApp, ...records: object[]): Promise<void> {
  const sent = records.map((record) => ({ partition: 0, ...record }));
  expect((await app.send("POST", "/v1/topics/t/records", { records: sent })).status).toBe(200);
}

describe("pull and ack", () => {
  test("what is acknowledged is done, what is retried comes again with its count, what is rejected does not", async () => {
    const app = await start({ order: "none" });
    await produce(app, { value: "a" }, { value: "b" }, { value: "c" });
    const [a, b, c] = (await pull(app)) as [LeasedJson, LeasedJson, LeasedJson];
    expect(await post(app, "ack", { acks: [a.leaseId], retries: [{ leaseId: b.leaseId }], rejects: [c.leaseId] })).toEqual({ settled: 3 });
    expect(await pull(app)).toMatchObject([{ value: "b", deliveryCount: 2 }]);
    expect(await get(app)).toMatchObject({ lag: 1, partitions: [{ acknowledged: 1, archived: 1, acquired: 1 }, { lag: 0 }] });
    expect(await refused(app, "ack", { acks: [a.leaseId] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE" });
  });

  test("a retry with a delay is not delivered before", async () => {
    const app = await start();
    await produce(app, { value: "a" });
    const [a] = (await pull(app)) as [LeasedJson];
    await post(app, "ack", { retries: [{ leaseId: a.leaseId, delayMs: 60_000 }] });
    expect(await pull(app)).toEqual([]);
    expect(await get(app)).toMatchObject({ partitions: [{ available: 1, delayed: 1 }, {}] });
  });

  test("retry.maxAttempts is how often a record is delivered", async () => {
    const app = await start({ retry: { maxAttempts: 2 } });
    await produce(app, { value: "a" });
    for (const deliveryCount of [1, 2]) {
      const records = await pull(app);
      expect(records).toMatchObject([{ value: "a", deliveryCount }]);
      await post(app, "ack", { retries: [{ leaseId: records[0]!.leaseId }] });
    }
    expect(await pull(app)).toEqual([]);
    expect(await get(app)).toMatchObject({ lag: 0, partitions: [{ archived: 1 }, {}] });
  });

  test("the order is the partition's where nothing is said: one worker at a time, in a row", async () => {
    const app = await start();
    await produce(app, { value: "a" }, { value: "b" });
    const records = await pull(app);
    await produce(app, { value: "c" });
    expect(values(records)).toEqual(["a", "b"]);
    expect(await pull(app)).toEqual([]);
    await post(app, "ack", { acks: records.map(({ leaseId }) => leaseId) });
    expect(values(await pull(app))).toEqual(["c"]);
  });

  test("leaseMs is that of a pull that names none", async () => {
    const app = await start({ leaseMs: 100, order: "none" });
    await produce(app, { value: "a" });
    expect(await pull(app)).toMatchObject([{ deliveryCount: 1 }]);
    expect(await pull(app, { maxWaitMs: 30_000, leaseMs: 60_000 })).toMatchObject([{ value: "a", deliveryCount: 2 }]);
    expect(await pull(app)).toEqual([]);
  });
});

describe("filter and notBefore", () => {
  test("what the filter does not want is decided as it is passed over, and stays so under another filter", async () => {
    const app = await start({ filter: "value.amount > 10" });
    await produce(app, { value: { amount: 1 } }, { value: { amount: 11 } }, { value: "no amount" });
    const records = await pull(app);
    expect(values(records)).toEqual(['{"amount":11}']);
    expect(await get(app)).toMatchObject({ lag: 1, partitions: [{ startOffset: 1, endOffset: 3 }, {}] });
    await post(app, "ack", { acks: [records[0]!.leaseId] });
    await put(app, { filter: null });
    expect(await pull(app)).toEqual([]);
    await post(app, "replay", { to: "earliest" });
    expect(await pull(app)).toHaveLength(3);
  });

  test("a pull that finds only what is passed over goes on to what is not", async () => {
    const app = await start({ filter: 'value == "wanted"' });
    await produce(app, ...Array.from({ length: 2_500 }, () => ({ value: "no" })), { value: "wanted" });
    expect(values(await pull(app))).toEqual(["wanted"]);
  });

  test("a pull that finds too much to pass over ends, and the next goes on where it was", async () => {
    const app = await start({ filter: 'value == "wanted"' });
    for (let count = 0; count < 22_000; count += 5_500) await produce(app, ...Array.from({ length: 5_500 }, () => ({ value: "no" })));
    await produce(app, { value: "wanted" });
    expect(await pull(app)).toEqual([]);
    expect(values(await pull(app))).toEqual(["wanted"]);
  });

  test("a record waits for its notBefore, and with it those that its order puts behind it", async () => {
    const app = await start({ order: "key" });
    const headers = [{ key: "notBefore", value: String(Date.now() + 86_400_000) }];
    await produce(app, { key: "k", value: "later", headers }, { key: "k", value: "behind" }, { key: "other", value: "now" });
    expect(values(await pull(app))).toEqual(["now"]);
    expect(await get(app)).toMatchObject({ lag: 3, partitions: [{ delayed: 1, available: 2, acquired: 1 }, {}] });
  });

  test("one whose notBefore has come is delivered to a pull that waits", async () => {
    const app = await start();
    await produce(app, { value: "soon", headers: [{ key: "notBefore", value: new Date(Date.now() + 300).toISOString() }] });
    expect(values(await pull(app, { maxWaitMs: 30_000 }))).toEqual(["soon"]);
  });

  test("a filter that is none is refused, and nothing is made", async () => {
    const app = testApp();
    await app.broker.createTopic({ name: "t", partitions: 1 });
    expect(await put(app, { filter: "value >" }, 400)).toMatchObject({ detail: expect.stringContaining("filter") });
    await json(app.get(PATH), 404);
    await json(app.get("/v1/share-groups/jobs"), 404);
  });
});

describe("its life", () => {
  test("the body is the whole of it, and a change keeps what was decided", async () => {
    const app = await start({ order: "none", maxInFlight: 7, leaseMs: 5_000, retry: { maxAttempts: 3 } });
    await produce(app, { value: "a" }, { value: "b" });
    await post(app, "ack", { acks: [(await pull(app, { maxRecords: 1 }))[0]!.leaseId] });
    expect(await put(app, {})).toMatchObject({
      ...{ name: "jobs", pull: true, topics: ["t"], order: "partition", maxInFlight: 2_000, leaseMs: 30_000, retry: { maxAttempts: 5 } },
      ...{ deadLetterTopic: null, filter: null, paused: false, pausedReason: null, createdAt: 1, lag: 1 },
    });
    expect(values(await pull(app))).toEqual(["b"]);
    expect(await json(app.get("/v1/share-groups/jobs"))).toMatchObject({ settings: { maxDeliveries: 5, autoOffsetReset: "earliest" } });
  });

  test("it begins at the end where nothing is said, or at a time; a partition that is added later at its beginning", async () => {
    const app = testApp();
    await app.broker.createTopic({ name: "t", partitions: 1 });
    await produce(app, { value: "old", timestamp: 1_000 }, { value: "new", timestamp: 2_000 });
    await put(app, { from: undefined }, 201);
    expect(await pull(app)).toEqual([]);
    await json(app.send("PUT", "/v1/subscriptions/timed", { pull: true, topics: ["t"], from: { timestamp: 1_500 } }), 201);
    const timed = await json<{ records: LeasedJson[] }>(app.send("POST", "/v1/subscriptions/timed/pull", {}));
    expect(values(timed.records)).toEqual(["new"]);
    await json(app.send("PUT", "/v1/subscriptions/ahead", { pull: true, topics: ["t"], from: { timestamp: 9_000 } }), 201);
    expect(await json(app.get("/v1/subscriptions/ahead"))).toMatchObject({ lag: 0 });
    await json(app.send("PATCH", "/v1/topics/t", { partitions: 2 }));
    await produce(app, { value: "in the new partition", partition: 1 });
    expect(values(await pull(app))).toEqual(["in the new partition"]);
  });

  test("paused, it hands out nothing, and what is leased may be settled; a pull that waits is served by the resume", async () => {
    const app = await start();
    await produce(app, { value: "a" });
    const [a] = (await pull(app)) as [LeasedJson];
    expect(await post(app, "pause")).toMatchObject({ paused: true, pausedReason: "paused by request" });
    expect(await post(app, "ack", { retries: [{ leaseId: a.leaseId }] })).toEqual({ settled: 1 });
    expect(await pull(app)).toEqual([]);
    const waiting = pull(app, { maxWaitMs: 30_000 });
    expect(await put(app, {})).toMatchObject({ paused: true });
    expect(await post(app, "resume")).toMatchObject({ paused: false, pausedReason: null });
    expect(values(await waiting)).toEqual(["a"]);
  });

  test("a replay makes every lease void, and delivers again from there", async () => {
    const app = await start();
    await produce(app, { value: "a" }, { value: "b" });
    const [a, b] = (await pull(app)) as [LeasedJson, LeasedJson];
    await post(app, "ack", { acks: [a.leaseId] });
    expect(await post(app, "replay", { to: { offset: 0 }, topic: "t", partition: 0, dryRun: true })).toMatchObject({
      offsets: [{ topic: "t", partition: 0, from: 1, to: 0 }],
    });
    await post(app, "replay", { to: "earliest" });
    expect(await refused(app, "ack", { acks: [b.leaseId] }, 409)).toMatchObject({ code: "INVALID_RECORD_STATE" });
    expect(values(await pull(app))).toEqual(["a", "b"]);
  });

  test("a topic that is deleted is passed over, and the others go on", async () => {
    const app = await start();
    await app.broker.createTopic({ name: "gone", partitions: 1 });
    await put(app, { topics: ["t", "gone"] });
    await app.broker.deleteTopic("gone");
    await produce(app, { value: "a" });
    expect(values(await pull(app))).toEqual(["a"]);
    await app.broker.deleteTopic("t");
    expect(await refused(app, "pull", {}, 404)).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  });

  test("its share group is its own to change and to delete, and goes with it", async () => {
    const app = await start();
    const group = "/v1/share-groups/jobs";
    expect(await json(app.send("PUT", group, { leaseMs: 500 }), 409)).toMatchObject({ code: "NON_EMPTY_GROUP" });
    expect(await json(app.request(group, { method: "DELETE" }), 409)).toMatchObject({ code: "NON_EMPTY_GROUP" });
    expect((await app.request(PATH, { method: "DELETE" })).status).toBe(204);
    await json(app.get(group), 404);
    await json(app.get(PATH), 404);
    // It is known for a moment longer, and not made anew by that.
    await refused(app, "pull", {}, 404);
    await json(app.get(group), 404);
  });
});

describe("refused", () => {
  test.each([
    ["url", { url: "https://example.com/" }],
    ["format", { format: "json" }],
    ["batch", { batch: { maxRecords: 1 } }],
    ["timeoutMs", { timeoutMs: 1_000 }],
    ["maxCallsPerSecond", { maxCallsPerSecond: 1 }],
    ["headers", { headers: {} }],
    ["secret", { secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgPxZ0tNM=" }],
    ["minBackoffMs", { retry: { minBackoffMs: 1 } }],
  ])("%s, by its name: it is for those that are called", async (field, config) => {
    const { detail } = await put(await start(), config, 400);
    expect(detail).toContain(`'${field}'`);
    expect(detail).toContain("pull: true");
  });

  test("a dead-letter topic that is pulled too, and a topic that is not there", async () => {
    const app = await start();
    expect(await put(app, { deadLetterTopic: "t" }, 400)).toMatchObject({ detail: expect.stringContaining("deadLetterTopic") });
    expect(await put(app, { topics: ["none"] }, 404)).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  });

  test("what is of the other kind: a name stays of its kind until it is deleted", async () => {
    const app = await start();
    const url = { topics: ["t"], url: "https://example.com/hook" };
    expect(await json(app.send("PUT", PATH, url), 409)).toMatchObject({ code: "INCONSISTENT_GROUP_PROTOCOL" });
    for (const [verb, body] of [
      ["rotate-secret", {}],
      ["redrive", { all: true }],
    ] as const) {
      expect(await refused(app, verb, body, 409)).toMatchObject({ detail: expect.stringContaining("pulled from") });
    }
    expect((await app.request(PATH, { method: "DELETE" })).status).toBe(204);
    await json(app.send("PUT", PATH, url), 201);
    expect(await put(app, {}, 409)).toMatchObject({ code: "INCONSISTENT_GROUP_PROTOCOL" });
    expect(await refused(app, "pull", {}, 409)).toMatchObject({ detail: expect.stringContaining("called at its url") });
    expect(await refused(app, "ack", { acks: ["A".repeat(70)] }, 409)).toMatchObject({ code: "INCONSISTENT_GROUP_PROTOCOL" });
  });

  test("a put without url that does not say pull, and a pull from what is not there", async () => {
    const app = await start();
    const { detail } = await json(app.send("PUT", "/v1/subscriptions/new", { topics: ["t"] }), 400);
    expect(detail).toContain("pull: true");
    expect(await put(app, { pull: "yes" }, 400)).toMatchObject({ detail: expect.stringContaining("pull: must be true") });
    expect(await json(app.send("POST", "/v1/subscriptions/none/pull", {}), 404)).toMatchObject({ code: "RESOURCE_NOT_FOUND" });
    expect(await json(app.send("POST", "/v1/subscriptions/none/ack", { acks: ["x"] }), 404)).toMatchObject({ code: "RESOURCE_NOT_FOUND" });
  });
});
