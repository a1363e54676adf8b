// Subscriptions that are pulled from, with real objects: evicted at every step, made and deleted over calls that fail, and their dead letters.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TopicMetadata } from "../../../src/broker/ports.ts";
import type { PullSubscription } from "../../../src/contract/pull-subscriptions.ts";
import { sharePartitionObjectName } from "../../../src/objects/names.ts";
import { ShareGroupObject } from "../../../src/objects/share-group.ts";
import { append, aTopic, ports } from "../support/partition.ts";
import { request, send } from "../support/worker-request.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Leased {
  readonly leaseId: string;
  readonly value: string;
  readonly deliveryCount: number;
}

const WAIT = { timeout: 20_000, interval: 20 };

/** A subscription of the test's own on a topic of its own. */
class Jobs {
  readonly name = `p-${crypto.randomUUID()}`;
  readonly path = `/v1/subscriptions/${this.name}`;
  readonly topic: TopicMetadata;

  constructor(topic: TopicMetadata) {
    this.topic = topic;
  }

  static async start(values: readonly string[], config: object = {}): Promise<Jobs> {
    const jobs = new Jobs(await aTopic());
    if (values.length > 0) await append(jobs.topic, values);
    expect(await jobs.put(config)).toBe(201);
    return jobs;
  }

  async put(config: object = {}): Promise<number> {
    return (await send(this.path, { pull: true, topics: [this.topic.name], from: "earliest", ...config }, "PUT")).status;
  }

  async post<Answer>(verb: string, body: object = {}): Promise<Answer> {
    const answered = await send(`${this.path}/${verb}`, body);
    expect(answered.status, await answered.clone().text()).toBe(200);
    return answered.json<Answer>();
  }

  async pull(body: object = {}): Promise<Leased[]> {
    return (await this.post<{ records: Leased[] }>("pull", body)).records;
  }

  /** Values and delivery counts. */
  async pulled(body: object = {}): Promise<[string, number][]> {
    return (await this.pull(body)).map(({ value, deliveryCount }) => [value, deliveryCount]);
  }

  ack(body: object): Promise<{ settled: number }> {
    return this.post("ack", body);
  }

  async describe(): Promise<PullSubscription> {
    return (await request(this.path)).json<PullSubscription>();
  }

  object() {
    return env.SUBSCRIPTION.getByName(this.name);
  }

  /** All of its objects are put out of memory. */
  async evict(): Promise<void> {
    const view = await ports().shareGroup(this.name).view();
    if (view === null || "error" in view) throw new Error(JSON.stringify(view));
    const { groupUuid, topics } = view;
    const places = topics.flatMap(({ topicId, partitionCount }) =>
      Array.from({ length: partitionCount }, (_, partition) => sharePartitionObjectName(groupUuid, topicId, partition)),
    );
    for (const place of places) await evict(env.SHARE_PARTITION.getByName(place));
    await evict(env.SHARE_GROUP.getByName(this.name));
    await evict(this.object());
  }
}

/** One that is out of memory already may stay so. */
async function evict(object: DurableObjectStub): Promise<void> {
  await runInDurableObject(object, () => undefined);
  await evictDurableObject(object);
}

test("leases, what is acknowledged and what was passed over survive an eviction at every step", async () => {
  const jobs = await Jobs.start(["keep a", "pass b", "keep c", "pass d"], { filter: 'value.matches("^keep")', order: "none" });
  await jobs.evict();
  const [a, c] = (await jobs.pull()) as [Leased, Leased];
  expect([a.value, c.value]).toEqual(["keep a", "keep c"]);
  await jobs.evict();
  expect(await jobs.pull()).toEqual([]);
  expect(await jobs.ack({ acks: [a.leaseId], retries: [{ leaseId: c.leaseId }] })).toEqual({ settled: 2 });
  await jobs.evict();
  expect(await jobs.pulled()).toEqual([["keep c", 2]]);
  await jobs.evict();
  expect(await jobs.describe()).toMatchObject({
    ...{ name: jobs.name, pull: true, order: "none", filter: 'value.matches("^keep")', lag: 1 },
    partitions: [{ startOffset: 2, endOffset: 4, acquired: 1, acknowledged: 1 }, { lag: 0 }],
  });
});

test("paused, it stays so over an eviction, and a pull that waits is served by the resume", async () => {
  const jobs = await Jobs.start(["a"]);
  await jobs.post("pause");
  await jobs.evict();
  expect(await jobs.pull()).toEqual([]);
  const waiting = jobs.pulled({ maxWaitMs: 30_000 });
  const view = await ports().shareGroup(jobs.name).view();
  if (view === null || "error" in view) throw new Error(JSON.stringify(view));
  const place = env.SHARE_PARTITION.getByName(sharePartitionObjectName(view.groupUuid, jobs.topic.topicId, 0));
  await vi.waitFor(async () => expect(await runInDurableObject(place, (_, state) => state.getWebSockets().length)).toBe(1), WAIT);
  expect(await jobs.describe()).toMatchObject({ paused: true, lag: 1 });
  await jobs.post("resume");
  expect(await waiting).toEqual([["a", 1]]);
});

