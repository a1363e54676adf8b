// kill -9 of the broker under Kafka clients: producers that retry, and a group in the middle of its work. Nothing that was acknowledged
// is lost, an idempotent producer's records are there once, and the group goes on.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectProducer, joinGroup } from "../support/kafka-clients.ts";
import { createTopic, fetchRecords } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

const KILLS = 3;
const PARTITIONS = 3;
const BETWEEN_KILLS_MS = 1_000;

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

test("records that kafkajs was told are written are there once, in order, and the group reads all of them", async () => {
  const places = await createTopic(broker.url, "crashed", PARTITIONS);
  const group = { groupId: "survivors", topic: "crashed" };
  const members = [await joinGroup(broker.kafkaAddress, group), await joinGroup(broker.kafkaAddress, group)];
  const producers = await Promise.all(places.map(() => connectProducer(broker.kafkaAddress, { idempotent: true })));
  let isOver = false;
  const sent = places.map(() => 0);
  const writing = producers.map(async (producer, partition) => {
    while (!isOver) {
      await producer.send({ topic: "crashed", messages: [{ value: `${partition}-${sent[partition]}`, partition }] });
      sent[partition]! += 1;
    }
  });
  for (let i = 0; i < KILLS; i++) {
    await sleep(BETWEEN_KILLS_MS);
    const before = [...sent];
    await broker.kill9();
    await broker.restart();
    await until("each producer goes on", () => sent.every((count, partition) => count > before[partition]!));
  }
  isOver = true;
  await Promise.all(writing);

  for (const place of places) {
    const values = (await fetchRecords(place)).map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: sent[place.partition]! }, (_, i) => `${place.partition}-${i}`));
  }
  const total = sent.reduce((sum, count) => sum + count, 0);
  const read = () => new Set(members.flatMap(({ received }) => received.map(({ value }) => value)));
  await until("the group has read all", () => read().size === total);
  for (const { received } of members) {
    for (const [i, { partition, offset, value }] of received.entries()) expect(value, `record ${i}`).toBe(`${partition}-${offset}`);
  }
});
