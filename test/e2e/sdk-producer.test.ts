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

test("what a transaction wrote becomes visible when it is committed, and what another wrote never does once it is aborted", async () => {
  const [place] = await createTopic(broker.url, "transacted");
  const client = createClient({ url: broker.url });
  const producer = new Producer(client, { transactionalId: "tx-1" });
  const committed = async () => {
    const answer = await fetch(`${broker.url}/v1/topics/transacted/partitions/0/records`);
    return ((await answer.json()) as { records: { value: string }[] }).records.map(({ value }) => value);
  };

  await producer.beginTransaction();
  await producer.send({ topic: "transacted", value: "a" });
  expect(await committed()).toEqual([]);
  await producer.sendOffsets([{ topic: "transacted", partition: 0, offset: 1 }], { groupId: "readers" });
  await producer.commitTransaction();
  await until("it is visible", async () => (await committed()).length === 1);

  const failing = producer.transaction(async () => {
    await producer.send({ topic: "transacted", value: "taken back" });
    throw new Error("the work failed");
  });
  await expect(failing).rejects.toThrow("the work failed");
  const result = await producer.transaction(async () => producer.send({ topic: "transacted", value: "b" }));
  await until("the next is visible", async () => (await committed()).length === 2);
  expect(await committed()).toEqual(["a", "b"]);
  expect(result.offset).toBeGreaterThan(2);

  const successor = new Producer(client, { transactionalId: "tx-1" });
  await successor.beginTransaction();
  await producer.beginTransaction();
  await expect(producer.send({ topic: "transacted", value: "late" })).rejects.toMatchObject({ name: "ProducerFencedError" });
  await expect(producer.commitTransaction()).rejects.toMatchObject({ name: "ProducerFencedError" });
  await successor.send({ topic: "transacted", value: "c" });
  await successor.commitTransaction();
  await until("the successor's is visible", async () => (await committed()).length === 3);
  const offsets = await (await fetch(`${broker.url}/v1/groups/readers/offsets`)).json();
  expect(offsets).toMatchObject({ offsets: [{ topic: "transacted", partition: 0, offset: 1 }] });
  expect(place).toBeDefined();
  await Promise.all([producer.close(), successor.close()]);
});
