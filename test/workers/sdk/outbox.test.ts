// The outbox in workerd: an object's changes and its events are one transaction, and the events reach the topic once and in order, though
// the object is put out of memory and the broker fails.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Admin } from "../../../src/sdk/admin/admin.ts";
import { createClient, type Fetch } from "../../../src/sdk/client.ts";
import { PLATFORM_CODECS } from "../../../src/sdk/compression.ts";
import { fetchPage } from "../../../src/sdk/consumer/fetch-batches.ts";
import { asText } from "../../../src/sdk/consumer/records.ts";
import { Outbox, type OutboxOptions } from "../../../src/sdk/outbox/outbox.ts";
import { seededRandom } from "../../support/random.ts";
import { request } from "../support/worker-request.ts";

const toWorker: Fetch = (url, init) => {
  const { pathname, search } = new URL(url);
  return request(pathname + search, init as RequestInit<IncomingRequestCfProperties>);
};
const client = createClient({ fetch: toWorker });

async function aTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  return (await new Admin(client).topics.create({ name: `outbox-${crypto.randomUUID()}`, partitions, configs })).name;
}

async function valuesOf(topic: string, partition = 0): Promise<(string | null)[]> {
  const limits = { maxBytes: 1 << 24, maxWaitMs: 0, checkCrcs: true, isDecodedByBroker: false } as const;
  const options = {
    ...limits,
    offset: 0,
    isolation: "read_committed",
    codecs: PLATFORM_CODECS,
    signal: new AbortController().signal,
  } as const;
  return (await fetchPage(client, { topic, partition }, options)).records.map(({ value }) => asText(value));
}

/** An object whose alarms are the test's to call, as often as they were asked for. */
class TestObject {
  readonly stub = env.GROUP.getByName(crypto.randomUUID());
  alarms: number[] = [];
  fetch: Fetch = toWorker;
  options: OutboxOptions = {};

  async with<Result>(body: (outbox: Outbox, storage: DurableObjectStorage) => Result | Promise<Result>): Promise<Result> {
    return runInDurableObject(this.stub, (_, { storage }) => {
      const throughFaults = createClient({
        fetch: (url, init) => this.fetch(url, init),
        backoff: { initialMs: 1, maxMs: 1 },
        apiTimeoutMs: 50,
      });
      const outbox = new Outbox(storage, throughFaults, { setAlarm: (atMs) => this.alarms.push(atMs), ...this.options });
      return body(outbox, storage);
    });
  }

  /** Rings until nothing is asked for any more. */
  async ring(): Promise<void> {
    while (this.alarms.length > 0) {
      this.alarms = [];
      await this.with((outbox) => outbox.alarm());
    }
  }
}

test("a change and its event are there together, or neither is", async () => {
  const topic = await aTopic();
  const object = new TestObject();
  await object.with((outbox, storage) => {
    storage.sql.exec("CREATE TABLE items (name TEXT)");
    const place = (name: string, isGood: boolean) =>
      storage.transactionSync(() => {
        storage.sql.exec("INSERT INTO items VALUES (?)", name);
        outbox.send({ topic, value: name, headers: { of: "test" } });
        if (!isGood) throw new Error("no such item");
      });
    expect(() => place("rolled back", false)).toThrow();
    expect(outbox.pending).toBe(0);
    place("a", true);
    place("b", true);
    expect(outbox.pending).toBe(2);
  });
  await object.ring();
  expect(await valuesOf(topic)).toEqual(["a", "b"]);
  expect(await object.with((outbox) => outbox.pending)).toBe(0);
});

test("one alarm is asked for, however many events there are until it rings", async () => {
  const topic = await aTopic();
  const object = new TestObject();
  await object.with((outbox) => {
    for (let i = 0; i < 5; i++) outbox.send({ topic, value: `${i}` });
  });
  await evictDurableObject(object.stub);
  await object.with((outbox) => outbox.send({ topic, value: "5" }));
  expect(object.alarms).toHaveLength(1);
  await object.ring();
  await object.with((outbox) => outbox.send({ topic, value: "6" }));
  expect(object.alarms).toHaveLength(1);
  await object.ring();
  expect(await valuesOf(topic)).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
});

