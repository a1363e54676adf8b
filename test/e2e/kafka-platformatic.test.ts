// @platformatic/kafka, which speaks almost nothing but flexible versions: a producer in every codec, a group by the classic protocol, admin.

import { Admin, Consumer, FetchIsolationLevels, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { COMPRESSIONS } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

const options = () => ({ clientId: "test", bootstrapBrokers: [broker.kafkaAddress] });

/** Ends the client with the test. */
function ending<Client extends { close(): Promise<void> }>(client: Client): Client {
  onTestFinished(async () => client.close());
  return client;
}

test("produces in every codec, reads in a group, and the group is seen and the topic deleted", async () => {
  const admin = ending(new Admin(options()));
  await admin.createTopics({ topics: ["flexible"], partitions: 3, replicas: 1 });
  expect(await admin.listTopics()).toContain("flexible");

  const producer = ending(new Producer({ ...options(), serializers: stringSerializers, idempotent: true }));
  for (const compression of COMPRESSIONS) {
    const messages = Array.from({ length: 20 }, (_, i) => ({
      topic: "flexible",
      key: `k${i}`,
      value: `${compression} ${i}`,
      headers: { codec: compression },
    }));
    await producer.send({ compression, messages });
  }

  const consumer = new Consumer({ ...options(), groupId: "flexible-readers", deserializers: stringDeserializers });
  const stream = await consumer.consume({ topics: ["flexible"], mode: "earliest", maxWaitTime: 500 });
  const expected = COMPRESSIONS.flatMap((compression) => Array.from({ length: 20 }, (_, i) => `${compression} ${i}`));
  const read: string[] = [];
  for await (const { value, headers } of stream) {
    expect(headers.get("codec")).toBe(value.split(" ")[0]);
    read.push(value);
    if (read.length === expected.length) break;
  }
  expect(read.sort()).toEqual(expected.sort());

  expect((await admin.listGroups()).get("flexible-readers")).toMatchObject({ state: "Stable", protocolType: "consumer" });
  await consumer.close(true);
  await admin.deleteGroups({ groups: ["flexible-readers"] });
  expect([...(await admin.listGroups()).keys()]).not.toContain("flexible-readers");

  const [logDirs] = await admin.describeLogDirs({ topics: [{ name: "flexible", partitions: [0, 1, 2] }] });
  const sizes = logDirs!.results[0]!.topics[0]!.partitions.map(({ partitionSize }) => Number(partitionSize));
  expect(sizes).toHaveLength(3);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  await admin.deleteTopics({ topics: ["flexible"] });
  expect(await admin.listTopics()).not.toContain("flexible");
});

test("commits one transaction and aborts another, with the offset of what it read", async () => {
  const admin = ending(new Admin(options()));
  await admin.createTopics({ topics: ["transform-in", "transform-out"], partitions: 1, replicas: 1 });
  const feeder = ending(new Producer({ ...options(), serializers: stringSerializers }));
  await feeder.send({ messages: [{ topic: "transform-in", value: "a" }] });

  const reader = new Consumer({ ...options(), groupId: "transform", deserializers: stringDeserializers, autocommit: false });
  const [read] = await (await reader.consume({ topics: ["transform-in"], mode: "earliest", maxWaitTime: 500 })).take(1).toArray();
  const producer = ending(
    new Producer({ ...options(), serializers: stringSerializers, idempotent: true, transactionalId: "platformatic" }),
  );
  const transform = async (value: string) => {
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic: "transform-out", value }] });
    await transaction.addConsumer(reader);
    await transaction.addOffset(read!);
    return transaction;
  };
  await (await transform("aborted")).abort();
  await (await transform("committed")).commit();
  await reader.close(true);

  const checker = ending(
    new Consumer({
      ...options(),
      groupId: "check",
      deserializers: stringDeserializers,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    }),
  );
  const seen = await (await checker.consume({ topics: ["transform-out"], mode: "earliest", maxWaitTime: 500 })).take(1).toArray();
  expect(seen.map(({ value }) => value)).toEqual(["committed"]);
  const described = await fetch(`${broker.url}/v1/groups/transform/offsets`);
  expect(await described.json()).toMatchObject({ offsets: [{ topic: "transform-in", offset: 1 }] });
});
