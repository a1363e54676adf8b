// The partition object inside workerd: groups of appends, watchers, restarts, the end of its topic.

import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { AppendResult, PartitionPort, PartitionWatch, ReadResult, TopicMetadata } from "../../../src/broker/ports.ts";
import { core } from "../../../src/objects/core.ts";
import { recordsIn } from "../../support/batches.ts";
import { addressOf, append, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";

async function readAll(topic: TopicMetadata): Promise<string[]> {
  const result = await partitionOf(topic).read({ ...addressOf(topic), start: "earliest", maxBytes: 1 << 20, isolation: "read_committed" });
  return recordsIn(core, (result as ReadResult).batches).map((record) => record.value!);
}

const evict = (topic: TopicMetadata) => evictDurableObject(objectOf(topic));

test("keeps everything that it acknowledged when it is evicted, and leads in a higher epoch", async () => {
  const topic = await aTopic();
  const first = (await append(topic, ["a", "b"])) as AppendResult;
  await evict(topic);
  const second = (await append(topic, ["c"])) as AppendResult;
  expect([first.baseOffset, second.baseOffset]).toEqual([0, 2]);
  expect(second.leaderEpoch).toBeGreaterThan(first.leaderEpoch);
  expect(await readAll(topic)).toEqual(["a", "b", "c"]);
});

test("recognises an idempotent producer's repeat after an eviction", async () => {
  const topic = await aTopic();
  const sequence = (baseSequence: number) => ({ producerId: 5, producerEpoch: 0, baseSequence });
  await append(topic, ["a", "b"], sequence(0));
  await evict(topic);
  expect(await append(topic, ["a", "b"], sequence(0))).toMatchObject({ baseOffset: 0 });
  expect(await append(topic, ["c"], sequence(2))).toMatchObject({ baseOffset: 2 });
  expect(await append(topic, ["d"], sequence(9))).toMatchObject({ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
});

test("gives each of many appends at once its own offset", async () => {
  const topic = await aTopic();
  const values = Array.from({ length: 100 }, (_, index) => `v${index}`);
  const results = await Promise.all(values.map((value) => append(topic, [value])));
  expect(new Set(results.map((result) => (result as AppendResult).baseOffset)).size).toBe(100);
  const stored = await readAll(topic);
  for (const [index, result] of results.entries()) expect(stored[(result as AppendResult).baseOffset]).toBe(values[index]);
});

test("wakes a watcher when records come, and says at once when they are there already", async () => {
  const topic = await aTopic();
  const watch = (await partitionOf(topic).watch(addressOf(topic), "read_uncommitted")) as PartitionWatch;
  expect(await watch.past(0, 0)).toBe(false);
  const woken = watch.past(0, 10_000);
  await append(topic, ["a"]);
  expect(await woken).toBe(true);
  expect(watch.isOpen).toBe(true);
  expect(await watch.past(0, 0)).toBe(true);
  expect(await watch.past(1, 1)).toBe(false);
  watch.close();
});

test("closes its watchers when its topic is deleted, and takes and serves nothing more", async () => {
  const topic = await aTopic();
  await append(topic, ["a"]);
  const watch = (await partitionOf(topic).watch(addressOf(topic), "read_uncommitted")) as PartitionWatch;
  const woken = watch.past(1, 10_000);
  await ports().cluster.deleteTopic(topic.name);
  expect(await woken).toBe(true);
  expect(watch.isOpen).toBe(false);
  expect(await append(topic, ["b"])).toMatchObject({ error: "UNKNOWN_TOPIC_ID" });
  await evict(topic);
  expect(await append(topic, ["b"])).toMatchObject({ error: "UNKNOWN_TOPIC_ID" });
  expect(await partitionOf(topic).describe(addressOf(topic))).toMatchObject({ error: "UNKNOWN_TOPIC_ID" });
});

test("is empty when its topic is made again", async () => {
  const topic = await aTopic();
  await append(topic, ["a"]);
  await ports().cluster.deleteTopic(topic.name);
  const again = (await ports().cluster.createTopic({ name: topic.name })) as TopicMetadata;
  expect(again.topicId).not.toBe(topic.topicId);
  expect(await readAll(again)).toEqual([]);
});

test("obeys a config as soon as a caller knows it", async () => {
  const topic = await aTopic();
  const large = ["x".repeat(5000)];
  expect(await append(topic, large)).toMatchObject({ baseOffset: 0 });
  const altered = (await ports().cluster.alterTopic(topic.name, { configs: { "max.message.bytes": "1000" } })) as TopicMetadata;
  expect(await append(altered, large)).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
  await evict(topic);
  expect(await append(altered, large)).toMatchObject({ error: "MESSAGE_TOO_LARGE" });
});

test("stamps records with its own time where the topic says so", async () => {
  const topic = await aTopic({ "message.timestamp.type": "LogAppendTime" });
  const before = Date.now();
  const result = (await append(topic, ["a"], { firstTimestamp: 5 })) as AppendResult;
  expect(result.logAppendTimeMs).toBeGreaterThanOrEqual(before);
  const found = await partitionOf(topic).offset(addressOf(topic), "maxTimestamp", "read_committed");
  expect(found).toMatchObject({ offset: 0, timestamp: result.logAppendTimeMs });
});

test("answers a read out of range with the range", async () => {
  const topic = await aTopic();
  await append(topic, ["a"]);
  const result = await partitionOf(topic).read({ ...addressOf(topic), start: 2, maxBytes: 1000, isolation: "read_committed" });
  expect(result).toMatchObject({ error: "OFFSET_OUT_OF_RANGE", offsets: { logStartOffset: 0, highWatermark: 1 } });
});

test("resolves every way to name a start", async () => {
  const topic = await aTopic();
  await append(topic, ["a", "b", "c"], { firstTimestamp: 100 });
  const start = async (from: Parameters<PartitionPort["read"]>[0]["start"]) => {
    const result = await partitionOf(topic).read({ ...addressOf(topic), start: from, maxBytes: 1000, isolation: "read_committed" });
    return (result as ReadResult).startOffset;
  };
  expect([await start("earliest"), await start("latest"), await start(2)]).toEqual([0, 3, 2]);
  expect([await start({ last: 1 }), await start({ last: 99 })]).toEqual([2, 0]);
  expect([await start({ timestamp: 101 }), await start({ timestamp: 500 })]).toEqual([1, 3]);
});