test("without a setAlarm of its own, it sets the object's", async () => {
  const topic = await aTopic();
  await runInDurableObject(env.GROUP.getByName(crypto.randomUUID()), async (_, { storage }) => {
    const outbox = new Outbox(storage, client);
    outbox.send({ topic, value: "a" });
    expect(await storage.getAlarm()).not.toBeNull();
    await storage.deleteAlarm();
    await outbox.alarm();
  });
  expect(await valuesOf(topic)).toEqual(["a"]);
});

test("events are in the topic once and in order, whatever is lost on the way, and whenever the object is put out", async () => {
  const topic = await aTopic(3);
  const object = new TestObject();
  const random = seededRandom(21);
  object.options = { maxBatchEvents: 7 };
  object.fetch = async (url, init) => {
    const fate = random();
    if (fate < 0.2) throw new TypeError("the request is lost");
    const answer = await toWorker(url, init);
    if (fate < 0.4) throw new TypeError("the answer is lost");
    return answer;
  };
  const keys = ["a", "b", "c", "d", null];
  for (let i = 0; i < 200; i++) {
    await object.with((outbox) => outbox.send({ topic, key: keys[i % keys.length], value: `${keys[i % keys.length]}${i}` }));
    if (i % 20 === 19) await object.with((outbox) => outbox.alarm());
    if (i % 30 === 29) await evictDurableObject(object.stub);
  }
  await object.ring();
  const partitions = await Promise.all([0, 1, 2].map((partition) => valuesOf(topic, partition)));
  expect(partitions.flat()).toHaveLength(200);
  for (const key of keys) {
    const expected = Array.from({ length: 200 }, (_, i) => i).filter((i) => keys[i % keys.length] === key);
    const holding = partitions.filter((values) => values.some((value) => value!.startsWith(String(key))));
    expect(holding).toHaveLength(1);
    expect(holding[0]!.filter((value) => value!.startsWith(String(key)))).toEqual(expected.map((i) => `${key}${i}`));
  }
});

test("a batch whose answer is lost with the object is sent again byte for byte, and written once", async () => {
  const topic = await aTopic();
  const object = new TestObject();
  const bodies: string[] = [];
  object.fetch = async (url, init) => {
    const answer = await toWorker(url, init);
    if (!url.endsWith("/batches")) return answer;
    bodies.push(String(init.body));
    throw new TypeError("the answer is lost");
  };
  await object.with(async (outbox) => {
    outbox.send({ topic, value: "once" });
    await expect(outbox.drain()).rejects.toThrow("the answer is lost");
  });
  await evictDurableObject(object.stub);
  await object.with((outbox) => outbox.send({ topic, value: "later" }));
  await object.with((outbox) => expect(outbox.drain()).rejects.toThrow("the answer is lost"));
  expect(bodies[1]).toBe(bodies[0]);
  object.fetch = toWorker;
  await object.with((outbox) => outbox.drain());
  expect(await valuesOf(topic)).toEqual(["once", "later"]);
});

test("a batch that is refused for good stays, unless it is dropped, and what is behind it goes on then", async () => {
  const topic = await aTopic(1, { "max.message.bytes": "200" });
  const object = new TestObject();
  object.options = { maxBatchEvents: 1 };
  await object.with(async (outbox) => {
    for (const value of ["a", "x".repeat(300), "b"]) outbox.send({ topic, value });
    await expect(outbox.drain()).rejects.toThrow("MESSAGE_TOO_LARGE");
    await expect(outbox.drain()).rejects.toThrow("MESSAGE_TOO_LARGE");
    expect(outbox.pending).toBe(2);
  });
  const refused: (string | null)[] = [];
  object.options = {
    maxBatchEvents: 1,
    onRefused: (error, records) => {
      expect(error.code).toBe("MESSAGE_TOO_LARGE");
      refused.push(...records.map(({ value }) => asText(value)));
      return "drop";
    },
  };
  await object.with((outbox) => outbox.drain());
  expect(refused).toEqual(["x".repeat(300)]);
  expect(await valuesOf(topic)).toEqual(["a", "b"]);
});

test("an event that no batch could hold is refused when it is sent", async () => {
  await new TestObject().with((outbox) => {
    expect(() => outbox.send({ topic: "t", value: "x".repeat(600_000) })).toThrow("maxBatchBytes");
    expect(outbox.pending).toBe(0);
  });
});
