// The SDK's consumers against the broker as users run it: partitions of their own, groups, and live tails; and a kill -9 in the middle.

import { afterAll, beforeAll, expect, test } from "vitest";
import {
  Admin,
  asText,
  Consumer,
  type ConsumerRecord,
  createClient,
  GroupConsumer,
  type GroupConsumerOptions,
  Producer,
  type ProducerOptions,
  tail,
} from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { until } from "../support/until.ts";

let broker: Broker;
let admin: Admin;
const client = () => createClient({ url: broker.url, requestTimeoutMs: 5_000 });

beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: '{"group.initial.rebalance.delay.ms": "0"}' } });
  admin = new Admin(client());
});
afterAll(async () => {
  await broker?.stop();
});

async function produce(topic: string, count: number, options: ProducerOptions & { partitions?: number; from?: number } = {}) {
  const { partitions = 1, from = 0, ...producerOptions } = options;
  const producer = new Producer(client(), producerOptions);
  const records = Array.from({ length: count }, (_, i) => ({ topic, partition: i % partitions, key: `k${i % 7}`, value: `v${from + i}` }));
  await producer.sendAll(records);
  await producer.close();
}

async function take(count: number, records: AsyncIterable<ConsumerRecord>): Promise<ConsumerRecord[]> {
  const taken: ConsumerRecord[] = [];
  for await (const record of records) if (taken.push(record) === count) break;
  return taken;
}
const values = (records: readonly ConsumerRecord[]) => records.map(({ value }) => asText(value));
const expected = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `v${from + i}`);

test("assigned partitions are read from where they are told to, in order, whatever the codec", async () => {
  await admin.topics.create({ name: "assigned", partitions: 1 });
  await produce("assigned", 500, { batchSize: 1_000 });
  await produce("assigned", 500, { batchSize: 1_000, from: 500, compression: "gzip" });
  const body = JSON.stringify({ compression: "zstd", records: expected(10, 1_000).map((value) => ({ value, partition: 0 })) });
  await fetch(`${broker.url}/v1/topics/assigned/records`, { method: "POST", headers: { "content-type": "application/json" }, body });

  const consumer = new Consumer(client(), { maxBytes: 2_000 });
  const place = { topic: "assigned", partition: 0 };
  await consumer.assign([{ ...place, offset: "earliest" }]);
  expect(values(await take(1_010, consumer))).toEqual(expected(1_010)); // the last ten decoded by the broker
  consumer.seek(place, 700);
  const again = await take(100, consumer);
  expect(again[0]).toMatchObject({ offset: 700, partition: 0, topic: "assigned", headers: [] });
  expect(values(again)).toEqual(expected(100, 700));
  const time = again[50]!.timestamp;
  const [found] = await consumer.offsetsForTimes([{ ...place, timestamp: time }]);
  expect(found!.offset).toBeLessThanOrEqual(750);
  await consumer.close();
});

test("a consumer at the end waits for what comes next; many partitions wait together", async () => {
  await admin.topics.create({ name: "wide", partitions: 12 });
  const consumer = new Consumer(client(), { maxInFlight: 3 });
  await consumer.assignTopic("wide", "earliest");
  const reading = take(24, consumer);
  await produce("wide", 24, { partitions: 12 });
  const got = await reading;
  expect(values(got).sort()).toEqual(expected(24).sort());
  const lags = consumer.assignment.map((place) => consumer.lag(place));
  expect(lags.filter((lag) => lag !== 0)).toEqual([1]); // of the last record taken, which is not done
  await consumer.close();
});

test("paused partitions give nothing until they are resumed, and the others go on", async () => {
  await admin.topics.create({ name: "paused", partitions: 2 });
  await produce("paused", 20, { partitions: 2 });
  const consumer = new Consumer(client());
  await consumer.assignTopic("paused", "earliest");
  consumer.pause([{ topic: "paused", partition: 0 }]);
  const first = await take(10, consumer);
  expect(new Set(first.map(({ partition }) => partition))).toEqual(new Set([1]));
  expect(consumer.paused).toEqual([{ topic: "paused", partition: 0 }]);
  consumer.resume();
  const [last, ...others] = await take(11, consumer);
  expect(last).toEqual(first.at(-1)); // it was taken, but nobody said that it is done
  expect(new Set(others.map(({ partition }) => partition))).toEqual(new Set([0]));
  await consumer.close();
});

