// Consumer groups whose assignment the broker computes (KIP-848), by @platformatic/kafka's members of the consumer protocol, and kafkajs
// members of the classic protocol in the same group.

import { Admin, Consumer, stringDeserializers } from "@platformatic/kafka";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectAdmin, connectProducer, joinGroup, valuesOf } from "../support/kafka-clients.ts";
import { createTopic } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: JSON.stringify({ "group.consumer.heartbeat.interval.ms": "200" }) } });
});
afterAll(async () => {
  await broker?.stop();
});

/** A member by the consumer protocol, which reads until the test ends. */
async function joinByConsumerProtocol(groupId: string, topic: string) {
  const consumer = new Consumer({
    clientId: "kip-848",
    bootstrapBrokers: [broker.kafkaAddress],
    groupId,
    groupProtocol: "consumer",
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 200 });
  const values: string[] = [];
  stream.on("data", ({ value }) => values.push(value));
  stream.on("error", () => undefined); // a stream that is closed in the middle of a fetch says so
  const leave = () => consumer.close(true);
  onTestFinished(() => leave().catch(() => undefined)); // it has left already
  return { consumer, values, leave };
}

async function produce(topic: string, prefix: string, count: number): Promise<string[]> {
  const producer = await connectProducer(broker.kafkaAddress);
  const values = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await producer.send({ topic, messages: values.map((value, index) => ({ value, partition: index % 6 })) });
  return values;
}

test("members of the consumer protocol share a topic and take over from each other", async () => {
  await createTopic(broker.url, "shared", 6);
  const first = await joinByConsumerProtocol("sharers", "shared");
  const expected = await produce("shared", "a", 60);
  await until("the first has all", () => first.values.length >= 60);
  const second = await joinByConsumerProtocol("sharers", "shared");
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [broker.kafkaAddress] });
  onTestFinished(() => admin.close());
  await until("the second has its share", async () => (await shares("sharers")).every((count) => count === 3));
  expected.push(...(await produce("shared", "b", 60)));
  await until("all are read", () => new Set([...first.values, ...second.values]).size === 120);
  expect([...new Set([...first.values, ...second.values])].sort()).toEqual(expected.sort());
  expect((await admin.listGroups({ types: ["consumer"] })).get("sharers")).toMatchObject({ state: "Stable", groupType: "consumer" });
  expect([...(await admin.listGroups({ types: ["classic"] })).keys()]).not.toContain("sharers");
  await second.leave();
  const rest = await produce("shared", "c", 60);
  await until("the first has them all again", () => rest.every((value) => first.values.includes(value)));
});

test("a kafkajs member and a member of the consumer protocol share the partitions, and it has them all again", async () => {
  await createTopic(broker.url, "mixed", 6);
  const classic = await joinGroup(broker.kafkaAddress, { groupId: "mixers", topic: "mixed" });
  expect(classic.assigned()).toEqual([0, 1, 2, 3, 4, 5]);
  const consumer = await joinByConsumerProtocol("mixers", "mixed");
  await until("each has three", async () => classic.assigned().length === 3 && (await shares("mixers")).every((count) => count === 3));
  const expected = await produce("mixed", "a", 60);
  await until("all are read", () => new Set([...valuesOf([classic]), ...consumer.values]).size === 60);
  expect(consumer.values.length).toBeGreaterThanOrEqual(30);
  expect([...new Set([...valuesOf([classic]), ...consumer.values])].sort()).toEqual(expected.sort());
  const admin = await connectAdmin(broker.kafkaAddress);
  expect((await admin.listGroups()).groups).toContainEqual(expect.objectContaining({ groupId: "mixers" }));
  await consumer.leave();
  await until("kafkajs has all six", () => classic.assigned().length === 6);
});

/** How many partitions each member has, by the HTTP API. */
async function shares(groupId: string): Promise<number[]> {
  const response = await fetch(`${broker.url}/v1/groups/${groupId}`);
  const { members } = (await response.json()) as { members: { assignment: { partitions: number[] }[] }[] };
  const counts = members.map(({ assignment }) => assignment.reduce((sum, { partitions }) => sum + partitions.length, 0));
  return counts.length < 2 ? [] : counts.every((count) => count > 0) ? counts : [0];
}
