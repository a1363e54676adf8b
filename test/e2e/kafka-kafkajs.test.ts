// kafkajs produces and consumes through the Kafka door: every kind of acknowledgement, every codec, groups whose members come and go.

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMPRESSIONS } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { connectAdmin, connectProducer, joinGroup, valuesOf } from "../support/kafka-clients.ts";
import { createTopic, highWatermark, type PartitionPlace } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

const numbered = (count: number, prefix = "v"): { value: string }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `${prefix}${i}` }));
const values = (count: number, prefix = "v"): string[] =>
  numbered(count, prefix)
    .map(({ value }) => value)
    .sort();

describe("a producer", () => {
  test.each([
    { acks: -1, offset: "0" },
    { acks: 1, offset: "0" },
  ])("is told the offset with acks $acks", async ({ acks, offset }) => {
    const topic = `acks-${acks}`;
    await createTopic(broker.url, topic);
    const producer = await connectProducer(broker.kafkaAddress);
    expect(await producer.send({ topic, acks, messages: numbered(3) })).toMatchObject([{ errorCode: 0, partition: 0, baseOffset: offset }]);
  });

  test("is told nothing with acks 0, and the records are written", async () => {
    const [place] = (await createTopic(broker.url, "acks-0")) as [PartitionPlace];
    const producer = await connectProducer(broker.kafkaAddress);
    expect(await producer.send({ topic: "acks-0", acks: 0, messages: numbered(3) })).toEqual([]);
    await until("they are written", async () => (await highWatermark(place)) === 3);
  });

  test("that is idempotent writes each record once, to each of many partitions", async () => {
    const places = await createTopic(broker.url, "idempotent", 20);
    const producer = await connectProducer(broker.kafkaAddress, { idempotent: true });
    for (let round = 0; round < 5; round++) {
      await producer.send({ topic: "idempotent", messages: numbered(100).map((message, i) => ({ ...message, partition: i % 20 })) });
    }
    expect(await Promise.all(places.map(highWatermark))).toEqual(places.map(() => 25));
  });

  test("is refused with INVALID_TIMESTAMP where one record among others is out of the topic's bounds", async () => {
    const [place] = (await createTopic(broker.url, "timely", 1, { "message.timestamp.before.max.ms": "60000" })) as [PartitionPlace];
    const producer = await connectProducer(broker.kafkaAddress);
    const messages = [0, 3_600_000, 0].map((ageMs) => ({ value: "v", timestamp: String(Date.now() - ageMs) }));
    await expect(producer.send({ topic: "timely", messages })).rejects.toMatchObject({ type: "INVALID_TIMESTAMP" });
    await producer.send({ topic: "timely", messages: [messages[0]!, messages[2]!] });
    expect(await highWatermark(place)).toBe(2);
  });

  test("sends messages of nearly a million bytes, and is refused alone what the topic refuses", async () => {
    await createTopic(broker.url, "big");
    const producer = await connectProducer(broker.kafkaAddress);
    const value = randomBytes(1_000_000);
    await producer.send({ topic: "big", messages: [{ value }] });
    await expect(producer.send({ topic: "big", messages: [{ value: randomBytes(2_000_000) }] })).rejects.toMatchObject({
      type: "MESSAGE_TOO_LARGE",
    });
    const reader = await joinGroup(broker.kafkaAddress, { groupId: "big", topic: "big", maxBytesPerPartition: 1000 });
    await until("it is read", () => reader.received.length === 1);
    expect(reader.received[0]!.message.value?.equals(value)).toBe(true);
  });
});

test.each(COMPRESSIONS)("records in codec %s come back with their keys, headers and timestamps", async (codec) => {
  const topic = `kafkajs-${codec}`;
  await createTopic(broker.url, topic);
  const producer = await connectProducer(broker.kafkaAddress);
  const messages = Array.from({ length: 50 }, (_, i) => ({
    key: i % 3 === 0 ? null : Buffer.from([0xff, i]),
    value: i % 7 === 0 ? null : Buffer.from(`${i} `.repeat(i * 10)),
    headers: { text: `h${i}`, bytes: Buffer.from([0x80, i]) },
    timestamp: String(1_760_000_000_000 + i),
  }));
  await producer.send({ topic, compression: COMPRESSIONS.indexOf(codec), messages });
  const reader = await joinGroup(broker.kafkaAddress, { groupId: topic, topic });
  await until("all are read", () => reader.received.length === messages.length);
  for (const [i, { message }] of reader.received.entries()) {
    const { key, value, headers, timestamp } = messages[i]!;
    expect(message).toMatchObject({ offset: String(i), timestamp });
    expect([message.key, message.value]).toEqual([key, value]);
    expect(message.headers).toEqual({ text: Buffer.from(headers.text), bytes: headers.bytes });
  }
});

