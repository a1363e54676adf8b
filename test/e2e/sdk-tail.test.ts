// The SDK's live tails against the broker as users run it, which is killed with kill -9 in the middle. What consumers do while it lives is
// in the scenarios that every platform runs (test/support/sdk-scenarios).

import { afterAll, beforeAll, expect, test } from "vitest";
import { Admin, asText, type ConsumerRecord, createClient, Producer, tail } from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";
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

async function produce(topic: string, count: number, from = 0): Promise<void> {
  const producer = new Producer(client());
  await producer.sendAll(expected(count, from).map((value) => ({ topic, value })));
  await producer.close();
}

const values = (records: readonly ConsumerRecord[]) => records.map(({ value }) => asText(value));
const expected = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `v${from + i}`);

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
  await produce("tailed", 5, 5);
  await until("both are live", () => tails.every(({ seen }) => seen.length === 8));
  await broker.kill9();
  await broker.restart();
  await produce("tailed", 5, 10);
  await until("both are there again", () => tails.every(({ seen }) => seen.length >= 13));
  stop.abort();
  for (const { seen, reading } of tails) {
    await reading;
    expect(values(seen)).toEqual(expected(13, 2));
  }
});
