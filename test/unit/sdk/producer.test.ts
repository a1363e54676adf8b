// The producer over a network that fails: nothing lost, nothing doubled, nothing out of order, and everything told.

import { expect, onTestFinished, test } from "vitest";
import { createClient } from "../../../src/sdk/client.ts";
import { BufferExhaustedError, ClosedError, RecordTooLargeError, SluiceError, TimeoutError } from "../../../src/sdk/errors.ts";
import type { ProducerOptions } from "../../../src/sdk/producer/options.ts";
import { Producer } from "../../../src/sdk/producer/producer.ts";
import { type Fault, FlakyBroker } from "../../support/flaky-broker.ts";
import { seededRandom } from "../../support/random.ts";
import { until } from "../../support/until.ts";

const QUICK = { initialMs: 1, maxMs: 5 };

function producerOf(broker: FlakyBroker, options: ProducerOptions = {}, requestTimeoutMs = 30_000): Producer {
  return new Producer(createClient({ fetch: broker.fetch, backoff: QUICK, requestTimeoutMs }), { lingerMs: 0, ...options });
}

const texts = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `v${from + i}`);
const records = (values: readonly string[], partition = 0) => values.map((value) => ({ topic: "t", partition, value }));
/** The faults of the first requests; those after pass. */
const faultsInTurn = (...faults: (Fault | undefined)[]) => {
  const left = [...faults];
  return () => left.shift();
};

test("each record's promise tells where it is", async () => {
  const broker = new FlakyBroker({ t: 2 });
  const producer = producerOf(broker);
  const [first, second, other] = await producer.sendAll([
    { topic: "t", partition: 0, value: "a", timestamp: 5 },
    { topic: "t", partition: 0, value: "b", timestamp: 6 },
    { topic: "t", partition: 1, value: "c", timestamp: 7 },
  ]);
  expect(first).toEqual({ topic: "t", partition: 0, offset: 0, timestamp: 5 });
  expect(second).toEqual({ topic: "t", partition: 0, offset: 1, timestamp: 6 });
  expect(other).toEqual({ topic: "t", partition: 1, offset: 0, timestamp: 7 });
  expect(broker.produced).toHaveLength(2);
  await producer.close();
  expect(producer.bufferAvailable).toBe(producer.metrics().bufferTotalBytes);
});

