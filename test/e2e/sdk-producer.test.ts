// The SDK's producer against the broker as users run it, which is killed with kill -9 in the middle: nothing that was acknowledged is
// lost, and nothing is there twice.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, Producer } from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { createTopic, fetchRecords } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

const KILLS = 3;
const PARTITIONS = 3;
const BETWEEN_KILLS_MS = 500;

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

test("records of an idempotent producer are there once and in order, whenever the broker is killed", async () => {
  const places = await createTopic(broker.url, "killed", PARTITIONS);
  const producer = new Producer(createClient({ url: broker.url, requestTimeoutMs: 5_000 }), { lingerMs: 1, batchSize: 4_096 });
  const acknowledged = places.map(() => 0);
  const sent = places.map(() => 0);
  const misplaced: object[] = [];
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      await producer.ready;
      for (const [partition] of places.entries()) {
        const index = sent[partition]!++;
        void producer.send({ topic: "killed", partition, value: `${partition}-${index}` }).then(({ offset }) => {
          acknowledged[partition]!++;
          if (offset !== index) misplaced.push({ partition, index, offset });
        });
      }
      if (sent[0]! % 50 === 0) await sleep(1);
    }
  })();
  for (let i = 0; i < KILLS; i++) {
    await sleep(BETWEEN_KILLS_MS);
    const before = [...acknowledged];
    await broker.kill9();
    await broker.restart();
    await until("each partition goes on", () => acknowledged.every((count, partition) => count > before[partition]!));
  }
  isOver = true;
  await writing;
  await producer.close();

  expect(acknowledged).toEqual(sent);
  expect(misplaced).toEqual([]);
  expect(producer.metrics().retries).toBeGreaterThan(0);
  for (const place of places) {
    const values = (await fetchRecords(place)).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: sent[place.partition]! }, (_, i) => `${place.partition}-${i}`));
  }
});