test("what is given up goes to its dead-letter topic, which is made, and a subscription on that pulls it", async () => {
  const topic = await aTopic();
  await append(topic, ["poison", "fine"]);
  const jobs = new Jobs(topic);
  const deadLetterTopic = `${topic.name}.dead`;
  expect(await jobs.put({ deadLetterTopic, retry: { maxAttempts: 1 } })).toBe(201);
  const [poison, fine] = (await jobs.pull()) as [Leased, Leased];
  await jobs.ack({ retries: [{ leaseId: poison.leaseId }], acks: [] });
  await vi.waitFor(async () => expect(await jobs.describe()).toMatchObject({ partitions: [{ deadLettered: 1 }, {}] }), WAIT);
  // The order is the partition's: what came behind it went back with it.
  expect((await send(`${jobs.path}/ack`, { acks: [fine.leaseId] })).status).toBe(409);
  expect(await jobs.pulled()).toEqual([["fine", 1]]);
  const dead = { pull: true, topics: [deadLetterTopic], from: "earliest", filter: `headers["__dlq.errors.group"] == "${jobs.name}"` };
  expect((await send(`${jobs.path}.dead`, dead, "PUT")).status).toBe(201);
  const letters = await (await send(`${jobs.path}.dead/pull`, {})).json<{ records: Leased[] }>();
  expect(letters.records).toMatchObject([{ value: "poison" }]);
});

test("a put whose share group cannot be reached is completed by the same put, and can be seen and deleted meanwhile", async () => {
  const topic = await aTopic();
  await append(topic, ["a"]);
  const jobs = new Jobs(topic);
  vi.spyOn(ShareGroupObject.prototype, "attach").mockRejectedValueOnce(new Error("not now"));
  expect(await jobs.put({ leaseMs: 500 })).toBe(503);
  expect(await jobs.describe()).toMatchObject({ name: jobs.name, leaseMs: 500, partitions: [], lag: null });
  expect((await send(`${jobs.path}/pull`, {})).status).toBe(503);
  expect(await jobs.put({ leaseMs: 500 })).toBe(200);
  expect(await jobs.pulled()).toEqual([["a", 1]]);
});

test("a deletion that breaks in the middle is completed by the next, and leaves nothing", async () => {
  const jobs = await Jobs.start(["a"]);
  expect(await jobs.pulled()).toEqual([["a", 1]]);
  vi.spyOn(ShareGroupObject.prototype, "detach").mockRejectedValueOnce(new Error("not now"));
  expect((await request(jobs.path, { method: "DELETE" })).status).toBe(503);
  expect(await jobs.describe()).toMatchObject({ name: jobs.name });
  expect((await request(jobs.path, { method: "DELETE" })).status).toBe(204);
  expect((await request(jobs.path)).status).toBe(404);
  expect((await request(`/v1/share-groups/${jobs.name}`)).status).toBe(404);
  expect((await send(`${jobs.path}/pull`, {})).status).toBe(404);
  const listed = await (await request(`/v1/subscriptions?prefix=${jobs.name}`)).json<{ subscriptions: unknown[] }>();
  expect(listed.subscriptions).toEqual([]);
  const stored = await runInDurableObject(jobs.object(), (_, state) => [...state.storage.kv.list()].length);
  expect(stored).toBe(0);
  // Made anew it knows nothing of before.
  expect(await jobs.put()).toBe(201);
  expect(await jobs.pulled()).toEqual([["a", 1]]);
});

test("of two puts of both kinds at a time one is refused, and the name is of one kind", async () => {
  const topic = await aTopic();
  const jobs = new Jobs(topic);
  const called = send(jobs.path, { topics: [topic.name], url: "https://receiver.invalid/hook" }, "PUT");
  const statuses = await Promise.all([called.then(({ status }) => status), jobs.put()]);
  expect(statuses.sort()).toEqual([201, 409]);
  const { pull } = await (await request(jobs.path)).json<{ pull: boolean }>();
  expect((await send(`${jobs.path}/pull`, {})).status).toBe(pull ? 200 : 409);
  expect((await request(`${jobs.path}/deliveries`)).status).toBe(pull ? 409 : 200);
});

test("partitions that are added are pulled from their beginning, without an alarm in between", async () => {
  const jobs = await Jobs.start([], { from: "latest" });
  expect((await send(`/v1/topics/${jobs.topic.name}`, { partitions: 3 }, "PATCH")).status).toBe(200);
  await send(`/v1/topics/${jobs.topic.name}/records`, { records: [{ partition: 2, value: "new" }] });
  expect(await runInDurableObject(jobs.object(), (_, state) => state.storage.getAlarm())).toBeNull();
  await vi.waitFor(async () => expect(await jobs.pulled()).toEqual([["new", 1]]), WAIT);
});