test("a request whose answer is lost is made again under the same sequences, and written once", async () => {
  const broker = new FlakyBroker();
  broker.fault = faultsInTurn("answer lost", "request lost", "answer lost", "NOT_ENOUGH_REPLICAS");
  const producer = producerOf(broker);
  const places = await producer.sendAll(records(texts(3)));
  expect(places.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  expect(broker.values()).toEqual(texts(3));
  expect(broker.produced).toHaveLength(5);
  expect(new Set(broker.produced.map(({ batches }) => batches[0]!.baseSequence))).toEqual(new Set([0]));
  expect(producer.metrics()).toMatchObject({ records: 3, retries: 4, failedRecords: 0, requests: 1 });
  await producer.close();
});

test("an answer that never comes is not waited for beyond requestTimeoutMs", async () => {
  const broker = new FlakyBroker();
  broker.fault = faultsInTurn("never answered");
  const producer = producerOf(broker, {}, 30);
  await producer.sendAll(records(texts(1)));
  expect(broker.values()).toEqual(texts(1));
  await producer.close();
});

test("whatever the network does, records are written once and in order, partition by partition", async () => {
  const random = seededRandom(11);
  const kinds: (Fault | undefined)[] = ["request lost", "answer lost", "answer lost", "LEADER_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR"];
  const broker = new FlakyBroker({ t: 3 });
  broker.fault = () => (random() < 0.4 ? kinds[Math.floor(random() * kinds.length)] : undefined);
  broker.delay = () => new Promise((resolve) => setTimeout(resolve, random() * 3));
  const producer = producerOf(broker, { batchSize: 200, bufferMemory: 4_000, maxRequestSize: 700, maxInFlight: 2 });
  const offsets: Promise<number[]>[] = [];
  for (let i = 0; i < 60; i++) {
    for (const partition of [0, 1, 2]) {
      const sent = producer.sendAll(records(texts(5, i * 5), partition));
      offsets.push(sent.then((places) => places.map(({ offset }) => offset)));
    }
    if (i % 7 === 0) await producer.ready;
  }
  const told = await Promise.all(offsets);
  for (const partition of [0, 1, 2]) {
    expect(broker.values("t", partition)).toEqual(texts(300));
    expect(told.filter((_, index) => index % 3 === partition).flat()).toEqual(Array.from({ length: 300 }, (_, i) => i));
  }
  expect(broker.mostInFlight).toBe(2);
  const { retries, bufferAvailableBytes, bufferTotalBytes } = producer.metrics();
  expect(retries).toBeGreaterThan(5);
  expect(bufferAvailableBytes).toBe(bufferTotalBytes);
  await producer.close();
});

test("without idempotence a lost answer writes twice, and the sequences say so", async () => {
  const broker = new FlakyBroker();
  broker.fault = faultsInTurn("answer lost");
  const producer = producerOf(broker, { idempotence: false });
  await producer.sendAll(records(["once"]));
  expect(broker.values()).toEqual(["once", "once"]);
  expect(broker.produced[0]!.batches[0]!.baseSequence).toBe(-1);
  await producer.close();
});

test("a partition that lost track of the producer is written to under the next epoch, from sequence 0", async () => {
  const broker = new FlakyBroker();
  const producer = producerOf(broker);
  await producer.sendAll(records(["a"]));
  broker.fault = faultsInTurn("OUT_OF_ORDER_SEQUENCE_NUMBER");
  await producer.sendAll(records(["b"]));
  await producer.sendAll(records(["c"]));
  expect(broker.values()).toEqual(["a", "b", "c"]);
  expect(broker.produced.map(({ batches: [batch] }) => [batch!.producerEpoch, batch!.baseSequence])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  await producer.close();
});

test("records that are given up with their fate unknown end their epoch: they are not written late, and the next go on", async () => {
  const broker = new FlakyBroker();
  const producer = producerOf(broker, { deliveryTimeoutMs: 60 }, 20);
  broker.fault = () => "never answered";
  await expect(producer.sendAll(records(["late"]))).rejects.toThrow(TimeoutError);
  broker.fault = () => undefined;
  await producer.sendAll(records(["next"]));
  expect(broker.values()).toEqual(["next"]);
  expect(broker.produced.at(-1)!.batches[0]).toMatchObject({ producerEpoch: 1, baseSequence: 0 });
  expect(producer.metrics().failedRecords).toBe(1);
  await producer.close();
});

test("a refused batch fails alone: the others of its request are written, and its numbers are used again", async () => {
  const broker = new FlakyBroker();
  const producer = producerOf(broker, { batchSize: 150 });
  let isRefusing = true;
  broker.fault = ({ batches }) => (isRefusing && batches.some(({ recordCount }) => recordCount === 2) ? "INVALID_RECORD" : undefined);
  const [wide, b1, b2] = ["x".repeat(50), "1".repeat(30), "2".repeat(30)];
  const sent = [wide, b1, b2, wide].map((value) => producer.send({ topic: "t", partition: 0, value }));
  const outcomes = await Promise.allSettled(sent);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  isRefusing = false;
  await producer.sendAll(records(["after"]));
  expect(broker.values()).toEqual([wide, wide, "after"]);
  expect(producer.metrics().failedRecords).toBe(2);
  await producer.close();
});

test("a batch that is too large for the topic is split until it fits", async () => {
  const broker = new FlakyBroker({ t: 1 }, { "max.message.bytes": "150" });
  const producer = producerOf(broker, { batchSize: 1000 });
  const values = texts(20).map((text) => text.padEnd(20, "."));
  const places = await producer.sendAll(values.map((value) => ({ topic: "t", value, headers: { h: value } })));
  expect(places.map(({ offset }) => offset)).toEqual(values.map((_, i) => i));
  expect(broker.values()).toEqual(values);
  await expect(producer.sendAll(records(["x".repeat(200)]))).rejects.toThrow(RecordTooLargeError);
  expect(producer.bufferAvailable).toBe(producer.metrics().bufferTotalBytes);
  await producer.close();
});

test("a record larger than maxRequestSize, or what is no record at all, is refused before it is taken", async () => {
  const producer = producerOf(new FlakyBroker(), { maxRequestSize: 500, batchSize: 100 });
  await expect(producer.send({ topic: "t", value: "x".repeat(500) })).rejects.toThrow(RecordTooLargeError);
  await expect(producer.send({ topic: "t", value: () => {} })).rejects.toThrow(TypeError);
  await expect(producer.send({ topic: "t", value: "a", timestamp: 1.5 })).rejects.toThrow("timestamp");
  await producer.send({ topic: "t", value: "x" });
  await expect(producer.send({ topic: "t", partition: 7, value: "a" })).rejects.toThrow("partitions 0 to 0, not 7");
  await producer.close();
});

test("a topic that does not exist is an error at once, and one that is deleted meanwhile too", async () => {
  const broker = new FlakyBroker({ t: 1, tt: 1 });
  const producer = producerOf(broker);
  const missing = await producer.send({ topic: "nope", value: "a" }).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(SluiceError);
  expect(missing).toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION", errorCode: 3 });
  await producer.sendAll(records(["a"]));
  broker.deleteTopic("t");
  await expect(producer.sendAll(records(["b"]))).rejects.toThrow("UNKNOWN_TOPIC_OR_PARTITION");
  broker.createTopic("t", 1);
  await producer.sendAll(records(["c"]));
  expect(broker.values()).toEqual(["c"]);
  await producer.close();
});

test("a send that finds no memory waits for it, in order, and fails after maxBlockMs", async () => {
  const broker = new FlakyBroker();
  const gate = Promise.withResolvers<void>();
  broker.delay = () => gate.promise;
  const producer = producerOf(broker, { batchSize: 150, bufferMemory: 300, maxBlockMs: 40 });
  const value = "x".repeat(50);
  await producer.ready;
  const taken = producer.sendAll(records([value, value]));
  await until("both buffers are out", () => producer.bufferAvailable === 0);
  let isReady = false;
  void producer.ready.then(() => {
    isReady = true;
  });
  await expect(producer.sendAll(records([value]))).rejects.toThrow(BufferExhaustedError);
  expect(isReady).toBe(false);
  expect(producer.metrics().waitingRecords).toBe(0);
  const later = producer.sendAll(records(["w0", "w1", "w2"]));
  gate.resolve();
  await Promise.all([taken, later]);
  await producer.ready;
  expect(broker.values()).toEqual([value, value, "w0", "w1", "w2"]);
  await producer.close();
});

test("lingerMs gathers records that are sent apart into one batch; flush does not wait for it", async () => {
  const broker = new FlakyBroker();
  const producer = producerOf(broker, { lingerMs: 60_000 });
  const first = producer.send({ topic: "t", value: "a" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = producer.send({ topic: "t", value: "b" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(broker.produced).toEqual([]);
  await producer.flush();
  expect(broker.produced.map(({ batches }) => batches.length)).toEqual([1]);
  expect((await Promise.all([first, second])).map(({ offset }) => offset)).toEqual([0, 1]);
  await producer.close();
});

test("closing writes what is there; after its time is over, the rest fails", async () => {
  const broker = new FlakyBroker();
  const producer = producerOf(broker, { lingerMs: 60_000 });
  const written = producer.send({ topic: "t", value: "a" });
  await producer.close();
  expect((await written).offset).toBe(0);
  await expect(producer.send({ topic: "t", value: "b" })).rejects.toThrow(ClosedError);

  const stuck = producerOf(broker);
  broker.fault = () => "never answered";
  const unwritten = stuck.send({ topic: "t", value: "c" });
  await until("it is under way", () => broker.inFlight === 1);
  await stuck.close({ timeoutMs: 10 });
  await expect(unwritten).rejects.toThrow(ClosedError);
});

test("a million records use the same few buffers again and again", async () => {
  const broker = new FlakyBroker({ t: 2 });
  const sizes: number[] = [];
  const producer = producerOf({ fetch: countingFetch(broker, sizes) } as FlakyBroker, {
    lingerMs: 5,
    batchSize: 16_384,
    bufferMemory: 40 * 16_384,
    maxRequestSize: 100_000,
  });
  const value = new Uint8Array(20);
  let allocationsAfterWarmUp = 0;
  for (let i = 0; i < 1_000_000; i++) {
    if (i % 1_000 === 0) await producer.ready;
    void producer.send({ topic: "t", value });
    if (i === 100_000) allocationsAfterWarmUp = producer.metrics().bufferAllocations;
  }
  await producer.flush();
  const { records: written, bufferAllocations, failedRecords, bufferAvailableBytes } = producer.metrics();
  expect({ written, failedRecords, bufferAvailableBytes }).toEqual({
    written: 1_000_000,
    failedRecords: 0,
    bufferAvailableBytes: 40 * 16_384,
  });
  expect(sizes.reduce((sum, count) => sum + count, 0)).toBe(1_000_000);
  expect(allocationsAfterWarmUp).toBeGreaterThan(0);
  expect(bufferAllocations).toBeLessThanOrEqual(40);
  await producer.close();
});

/** Answers produce requests without keeping anything: a million records would not leave the time for it. */
function countingFetch(broker: FlakyBroker, counts: number[]) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.endsWith("/batches")) return broker.fetch(url, init);
    const body = init.body as Uint8Array;
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    let count = 0;
    for (let position = 0; position < body.length; position += view.getInt32(position + 8) + 12) count += view.getInt32(position + 57);
    counts.push(count);
    await new Promise((resolve) => setImmediate(resolve));
    return Response.json({ baseOffset: 0, count, logStartOffset: 0 });
  };
}

test("a record that nobody looks at is no unhandled rejection, whether it was refused at once, while it waited or later", async () => {
  const unhandled: unknown[] = [];
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => unhandled.push(error));
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  });
  const broker = new FlakyBroker();
  broker.fault = () => "TOPIC_AUTHORIZATION_FAILED";
  const producer = producerOf(broker);
  void producer.send({ topic: "t", value: "waits for the topic" });
  await producer.flush();
  void producer.send({ topic: "t", value: "sent at once" });
  void producer.send({ topic: "t", value: "x".repeat(2_000_000) });
  void producer.send({ topic: "t", partition: 7, value: "nowhere" });
  await producer.close();
  void producer.send({ topic: "t", value: "late" });
  await new Promise((resolve) => setTimeout(resolve, 5)); // Node tells of them between two turns
  expect(unhandled).toEqual([]);
  expect(producer.metrics().failedRecords).toBe(5);
});

test("an interceptor that throws fails its record, or nothing", async () => {
  const broker = new FlakyBroker();
  const fail = () => {
    throw new Error("an interceptor's own");
  };
  await expect(producerOf(broker, { interceptors: [{ onSend: fail }] }).send({ topic: "t", value: "a" })).rejects.toThrow("own");
  const observed = producerOf(broker, { interceptors: [{ onAcknowledgement: fail }] });
  expect(await observed.send({ topic: "t", value: "b" })).toMatchObject({ offset: 0 });
  await observed.close();
});

test("times that no timer can wait for are refused by name: they would be over at once", () => {
  for (const name of ["lingerMs", "maxBlockMs", "deliveryTimeoutMs"]) {
    for (const ms of [Number.MAX_SAFE_INTEGER, 2 ** 31, Number.NaN]) {
      expect(() => producerOf(new FlakyBroker(), { [name]: ms })).toThrow(name);
    }
  }
});
