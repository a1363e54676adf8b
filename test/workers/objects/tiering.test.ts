// Segments of a partition object inside workerd, sealed, copied to R2, expired and read from wherever they are.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { createBroker, createBrokerState } from "../../../src/broker/create-broker.ts";
import type { ReadResult, SegmentDescription, TopicMetadata } from "../../../src/broker/ports.ts";
import type { Failure } from "../../../src/common/errors.ts";
import { core } from "../../../src/objects/core.ts";
import { recordsIn } from "../../support/batches.ts";
import { addressOf, append, aTopic, objectOf, partitionOf, ports } from "../support/partition.ts";

/** Recent, so that nothing expires by the default retention (ms). */
const START_MS = Date.now() - 60_000;

const SMALL = { "segment.bytes": "2000", "index.interval.bytes": "300" };

const broker = () => createBroker(ports(), createBrokerState({ core, now: Date.now, random: Math.random }));

/** 40 records in 20 batches and about 5 segments; timestamps go up from START_MS. */
async function fill(topic: TopicMetadata): Promise<string[]> {
  const values = Array.from({ length: 40 }, (_, index) => `${index}:${"x".repeat(150)}`);
  for (let first = 0; first < values.length; first += 2) {
    await append(topic, values.slice(first, first + 2), { firstTimestamp: START_MS + first * 10 });
  }
  return values;
}

/** Lets maintenance run until it has nothing to do right away. */
async function settle(topic: TopicMetadata): Promise<void> {
  await runInDurableObject(objectOf(topic), (object) => object.alarm());
}

const segments = async (topic: TopicMetadata) => (await partitionOf(topic).segments(addressOf(topic))) as SegmentDescription[];

async function readFrom(topic: TopicMetadata, start: number, maxBytes = 1000): Promise<string[]> {
  const values: string[] = [];
  for (let offset = start; ; ) {
    const request = {
      topic: topic.name,
      partition: 0,
      start: offset,
      maxBytes,
      minBytes: 0,
      maxWaitMs: 0,
      isolation: "read_committed" as const,
    };
    const result = (await broker().fetch(request)) as ReadResult;
    values.push(...recordsIn(core, result.batches, offset).map((record) => record.value!));
    if (result.nextOffset === offset) return values;
    offset = result.nextOffset;
  }
}

test("a start with something left sets the alarm, soon, whatever it was set to", async () => {
  const topic = await aTopic(SMALL);
  await fill(topic);
  const farMs = Date.now() + 604_800_000;
  await runInDurableObject(objectOf(topic), (_, { storage }) => storage.setAlarm(farMs));
  await evictDurableObject(objectOf(topic));
  await segments(topic);
  const alarmMs = () => runInDurableObject(objectOf(topic), (_, { storage }) => storage.getAlarm());
  await vi.waitFor(async () => {
    const isArchived = (await segments(topic)).some(({ place }) => place === "archived");
    if (!isArchived) expect(await alarmMs()).toBeLessThan(farMs);
  });
});

test("sealed segments go to the archive, and every record is read from there, from any offset, across every border", async () => {
  const topic = await aTopic(SMALL);
  const values = await fill(topic);
  await settle(topic);
  const places = (await segments(topic)).map((segment) => segment.place);
  expect(places.length).toBeGreaterThan(3);
  expect(places.slice(0, -1).every((place) => place === "archived")).toBe(true);
  expect(places.at(-1)).toBe("active");
  for (const start of [0, 1, 7, 13, 22, 39]) expect(await readFrom(topic, start)).toEqual(values.slice(start));
  expect(await readFrom(topic, 3, 1)).toEqual(values.slice(3));
  await evictDurableObject(objectOf(topic));
  expect(await readFrom(topic, 5)).toEqual(values.slice(5));
});

