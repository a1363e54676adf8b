// The transaction object with real partitions and groups: evicted at every step, by its alarm, and where partitions are gone.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ProducerIdentity, TopicMetadata, TransactionDescription } from "../../../src/broker/ports.ts";
import { type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { core } from "../../../src/objects/core.ts";
import { transactionObjectName } from "../../../src/objects/names.ts";
import type { TransactionObject } from "../../../src/objects/transaction.ts";
import { batchOf } from "../../support/batches.ts";
import { addressOf, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";

/** A transactional id of its own, with its producer. */
async function aProducer(timeoutMs = 60_000) {
  const transactionalId = `t-${crypto.randomUUID()}`;
  const port = ports().transaction(transactionalId);
  const object = () => env.TRANSACTION.getByName(transactionObjectName(transactionalId));
  const init = async () => {
    const producer = await port.initProducerId({ transactionalId, timeoutMs });
    if (isFailure(producer)) throw new Error(producer.detail);
    return producer;
  };
  const producer = await init();
  return { transactionalId, port, object, init, producer, request: { ...producer, transactionalId } };
}

function touching(topic: TopicMetadata, ...partitions: number[]) {
  return [{ topicId: topic.topicId, topic: topic.name, topicVersion: topic.version, partitions }];
}

/** Appends one record, as the edge does: with the guard of a first batch, which the transaction has confirmed. */
async function write(topic: TopicMetadata, value: string, producer: ProducerIdentity, baseSequence: number): Promise<void> {
  const batches = batchOf(core, [value], { ...producer, baseSequence, isTransactional: true });
  const request = { ...addressOf(topic), batches };
  let result = await partitionOf(topic).append(request);
  if (isFailure(result) && "needsVerification" in result) {
    result = await partitionOf(topic).append({ ...request, verification: result.needsVerification as number });
  }
  if (isFailure(result)) throw new Error(`${result.error}: ${result.detail}`);
}

async function stableOffset(topic: TopicMetadata): Promise<[lastStableOffset: number, highWatermark: number]> {
  const described = await partitionOf(topic).describe(addressOf(topic));
  if (isFailure(described)) throw new Error(described.detail);
  return [described.lastStableOffset, described.highWatermark];
}

async function describeOf(object: DurableObjectStub<TransactionObject>): Promise<TransactionDescription | null> {
  return (await object.describe()) as TransactionDescription | null;
}

/** Until its eviction the object's markers meet `work` in the place of their partition. */
function interceptMarkers(object: DurableObjectStub<TransactionObject>, work: () => Promise<null | Failure>): Promise<void> {
  return runInDurableObject(object, (transaction) => {
    transaction.participants = { ...transaction.participants, writeMarker: work };
  });
}

test("a transaction survives an eviction at every step", async () => {
  const topic = await aTopic();
  const { port, object, producer, request } = await aProducer();
  await evictDurableObject(object());
  expect(await port.addPartitions({ ...request, topics: touching(topic, 0) })).toBeNull();
  await evictDurableObject(object());
  await write(topic, "v", producer, 0);
  expect(await stableOffset(topic)).toEqual([0, 1]);
  await evictDurableObject(objectOf(topic));
  expect(await port.end({ ...request, isCommit: true })).toBeNull();
  expect(await stableOffset(topic)).toEqual([2, 2]);
  await evictDurableObject(object());
  expect(await describeOf(object())).toMatchObject({ state: "CompleteCommit", ...producer });
  expect(await port.end({ ...request, isCommit: true })).toBeNull();
  expect(await stableOffset(topic)).toEqual([2, 2]);
});

test("a decision that did not reach its partition is completed by the alarm of the next instance", async () => {
  const topic = await aTopic();
  const { port, object, producer, request } = await aProducer();
  await port.addPartitions({ ...request, topics: touching(topic, 0) });
  await write(topic, "v", producer, 0);
  await interceptMarkers(object(), async () => failure("KAFKA_STORAGE_ERROR", "not now"));
  expect(await port.end({ ...request, isCommit: true })).toBeNull();
  expect(await describeOf(object())).toMatchObject({ state: "PrepareCommit" });
  expect(await port.addPartitions({ ...request, topics: touching(topic, 0) })).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  await evictDurableObject(object());
  expect(await runDurableObjectAlarm(object())).toBe(true);
  expect(await describeOf(object())).toMatchObject({ state: "CompleteCommit" });
  expect(await stableOffset(topic)).toEqual([2, 2]);
});

test("a partition that does not answer holds a client up for a bounded time only, and then the transaction is complete", async () => {
  const topic = await aTopic();
  const { port, object, producer, request } = await aProducer();
  await runInDurableObject(object(), (transaction) => {
    transaction.endWaitMs = 1;
  });
  await port.addPartitions({ ...request, topics: touching(topic, 0) });
  await write(topic, "v", producer, 0);
  const { promise, resolve } = Promise.withResolvers<null>();
  await interceptMarkers(object(), () => promise);
  expect(await port.end({ ...request, isCommit: false })).toBeNull();
  expect(await describeOf(object())).toMatchObject({ state: "PrepareAbort" });
  resolve(null);
  await expect.poll(async () => (await describeOf(object()))?.state).toBe("CompleteAbort");
});

test("a topic that was deleted does not hold up the end of a transaction", async () => {
  const [kept, deleted] = [await aTopic(), await aTopic()];
  const { port, object, producer, request } = await aProducer();
  await port.addPartitions({ ...request, topics: [...touching(kept, 0), ...touching(deleted, 0, 1)] });
  await write(kept, "v", producer, 0);
  await write(deleted, "v", producer, 0);
  await ports().cluster.deleteTopic(deleted.name);
  expect(await port.end({ ...request, isCommit: true })).toBeNull();
  expect(await describeOf(object())).toMatchObject({ state: "CompleteCommit" });
  expect(await stableOffset(kept)).toEqual([2, 2]);
});

test("the alarm aborts a transaction that is open for too long, and its producer is fenced everywhere", async () => {
  const topic = await aTopic();
  const { port, object, producer, request } = await aProducer(1);
  await port.addPartitions({ ...request, topics: touching(topic, 0) });
  await write(topic, "v", producer, 0).catch(() => undefined); // the alarm may be faster
  await evictDurableObject(object());
  await expect.poll(async () => (await describeOf(object()))?.state).toBe("CompleteAbort");
  expect(await port.end({ ...request, isCommit: true })).toMatchObject({ error: "PRODUCER_FENCED" });
  await expect(write(topic, "late", producer, 1)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
});

test("a new producer aborts the open transaction of the one before", async () => {
  const topic = await aTopic();
  const { port, init, producer, request } = await aProducer();
  await port.addPartitions({ ...request, topics: touching(topic, 0) });
  await write(topic, "v", producer, 0);
  expect(await init()).toEqual({ producerId: producer.producerId, producerEpoch: producer.producerEpoch + 2 });
  expect(await stableOffset(topic)).toEqual([2, 2]);
  await expect(write(topic, "late", producer, 1)).rejects.toThrow("INVALID_PRODUCER_EPOCH");
});

test("transactional ids are listed", async () => {
  const { transactionalId } = await aProducer();
  const page = await ports().cluster.listTransactions({ prefix: transactionalId, limit: 10 });
  expect(page).toEqual({ transactionalIds: [transactionalId], nextCursor: null });
});

test("asking about a transactional id that nobody uses stores nothing", async () => {
  const port = ports().transaction("nobody");
  expect(await port.describe()).toBeNull();
  expect(await port.verify({ producerId: 1, producerEpoch: 0, topicId: "t", partition: 0 })).toMatchObject({
    error: "INVALID_PRODUCER_ID_MAPPING",
  });
  await runInDurableObject(env.TRANSACTION.getByName("nobody"), async (_, state) => {
    expect(await state.storage.getAlarm()).toBeNull();
    expect([...state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'transactional_id'")]).toEqual([]);
  });
});
