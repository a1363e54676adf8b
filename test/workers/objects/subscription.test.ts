// A subscription's object inside workerd, with real partitions and a real group: evictions, alarms, wake-ups, moves of its offsets.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isPulled } from "../../../src/broker/ports/subscription.ts";
import type { TopicMetadata } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { SubscriptionObject } from "../../../src/objects/subscription.ts";
import { append, aTopic, objectOf, ports } from "../support/partition.ts";
import { send } from "../support/worker-request.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface SeenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** A subscription of the test's own, and what its endpoint got. */
async function startSubscription(topic: TopicMetadata, config: Record<string, unknown> = {}) {
  const name = `s-${crypto.randomUUID()}`;
  const object = () => env.SUBSCRIPTION.getByName(name);
  const seen: SeenRecord[] = [];
  let status = 204;
  /** An eviction takes the endpoint's stand-in away with the memory. */
  const connect = () =>
    runInDurableObject(object(), (instance: SubscriptionObject) => {
      instance.call = async (_url, init) => {
        const body = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as { records: SeenRecord[] };
        if (status < 300) seen.push(...body.records);
        return new Response(null, { status });
      };
    });
  await connect();
  const body = { topics: [topic.name], url: "https://receiver.invalid/hook", from: "earliest", ...config };
  const put = await send(`/v1/subscriptions/${name}`, body, "PUT");
  expect(put.status, await put.clone().text()).toBe(201);
  return {
    name,
    object,
    seen,
    connect,
    answer: (next: number) => {
      status = next;
    },
    parked: async () => {
      const told = await ports().subscription(name).status();
      if (isFailure(told) || isPulled(told)) throw new Error(JSON.stringify(told));
      return told.parked;
    },
    values: () => seen.map(({ value }) => value),
    alarm: () => runInDurableObject(object(), (_, state) => state.storage.getAlarm()),
    tracks: () =>
      runInDurableObject(object(), (_, state) =>
        [...state.storage.sql.exec<{ document: string }>("SELECT document FROM tracks")].map(
          ({ document }) => JSON.parse(document) as { isArmed: boolean; owed: unknown[] },
        ),
      ),
    /** Everything is delivered and committed, each partition will wake it, and there is no alarm. */
    async rests() {
      const { tracks, alarm } = this;
      await vi.waitFor(async () => {
        expect((await tracks()).map(({ isArmed, owed }) => [isArmed, owed])).toEqual(Array(2).fill([true, []]));
        expect(await alarm()).toBeNull();
      }, WAIT);
    },
  };
}

const WAIT = { timeout: 20_000, interval: 20 };

const notesOf = (topic: TopicMetadata) =>
  runInDurableObject(objectOf(topic), (_, state) => {
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'wakes'");
    return table === undefined ? [] : [...state.storage.sql.exec<{ subscription: string }>("SELECT subscription FROM wakes")];
  });

async function committed(name: string): Promise<[number, number][]> {
  const group = await ports().group(name).describe(name);
  return group!.offsets.map(({ partition, offset }) => [partition, offset]);
}

test("records are delivered, committed to the group of its name, and logged", async () => {
  const topic = await aTopic();
  await append(topic, ["one", "two"]);
  const hook = await startSubscription(topic);
  await vi.waitFor(() => expect(hook.values()).toEqual(["one", "two"]), WAIT);
  await hook.rests();
  expect(await committed(hook.name)).toEqual([
    [0, 2],
    [1, 0],
  ]);
  const { request } = await import("../support/worker-request.ts");
  const { deliveries } = await (await request(`/v1/subscriptions/${hook.name}/deliveries`)).json<{ deliveries: unknown[] }>();
  expect(deliveries).toMatchObject([{ records: `${topic.name}/0/0-1`, outcome: "delivered", status: 204, attempt: 1 }]);
});

test("a subscription and a partition that were put out of memory find each other again", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await hook.rests();
  expect(await notesOf(topic)).toMatchObject([{ subscription: hook.name }]);
  await evictDurableObject(objectOf(topic));
  await evictDurableObject(hook.object());
  await hook.connect();
  await append(topic, ["after"]);
  await vi.waitFor(() => expect(hook.values()).toEqual(["after"]), WAIT);
  await hook.rests();
  await vi.waitFor(async () => expect(await notesOf(topic)).toMatchObject([{ subscription: hook.name }]), WAIT);
});

test("a wake-up that was not answered is sent again by the partition's alarm", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await hook.rests();
  await runInDurableObject(hook.object(), (instance: SubscriptionObject) => {
    vi.spyOn(instance, "wake").mockRejectedValue(new Error("not now"));
  });
  await append(topic, ["late"]);
  await vi.waitFor(
    async () => expect(await runInDurableObject(objectOf(topic), (_, state) => state.storage.getAlarm())).not.toBeNull(),
    WAIT,
  );
  expect(hook.values()).toEqual([]);
  await evictDurableObject(hook.object());
  await evictDurableObject(objectOf(topic));
  await hook.connect();
  await runDurableObjectAlarm(objectOf(topic));
  await vi.waitFor(() => expect(hook.values()).toEqual(["late"]), WAIT);
});