test("objects in the archive bear Kafka's names and the leader epoch, and match the manifest", async () => {
  const topic = await aTopic(SMALL);
  await fill(topic);
  await settle(topic);
  const [first, second] = await segments(topic);
  expect(first!.key).toBe(`topics/${topic.topicId}/0/00000000000000000000.0.0.0.log`);
  expect(second!.key).toMatch(/\/000000000000000000\d\d\.0\.0\.0\.log$/);
  const stored = (await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/0/` })).objects;
  const sizes = new Map(stored.map((object) => [object.key, object.size]));
  for (const segment of (await segments(topic)).filter(({ place }) => place === "archived")) {
    expect(sizes.get(segment.key!)).toBe(segment.sizeBytes);
    expect(sizes.has(segment.key!.replace(/log$/, "index"))).toBe(true);
    expect(sizes.has(segment.key!.replace(/log$/, "timeindex"))).toBe(true);
    expect(segment.crc32c).not.toBeNull();
  }
});

test("finds timestamps in the archive", async () => {
  const topic = await aTopic(SMALL);
  await fill(topic);
  await settle(topic);
  for (const offset of [0, 1, 6, 14, 22, 30, 38]) {
    const timestamp = START_MS + (offset - (offset % 2)) * 10 + (offset % 2);
    const found = await partitionOf(topic).offset(addressOf(topic), { timestamp }, "read_committed");
    expect(found).toMatchObject({ offset, timestamp });
  }
  const between = await partitionOf(topic).offset(addressOf(topic), { timestamp: START_MS + 15 }, "read_committed");
  expect(between).toMatchObject({ offset: 2, timestamp: START_MS + 20 });
});

test("keeps rows of archived segments as long as local.retention says", async () => {
  const topic = await aTopic({ ...SMALL, "local.retention.ms": "3600000" });
  const values = await fill(topic);
  await settle(topic);
  const places = (await segments(topic)).map((segment) => segment.place);
  expect(places.slice(0, -1).every((place) => place === "both")).toBe(true);
  expect(await readFrom(topic, 0)).toEqual(values);
});

test("a truncate moves the start at once, and takes whole segments from the archive", async () => {
  const topic = await aTopic(SMALL);
  const values = await fill(topic);
  await settle(topic);
  const before = (await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/0/` })).objects.length;
  expect(await partitionOf(topic).truncate(addressOf(topic), 21)).toMatchObject({ logStartOffset: 21, highWatermark: 40 });
  expect(await readFrom(topic, 21)).toEqual(values.slice(21));
  const request = { ...addressOf(topic), start: 20, maxBytes: 1000, isolation: "read_committed" as const };
  expect(await partitionOf(topic).read(request)).toMatchObject({ error: "OFFSET_OUT_OF_RANGE" });
  await settle(topic);
  expect((await segments(topic))[0]!.endOffset).toBeGreaterThan(21);
  expect((await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/0/` })).objects.length).toBeLessThan(before);
  expect(await readFrom(topic, 21)).toEqual(values.slice(21));
  expect(await partitionOf(topic).truncate(addressOf(topic), 41)).toMatchObject({ error: "OFFSET_OUT_OF_RANGE" });
});

test("expires segments by age and by size", async () => {
  const old = await aTopic({ ...SMALL, "retention.ms": "1" });
  await fill(old);
  await settle(old);
  await settle(old);
  expect(await partitionOf(old).describe(addressOf(old))).toMatchObject({ logStartOffset: 40, highWatermark: 40, sizeBytes: 0 });

  const large = await aTopic({ ...SMALL, "retention.ms": "-1", "retention.bytes": "4000" });
  await fill(large);
  await settle(large);
  const { sizeBytes } = (await partitionOf(large).describe(addressOf(large))) as { sizeBytes: number };
  expect(sizeBytes).toBeGreaterThanOrEqual(4000);
  expect(sizeBytes).toBeLessThan(6500);
});

test("says which object is missing, and serves the rest", async () => {
  const topic = await aTopic(SMALL);
  const values = await fill(topic);
  await settle(topic);
  const [, lost, next] = await segments(topic);
  await env.ARCHIVE!.delete(lost!.key!);
  const request = { topic: topic.name, partition: 0, maxBytes: 1000, minBytes: 0, maxWaitMs: 0, isolation: "read_committed" as const };
  const failed = (await broker().fetch({ ...request, start: lost!.baseOffset })) as Failure;
  expect(failed.error).toBe("KAFKA_STORAGE_ERROR");
  expect(failed.detail).toContain(lost!.key!);
  expect(await readFrom(topic, next!.baseOffset)).toEqual(values.slice(next!.baseOffset));
});

test("sweeps objects that no manifest row points to, and deletes all with the topic", async () => {
  const topic = await aTopic(SMALL);
  await fill(topic);
  const orphan = `topics/${topic.topicId}/0/00000000000000000000.0.0.9.log`;
  await env.ARCHIVE!.put(orphan, "left by a copy that was cut off");
  await settle(topic);
  expect(await env.ARCHIVE!.head(orphan)).toBeNull();
  expect((await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/` })).objects.length).toBeGreaterThan(0);
  await ports().cluster.deleteTopic(topic.name);
  expect((await env.ARCHIVE!.list({ prefix: `topics/${topic.topicId}/` })).objects).toEqual([]);
});
