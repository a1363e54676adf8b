// Transactions as kafkajs, librdkafka (confluent-kafka) and @platformatic/kafka drive them: what is committed is read, what is not is
// not, offsets go with the transaction, and a producer that was taken over is fenced.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectAdmin, connectProducer, joinGroup, valuesOf } from "../support/kafka-clients.ts";
import { createTopic } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

function connectTransactional(transactionalId: string) {
  return connectProducer(broker.kafkaAddress, { transactionalId, idempotent: true, maxInFlightRequests: 1 });
}

/** Reads until there are as many records as expected, among them the last of each partition, and compares them. */
async function expectRead(topic: string, expected: readonly string[], readUncommitted = false): Promise<void> {
  const groupId = `${topic}-${readUncommitted ? "un" : ""}committed`;
  const reader = await joinGroup(broker.kafkaAddress, { groupId, topic, readUncommitted });
  await until(`${expected.length} records of ${topic} are read`, () => reader.received.length >= expected.length);
  expect(valuesOf([reader])).toEqual([...expected].sort());
}

test("a committed transaction is read, an aborted one is not, and it is there for who reads uncommitted", async () => {
  await createTopic(broker.url, "decided", 2);
  const producer = await connectTransactional("decided");
  for (const [round, isCommit] of [true, false, true].entries()) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "decided", messages: [0, 1].map((partition) => ({ partition, value: `${round}/${partition}` })) });
    await (isCommit ? transaction.commit() : transaction.abort());
  }
  await expectRead("decided", ["0/0", "0/1", "2/0", "2/1"]);
  await expectRead("decided", ["0/0", "0/1", "1/0", "1/1", "2/0", "2/1"], true);
});

test("readers of committed records do not pass an open transaction", async () => {
  await createTopic(broker.url, "open");
  const producer = await connectTransactional("open");
  const transaction = await producer.transaction();
  await transaction.send({ topic: "open", messages: [{ value: "undecided" }] });
  const plain = await connectProducer(broker.kafkaAddress);
  await plain.send({ topic: "open", messages: [{ value: "after" }] });
  const { received } = await joinGroup(broker.kafkaAddress, { groupId: "open", topic: "open", readUncommitted: false });
  await expectRead("open", ["after", "undecided"], true);
  expect(received).toEqual([]);
  await transaction.commit();
  await until("both are read", () => received.length === 2);
  expect(received.map(({ value }) => value)).toEqual(["undecided", "after"]);
});

test("offsets are committed with the transaction, and only if it is", async () => {
  await createTopic(broker.url, "input");
  await createTopic(broker.url, "output");
  const admin = await connectAdmin(broker.kafkaAddress);
  const producer = await connectTransactional("transformer");
  const committed = async () => (await admin.fetchOffsets({ groupId: "transform", topics: ["input"] }))[0]!.partitions[0]!.offset;
  const transform = async (offset: string, isCommit: boolean) => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "output", messages: [{ value: offset }] });
    const topics = [{ topic: "input", partitions: [{ partition: 0, offset }] }];
    await transaction.sendOffsets({ consumerGroupId: "transform", topics });
    await (isCommit ? transaction.commit() : transaction.abort());
  };
  await transform("5", false);
  expect(await committed()).toBe("-1");
  await transform("7", true);
  expect(await committed()).toBe("7");
  await transform("9", false);
  expect(await committed()).toBe("7");
});

test("a producer that was taken over cannot write to its transaction, nor end it", async () => {
  await createTopic(broker.url, "zombie");
  const zombie = await connectTransactional("zombie");
  const transaction = await zombie.transaction();
  await transaction.send({ topic: "zombie", messages: [{ value: "of the zombie" }] });
  const successor = await connectTransactional("zombie");
  const next = await successor.transaction();
  await next.send({ topic: "zombie", messages: [{ value: "of its successor" }] });
  await expect(transaction.send({ topic: "zombie", messages: [{ value: "late" }] })).rejects.toMatchObject({
    type: "INVALID_PRODUCER_EPOCH",
  });
  await expect(transaction.commit()).rejects.toMatchObject({ type: "INVALID_PRODUCER_EPOCH" });
  await next.commit();
  await expectRead("zombie", ["of its successor"]);
});

test("transactions survive kill -9 of the broker: what was committed is there, what was open can be ended", async () => {
  await createTopic(broker.url, "killed");
  const producer = await connectTransactional("killed");
  const first = await producer.transaction();
  await first.send({ topic: "killed", messages: [{ value: "committed" }] });
  await first.commit();
  const second = await producer.transaction();
  await second.send({ topic: "killed", messages: [{ value: "open" }] });
  await broker.kill9();
  await broker.restart();
  await second.commit();
  await expectRead("killed", ["committed", "open"]);
});