test("what failed is known after an eviction, and a resume tries it at once", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic, { retry: { maxAttempts: 9, minBackoffMs: 86_400_000, maxBackoffMs: 86_400_000 } });
  hook.answer(500);
  await append(topic, ["stubborn"]);
  await vi.waitFor(async () => expect(await hook.parked()).toHaveLength(1), WAIT);
  await vi.waitFor(async () => expect(await hook.alarm()).toBeGreaterThan(Date.now() + 60_000), WAIT);
  await evictDurableObject(hook.object());
  await hook.connect();
  expect(hook.values()).toEqual([]);
  hook.answer(204);
  await send(`/v1/subscriptions/${hook.name}/resume`, {});
  await vi.waitFor(() => expect(hook.values()).toEqual(["stubborn"]), WAIT);
  await hook.rests();
});

test("a call whose answer was lost is made again as the same call after an eviction, though more records are there", async () => {
  const topic = await aTopic();
  await append(topic, ["one", "two"]);
  const retry = { maxAttempts: 9, minBackoffMs: 86_400_000, maxBackoffMs: 86_400_000 };
  const hook = await startSubscription(topic, { retry, paused: true });
  const keys: string[] = [];
  const connect = (answer: () => Response) =>
    runInDurableObject(hook.object(), (instance: SubscriptionObject) => {
      instance.call = async (_url, init) => {
        keys.push(new Headers(init.headers).get("idempotency-key")!);
        return answer();
      };
    });
  await connect(() => {
    throw new Error("connection lost");
  });
  await send(`/v1/subscriptions/${hook.name}/resume`, {});
  await vi.waitFor(async () => expect(await hook.parked()).toMatchObject([{ count: 2, attempts: 1 }]), WAIT);
  await append(topic, ["three"]);
  await vi.waitFor(async () => expect(await hook.alarm()).toBeGreaterThan(Date.now() + 60_000), WAIT);
  await evictDurableObject(hook.object());
  await connect(() => new Response(null, { status: 204 }));
  await send(`/v1/subscriptions/${hook.name}/resume`, {});
  await hook.rests();
  expect(keys).toEqual([`${topic.name}/0/0-1`, `${topic.name}/0/0-1`, `${topic.name}/0/2`]);
});

test("a reset of its group rewinds it, and its own commits never undo that", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await append(topic, ["a", "b", "c"]);
  await vi.waitFor(() => expect(hook.values()).toEqual(["a", "b", "c"]), WAIT);
  const reset = await send(`/v1/groups/${hook.name}/reset`, { topic: topic.name, partition: 0, to: { offset: 1 } });
  expect(reset.status).toBe(200);
  await vi.waitFor(() => expect(hook.values()).toEqual(["a", "b", "c", "b", "c"]), WAIT);
  await hook.rests();
  expect(await committed(hook.name)).toEqual([
    [0, 3],
    [1, 0],
  ]);
});

/** A transaction that commits an offset to a group; it is still open. */
async function transactionOn(groupId: string, topic: TopicMetadata, offset: number, partition = 0) {
  const transactionalId = `t-${crypto.randomUUID()}`;
  const producer = await (await send("/v1/producers", { transactionalId })).json<{ producerId: number; producerEpoch: number }>();
  const offsets = [{ topic: topic.name, partition, offset }];
  const added = await send(`/v1/transactions/${transactionalId}/offsets`, { ...producer, groupId, offsets });
  expect(added.status, await added.clone().text()).toBe(200);
  return {
    end: async (verb: "commit" | "abort") => {
      const ended = await send(`/v1/transactions/${transactionalId}/${verb}`, producer);
      expect(ended.status, await ended.clone().text()).toBe(204);
    },
  };
}

test("offsets that a transaction commits to its group move it when the transaction commits, and not before", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await append(topic, ["a", "b", "c"]);
  await vi.waitFor(() => expect(hook.values()).toEqual(["a", "b", "c"]), WAIT);
  await (await transactionOn(hook.name, topic, 0)).end("abort");
  const transaction = await transactionOn(hook.name, topic, 1);
  await append(topic, ["d"]);
  await vi.waitFor(() => expect(hook.values()).toEqual(["a", "b", "c", "d"]), WAIT);
  await transaction.end("commit");
  await vi.waitFor(() => expect(hook.values()).toEqual(["a", "b", "c", "d", "b", "c", "d"]), WAIT);
  await hook.rests();
  expect(await committed(hook.name)).toEqual([
    [0, 4],
    [1, 0],
  ]);
});

