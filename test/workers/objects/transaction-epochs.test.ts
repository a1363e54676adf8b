// Transactions with an epoch each, over the broker and real objects: partitions and a group that make themselves part of one, evictions at
// every step, and what is late.

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createBroker, createBrokerState } from "../../../src/broker/create-broker.ts";
import type { ProducerIdentity, TopicMetadata } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { core } from "../../../src/objects/core.ts";
import { transactionObjectName } from "../../../src/objects/names.ts";
import { batchOf } from "../../support/batches.ts";
import { addressOf, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";

/** A transactional id of its own, and what its producer may do the new way. */
async function aProducer() {
  const broker = createBroker(ports(), createBrokerState({ core, now: Date.now, random: Math.random }));
  const transactionalId = `t-${crypto.randomUUID()}`;
  const init = async (): Promise<ProducerIdentity> => {
    const producer = await broker.transactions.initProducerId({ transactionalId, timeoutMs: 60_000 });
    if (isFailure(producer)) throw new Error(producer.detail);
    return producer;
  };
  const newWay = { transactionalId, addsPartition: true, hasOwnEpoch: true };
  return {
    init,
    producer: await init(),
    evict: () => evictDurableObject(env.TRANSACTION.getByName(transactionObjectName(transactionalId))),
    describe: () => broker.transactions.describe(transactionalId),
    write: (topic: TopicMetadata, value: string, producer: ProducerIdentity, baseSequence: number) => {
      const batches = new Uint8Array(batchOf(core, [value], { ...producer, baseSequence, isTransactional: true }));
      return broker.produceBatches({ topic: topic.name, partition: 0, batches, ...newWay });
    },
    commitOffset: (topic: TopicMetadata, groupId: string, offset: number, producer: ProducerIdentity) =>
      broker.transactions.commitOffsets({
        ...{ transactionalId, ...producer, groupId, addsGroup: true },
        offsets: [{ topic: topic.name, partition: 0, offset }],
      }),
    offsets: async (groupId: string) => {
      const found = await broker.committedOffsets(groupId);
      if (isFailure(found)) throw new Error(found.detail);
      return { offsets: found.offsets.map(({ offset }) => offset), unstable: found.unstable.length };
    },
    end: (producer: ProducerIdentity, isCommit: boolean) =>
      broker.transactions.endInNextEpoch({ transactionalId, ...producer, isCommit }) as Promise<ProducerIdentity>,
  };
}

async function stableOffset(topic: TopicMetadata): Promise<[lastStableOffset: number, highWatermark: number]> {
  const described = await partitionOf(topic).describe(addressOf(topic));
  if (isFailure(described)) throw new Error(described.detail);
  return [described.lastStableOffset, described.highWatermark];
}

test("a partition and a group become part of the transaction by what comes for them, over evictions", async () => {
  const topic = await aTopic();
  const client = await aProducer();
  const { producer } = client;
  const groupId = `g-${crypto.randomUUID()}`;
  expect(await client.write(topic, "a", producer, 0)).toMatchObject({ baseOffset: 0 });
  await client.evict();
  expect(await client.commitOffset(topic, groupId, 5, producer)).toMatchObject({ offsets: [{ partition: 0 }] });
  expect(await client.describe()).toMatchObject({ state: "Ongoing", topics: [{ partitions: [0] }], groups: [groupId] });
  await evictDurableObject(objectOf(topic));
  await evictDurableObject(env.GROUP.getByName(groupId));
  await client.evict();
  expect(await client.write(topic, "b", producer, 1)).toMatchObject({ baseOffset: 1 });
  expect([await stableOffset(topic), await client.offsets(groupId)]).toEqual([[0, 2], { offsets: [], unstable: 1 }]);
  const next = await client.end(producer, true);
  expect(next).toEqual({ ...producer, producerEpoch: producer.producerEpoch + 1 });
  expect([await stableOffset(topic), await client.offsets(groupId)]).toEqual([[3, 3], { offsets: [5], unstable: 0 }]);
  await client.evict();
  await evictDurableObject(objectOf(topic));
  expect(await client.end(producer, true), "again").toEqual(next);
  expect(await client.write(topic, "c", next, 0)).toMatchObject({ baseOffset: 3 });
});

test("what is late of a transaction that has ended is refused, in partitions that had nothing of it too", async () => {
  const [touched, untouched] = [await aTopic(), await aTopic()];
  const client = await aProducer();
  const { producer } = client;
  await client.write(touched, "a", producer, 0);
  const next = await client.end(producer, false);
  for (const topic of [touched, untouched]) {
    expect(await client.write(topic, "late", producer, 1)).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
  }
  expect(await client.commitOffset(touched, "late", 1, producer)).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(await client.describe()).toMatchObject({ state: "CompleteAbort", ...next, topics: [], groups: [] });
  expect([await stableOffset(touched), await stableOffset(untouched)]).toEqual([
    [2, 2],
    [0, 0],
  ]);
});

test("an abort that overtakes the first batch leaves no transaction open", async () => {
  const topic = await aTopic();
  const client = await aProducer();
  const { producer } = client;
  const [next] = await Promise.all([client.end(producer, false), client.write(topic, "overtaken", producer, 0)]);
  const [lastStableOffset, highWatermark] = await stableOffset(topic);
  expect(lastStableOffset).toBe(highWatermark);
  expect(await client.write(topic, "again", producer, 1)).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
  expect(await client.write(topic, "next", next, 0)).toMatchObject({ count: 1 });
});

test("a zombie is fenced by the next producer of its transactional id", async () => {
  const topic = await aTopic();
  const client = await aProducer();
  const zombie = client.producer;
  await client.write(topic, "a", zombie, 0);
  const heir = await client.init();
  expect(await client.write(topic, "late", zombie, 1)).toMatchObject({ error: "INVALID_PRODUCER_EPOCH" });
  for (const isCommit of [true, false]) expect(await client.end(zombie, isCommit)).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(await client.write(topic, "b", heir, 0)).toMatchObject({ count: 1 });
  expect(await client.end(heir, true)).toEqual({ ...heir, producerEpoch: heir.producerEpoch + 1 });
});