describe("a group", () => {
  test("divides the partitions anew as members come and go, and reads every record", async () => {
    await createTopic(broker.url, "divided", 6);
    const group = { groupId: "dividers", topic: "divided" };
    const producer = await connectProducer(broker.kafkaAddress);
    const send = (prefix: string) =>
      producer.send({ topic: "divided", messages: numbered(60, prefix).map((one, i) => ({ ...one, partition: i % 6 })) });
    const first = await joinGroup(broker.kafkaAddress, group);
    expect(first.assigned()).toEqual([0, 1, 2, 3, 4, 5]);
    await send("a");
    await until("the only member has read all", () => first.received.length === 60);

    const second = await joinGroup(broker.kafkaAddress, group);
    const third = await joinGroup(broker.kafkaAddress, group);
    const members = [first, second, third];
    await until("each has two", () => members.every((member) => member.assigned().length === 2));
    expect(members.flatMap((member) => member.assigned()).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    await send("b");
    await until("they have read all", () => new Set(valuesOf(members)).size === 120);
    expect(members.every(({ received }) => received.some(({ value }) => value.startsWith("b")))).toBe(true);

    await third.consumer.disconnect();
    await until("the others have three each", () => [first, second].every((member) => member.assigned().length === 3));
    await send("c");
    await until("they have read all", () => new Set(valuesOf(members)).size === 180);
    expect([...new Set(valuesOf(members))]).toEqual([...values(60, "a"), ...values(60, "b"), ...values(60, "c")].sort());
  });

  test("goes on where a member that left had committed by itself", async () => {
    await createTopic(broker.url, "automatic");
    const producer = await connectProducer(broker.kafkaAddress);
    await producer.send({ topic: "automatic", messages: numbered(10, "a") });
    const first = await joinGroup(broker.kafkaAddress, { groupId: "automatic", topic: "automatic" });
    await until("it has read", () => first.received.length === 10);
    await first.consumer.disconnect();
    await producer.send({ topic: "automatic", messages: numbered(10, "b") });
    const second = await joinGroup(broker.kafkaAddress, { groupId: "automatic", topic: "automatic" });
    await until("it has read", () => second.received.length >= 10);
    expect(valuesOf([second])).toEqual(values(10, "b"));
  });

  test("goes on where somebody committed by hand, with the metadata that was given", async () => {
    await createTopic(broker.url, "manual");
    const producer = await connectProducer(broker.kafkaAddress);
    await producer.send({ topic: "manual", messages: numbered(10) });
    const first = await joinGroup(broker.kafkaAddress, { groupId: "manual", topic: "manual", autoCommit: false });
    await until("it has read", () => first.received.length === 10);
    await first.consumer.commitOffsets([{ topic: "manual", partition: 0, offset: "4", metadata: "by hand" }]);
    await first.consumer.disconnect();
    const admin = await connectAdmin(broker.kafkaAddress);
    expect(await admin.fetchOffsets({ groupId: "manual", topics: ["manual"] })).toEqual([
      { topic: "manual", partitions: [{ partition: 0, offset: "4", metadata: "by hand" }] },
    ]);
    const second = await joinGroup(broker.kafkaAddress, { groupId: "manual", topic: "manual" });
    await until("it has read the rest", () => second.received.length >= 6);
    expect(second.received[0]!.offset).toBe(4);
  });

  test("begins at the end where it is not to begin at the beginning", async () => {
    await createTopic(broker.url, "from-the-end");
    const producer = await connectProducer(broker.kafkaAddress);
    await producer.send({ topic: "from-the-end", messages: numbered(5, "old") });
    const admin = await connectAdmin(broker.kafkaAddress);
    const reader = await joinGroup(broker.kafkaAddress, { groupId: "late", topic: "from-the-end", fromBeginning: false });
    // It asks for the end some time after it has joined: records are sent until the first one arrives.
    await until("a new one is read", async () => {
      await producer.send({ topic: "from-the-end", messages: [{ value: "new" }] });
      return reader.received.length > 0;
    });
    expect(new Set(valuesOf([reader]))).toEqual(new Set(["new"]));
    expect((await admin.fetchTopicOffsets("from-the-end"))[0]!.low).toBe("0");
  });

  test("reads nothing of what is paused, and all of it once resumed", async () => {
    await createTopic(broker.url, "paused", 2);
    const producer = await connectProducer(broker.kafkaAddress);
    const reader = await joinGroup(broker.kafkaAddress, { groupId: "pausers", topic: "paused" });
    reader.consumer.pause([{ topic: "paused", partitions: [1] }]);
    await producer.send({ topic: "paused", messages: [0, 1].map((partition) => ({ value: `early ${partition}`, partition })) });
    await until("the other partition is read", () => reader.received.length > 0);
    await producer.send({ topic: "paused", messages: [0, 1].map((partition) => ({ value: `late ${partition}`, partition })) });
    await until("the other partition is read on", () => valuesOf([reader]).includes("late 0"));
    expect(reader.received.every(({ partition }) => partition === 0)).toBe(true);
    reader.consumer.resume([{ topic: "paused", partitions: [1] }]);
    await until("all is read", () => reader.received.length === 4);
  });

  test("reads on from where it is sent", async () => {
    await createTopic(broker.url, "sought");
    const producer = await connectProducer(broker.kafkaAddress);
    await producer.send({ topic: "sought", messages: numbered(10) });
    const reader = await joinGroup(broker.kafkaAddress, { groupId: "seekers", topic: "sought" });
    await until("all is read", () => reader.received.length === 10);
    reader.consumer.seek({ topic: "sought", partition: 0, offset: "7" });
    await until("the last are read again", () => reader.received.length === 13);
    expect(reader.received.slice(10).map(({ offset }) => offset)).toEqual([7, 8, 9]);
  });
});

test("two groups read the same records", async () => {
  await createTopic(broker.url, "two-groups");
  const producer = await connectProducer(broker.kafkaAddress);
  await producer.send({ topic: "two-groups", messages: numbered(10) });
  const readers = await Promise.all(
    ["one", "other"].map((groupId) => joinGroup(broker.kafkaAddress, { groupId: `group-${groupId}`, topic: "two-groups" })),
  );
  await until("both have read all", () => readers.every(({ received }) => received.length === 10));
  for (const reader of readers) expect(valuesOf([reader])).toEqual(values(10));
});