test("a subscription that cannot be told of what transactions commit is told of all of it later", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  const records = [0, 1].flatMap((partition) => [`${partition}a`, `${partition}b`].map((value) => ({ partition, value })));
  await send(`/v1/topics/${topic.name}/records`, { records });
  await vi.waitFor(() => expect(hook.values().sort()).toEqual(["0a", "0b", "1a", "1b"]), WAIT);
  await hook.rests();
  const told = vi.spyOn(SubscriptionObject.prototype, "offsetsMoved").mockRejectedValue(new Error("not now"));
  const ends = [0, 1].map(async (partition) => (await transactionOn(hook.name, topic, 1, partition)).end("commit"));
  const groups = async () => (await committed(hook.name)).map(([, offset]) => offset);
  await vi.waitFor(async () => expect(await groups()).toEqual([1, 1]), WAIT);
  expect(hook.values()).toHaveLength(4);
  told.mockRestore();
  await Promise.all(ends);
  await vi.waitFor(() => expect(hook.values().slice(4).sort()).toEqual(["0b", "1b"]), WAIT);
  await hook.rests();
  expect(await groups()).toEqual([2, 2]);
});

test("its group cannot be deleted under it, and goes with it", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await hook.rests();
  const { request } = await import("../support/worker-request.ts");
  expect((await request(`/v1/groups/${hook.name}`, { method: "DELETE" })).status).toBe(409);
  expect((await request(`/v1/subscriptions/${hook.name}`, { method: "DELETE" })).status).toBe(204);
  expect((await request(`/v1/groups/${hook.name}`)).status).toBe(404);
  expect((await request(`/v1/subscriptions/${hook.name}`)).status).toBe(404);
  const listed = await (await request(`/v1/subscriptions?prefix=${hook.name}`)).json<{ subscriptions: unknown[] }>();
  expect(listed.subscriptions).toEqual([]);
  await append(topic, ["for nobody"]);
  await vi.waitFor(async () => expect(await notesOf(topic)).toEqual([]), WAIT);
  expect(hook.values()).toEqual([]);
});

test("partitions that are added are followed", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic);
  await hook.rests();
  expect((await send(`/v1/topics/${topic.name}`, { partitions: 3 }, "PATCH")).status).toBe(200);
  await send(`/v1/topics/${topic.name}/records`, { records: [{ partition: 2, value: "new" }] });
  await vi.waitFor(() => expect(hook.seen).toMatchObject([{ partition: 2, value: "new" }]), WAIT);
});

test("dead letters go to their topic, which is made, and a redrive delivers them", async () => {
  const topic = await aTopic();
  const deadLetterTopic = `${topic.name}.dead`;
  const hook = await startSubscription(topic, { deadLetterTopic, retry: { maxAttempts: 2, minBackoffMs: 1, maxBackoffMs: 2 } });
  hook.answer(500);
  await append(topic, ["lost cause"]);
  await hook.rests();
  hook.answer(204);
  const redrive = await send(`/v1/subscriptions/${hook.name}/redrive`, { all: true });
  expect(await redrive.json()).toMatchObject({ topic: deadLetterTopic, records: 1, dryRun: false });
  await vi.waitFor(() => expect(hook.seen).toMatchObject([{ topic: topic.name, offset: 0, value: "lost cause" }]), WAIT);
});

test("CEL filters run where code may not be made from text", async () => {
  const topic = await aTopic();
  const hook = await startSubscription(topic, { filter: 'value.matches("^keep") || value == "this too"' });
  await append(topic, ["keep me", "leave me", "this too"]);
  await vi.waitFor(() => expect(hook.values()).toEqual(["keep me", "this too"]), WAIT);
});

test("a service binding is an endpoint without a public URL", async () => {
  const topic = await aTopic();
  const name = `s-${crypto.randomUUID()}`;
  const refused = await send(`/v1/subscriptions/${name}`, { topics: [topic.name], url: "binding:PARTITION/" }, "PUT");
  expect(refused.status).toBe(400);
  const put = await send(`/v1/subscriptions/${name}`, { topics: [topic.name], url: "binding:RECEIVER/hook?x=1", from: "earliest" }, "PUT");
  expect(put.status, await put.clone().text()).toBe(201);
  await append(topic, ["through the binding"]);
  const { RECEIVER } = env as unknown as { RECEIVER: Fetcher };
  await vi.waitFor(async () => {
    const got = await (await RECEIVER.fetch("https://receiver/got")).json<{ url: string; body: string }[]>();
    expect(got.filter(({ body }) => body.includes(topic.name))).toMatchObject([{ url: "https://receiver.binding/hook?x=1" }]);
  }, WAIT);
});