test("what a consumer processed is committed for its group, and the next one goes on there", async () => {
  await admin.topics.create({ name: "resumed", partitions: 1 });
  await produce("resumed", 100);
  const first = new Consumer(client(), { groupId: "resumers", autoOffsetReset: "earliest" });
  await first.assign([{ topic: "resumed", partition: 0 }]);
  expect(values(await take(40, first))).toEqual(expected(40));
  await first.close();
  expect((await admin.groups.offsets("resumers")).offsets).toMatchObject([{ offset: 39, lag: 61 }]); // the 40th was taken, not done
  const second = new Consumer(client(), { groupId: "resumers", autoOffsetReset: "earliest", autoCommitMs: 0 });
  await second.assign([{ topic: "resumed", partition: 0 }]);
  const handled: ConsumerRecord[] = [];
  const running = second.run(async (record) => void handled.push(record), { concurrency: 4, order: "key" });
  await until("all is handled", () => handled.length === 61);
  await until("all is processed", async () => {
    await second.commit();
    return (await admin.groups.offsets("resumers")).offsets[0]!.lag === 0;
  });
  await second.close();
  await running;
  for (const ofKey of Map.groupBy(handled, ({ key }) => asText(key)).values()) {
    expect(ofKey.map(({ offset }) => offset)).toEqual(ofKey.map(({ offset }) => offset).sort((a, b) => a - b));
  }
});

/** A member that notes what it handles. */
function member(topic: string, options: Partial<GroupConsumerOptions> = {}) {
  const handled: ConsumerRecord[] = [];
  const events: string[] = [];
  const consumer = new GroupConsumer(client(), {
    ...{ groupId: `${topic}-group`, topics: [topic], maxWaitMs: 300, autoOffsetReset: "earliest" },
    onAssigned: (partitions) => events.push(`+${partitions.length}`),
    onRevoked: (partitions) => events.push(`-${partitions.length}`),
    onLost: (partitions) => events.push(`!${partitions.length}`),
    ...options,
  });
  const running = consumer.run((record) => void handled.push(record));
  return { consumer, handled, events, running };
}

test("the members of a group share the partitions; who leaves gives its own back, and every record is handled once", async () => {
  await admin.topics.create({ name: "shared", partitions: 4 });
  await produce("shared", 200, { partitions: 4 });
  const one = member("shared");
  await until("one has all", () => one.handled.length === 200);
  const two = member("shared");
  await until("each has two partitions", () => one.consumer.assignment.length === 2 && two.consumer.assignment.length === 2);
  await produce("shared", 200, { partitions: 4, from: 200 });
  await until("all are handled", () => one.handled.length + two.handled.length === 400);
  expect(two.handled.length).toBe(100);
  await one.consumer.close();
  await one.running;
  await until("the other has all partitions", () => two.consumer.assignment.length === 4);
  await produce("shared", 40, { partitions: 4, from: 400 });
  await until("all are handled", () => one.handled.length + two.handled.length === 440);
  expect(values([...one.handled, ...two.handled]).sort()).toEqual(expected(440).sort());
  expect(one.events.join(" ")).toMatch(/^\+4 -2.* -2$/);
  await two.consumer.close();
  await two.running;
  expect((await admin.groups.describe("shared-group")).offsets.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
});

test("a handler that throws ends the run; what was not done comes again to the next member", async () => {
  await admin.topics.create({ name: "thrown", partitions: 1 });
  await produce("thrown", 10);
  const consumer = new GroupConsumer(client(), { groupId: "throwers", topics: ["thrown"], autoOffsetReset: "earliest" });
  const running = consumer.run((record) => {
    if (record.offset === 4) throw new Error("the handler failed");
  });
  await expect(running).rejects.toThrow("the handler failed");
  await consumer.close();
  expect((await admin.groups.offsets("throwers")).offsets).toMatchObject([{ offset: 4 }]);
  const next = new GroupConsumer(client(), { groupId: "throwers", topics: ["thrown"], autoOffsetReset: "earliest" });
  expect(values(await take(6, next))).toEqual(expected(6, 4));
  await next.close();
});

test("live tails, by events and by WebSocket, miss nothing and see nothing twice when the broker is killed", async () => {
  await admin.topics.create({ name: "tailed", partitions: 1 });
  await produce("tailed", 5);
  const stop = new AbortController();
  const tails = (["sse", "websocket"] as const).map((via) => {
    const seen: ConsumerRecord[] = [];
    const reading = (async () => {
      const options = { topic: "tailed", partition: 0, offset: -3, via, signal: stop.signal };
      for await (const record of tail(client(), options)) seen.push(record);
    })();
    return { seen, reading };
  });
  await until("both have the last three", () => tails.every(({ seen }) => seen.length === 3));
  await produce("tailed", 5, { from: 5 });
  await until("both are live", () => tails.every(({ seen }) => seen.length === 8));
  await broker.kill9();
  await broker.restart();
  await produce("tailed", 5, { from: 10 });
  await until("both are there again", () => tails.every(({ seen }) => seen.length >= 13));
  stop.abort();
  for (const { seen, reading } of tails) {
    await reading;
    expect(values(seen)).toEqual(expected(13, 2));
  }
});
