// The SDK's share consumers against the broker as users run it: many workers that fail and leave, over a kill -9, with the order of each key
// kept; dead letters; and what is left behind.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Admin, asText, Consumer, createClient, Producer } from "../../src/sdk/index.ts";
import { type LeasedRecord, ShareConsumer, type ShareConsumerOptions, type ShareRunOptions } from "../../src/sdk/share/share-consumer.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

let broker: Broker;
let admin: Admin;
const client = () => createClient({ url: broker.url, requestTimeoutMs: 5_000 });

beforeAll(async () => {
  broker = await startBroker();
  admin = new Admin(client());
});
afterAll(async () => {
  await broker?.stop();
});

async function aTopic(name: string, partitions: number, records: number, keys: number): Promise<void> {
  await admin.topics.create({ name, partitions });
  const producer = new Producer(client());
  await producer.sendAll(Array.from({ length: records }, (_, i) => ({ topic: name, key: `k${i % keys}`, value: String(i) })));
  await producer.close();
}

type Handler = (record: LeasedRecord) => void | Promise<void>;

/** A worker that runs until it is closed. */
function startWorker(options: ShareConsumerOptions, handler: Handler, run: ShareRunOptions = {}) {
  const consumer = new ShareConsumer(client(), { maxWaitMs: 500, ...options });
  const ended = consumer.run(handler, { retry: { initialMs: 10, maxMs: 50 }, ...run });
  return {
    async stop() {
      await consumer.close();
      await ended;
    },
  };
}

/** The sum over the partitions of a group; null while the broker is down. */
async function total(groupId: string, count: "acknowledged" | "deadLettered" | "lag" | "acquired"): Promise<number | null> {
  const described = await admin.shareGroups.describe(groupId).catch(() => null);
  return described === null ? null : described.partitions.reduce((sum, partition) => sum + (partition[count] ?? 0), 0);
}

test("workers that fail and leave, over a kill -9: every record is handled, those of a key in order", async () => {
  const [records, keys] = [2_000, 100];
  await aTopic("work", 2, records, keys);
  await admin.shareGroups.put("workers", { order: "key", leaseMs: 5_000, maxDeliveries: 100 });
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const handled = new Map<string, number[]>();
  const work: Handler = (record) => {
    if (random() < 0.05) throw new Error("fails now and then");
    const key = asText(record.key)!;
    handled.set(key, [...(handled.get(key) ?? []), Number(asText(record.value))]);
  };
  const options = { groupId: "workers", topics: ["work"], order: "key" } as const;
  const workers = Array.from({ length: 8 }, () => startWorker(options, work, { concurrency: 4 }));
  const count = () => [...handled.values()].reduce((sum, values) => sum + new Set(values).size, 0);
  await until("some are handled", () => count() > records / 10);
  await workers.shift()!.stop();
  await broker.kill9();
  await broker.restart();
  await until("more are handled", () => count() > records / 2);
  await workers.shift()!.stop();
  await until("all are acknowledged", async () => (await total("workers", "lag")) === 0);
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(count()).toBe(records);
  expect(await total("workers", "acknowledged")).toBe(records);
  for (const [key, values] of handled) expect(values, key).toEqual(values.toSorted((one, other) => one - other));
});

test("what fails for ever goes to the dead-letter topic with its count, and holds up nobody", async () => {
  await aTopic("mixed", 1, 20, 20);
  await admin.topics.create({ name: "mixed-dead", partitions: 1 });
  await admin.shareGroups.put("mixed-workers", { maxDeliveries: 2, deadLetterTopic: "mixed-dead" });
  const worker = startWorker(
    { groupId: "mixed-workers", topics: ["mixed"] },
    (record) => {
      const number = Number(asText(record.value));
      if (number === 3) throw new RangeError("not now");
      if (number === 7) throw new SyntaxError("not ever");
    },
    { rejectOn: [SyntaxError] },
  );
  await until("two are dead letters", async () => (await total("mixed-workers", "deadLettered")) === 2);
  await until("the others are acknowledged", async () => (await total("mixed-workers", "acknowledged")) === 18);
  await worker.stop();
  const reader = new Consumer(client());
  await reader.assignTopic("mixed-dead", "earliest");
  const dead = new Map<string, string>();
  for await (const { value, headers } of reader) {
    dead.set(asText(value)!, asText(headers.find(({ key }) => key === "__dlq.errors.delivery.count")!.value)!);
    if (dead.size === 2) break;
  }
  await reader.close();
  expect(Object.fromEntries(dead)).toEqual({ 3: "2", 7: "1" });
});

test("a worker that stops leaves no lease behind", async () => {
  await aTopic("left", 2, 500, 500);
  const options = { groupId: "left-workers", topics: ["left"] };
  let handled = 0;
  const worker = startWorker(options, () => void handled++, { concurrency: 8 });
  await until("it works", () => handled > 50);
  await worker.stop();
  expect(await total("left-workers", "acquired")).toBe(0);
  const rest = startWorker(options, () => void handled++, { concurrency: 8 });
  await until("the rest is done", async () => (await total("left-workers", "lag")) === 0);
  await rest.stop();
  expect(handled).toBe(500);
});
