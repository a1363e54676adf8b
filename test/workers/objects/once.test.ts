// The partition object inside workerd: what is written once is, over evictions, crashes in the middle of a write, and at the same moment.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { AppendResult, TopicMetadata } from "../../../src/broker/ports.ts";
import { type Failure, isFailure } from "../../../src/common/errors.ts";
import { core } from "../../../src/objects/core.ts";
import { batchOf } from "../../support/batches.ts";
import { addressOf, append, aTopic, objectOf, partitionOf } from "../support/partition.ts";

const DAY_MS = 86_400_000;

function appendOnce(topic: TopicMetadata, id: number, windowMs = DAY_MS): Promise<AppendResult | Failure> {
  const once = { digest: id.toString(16).padStart(32, "0"), windowMs };
  return partitionOf(topic).append({ ...addressOf(topic), batches: batchOf(core, [`event ${id}`]), once });
}

const place = (result: AppendResult | Failure) => (isFailure(result) ? result : [result.baseOffset, result.isRepeat ?? false]);
const endOf = async (topic: TopicMetadata) => {
  const described = await partitionOf(topic).describe(addressOf(topic));
  return isFailure(described) ? described : described.highWatermark;
};

test("a repeat is answered with the first one's offset, also after an eviction", async () => {
  const topic = await aTopic();
  expect(place(await appendOnce(topic, 1))).toEqual([0, false]);
  await append(topic, ["between"]);
  expect(place(await appendOnce(topic, 1))).toEqual([0, true]);
  await evictDurableObject(objectOf(topic));
  expect(place(await appendOnce(topic, 1))).toEqual([0, true]);
  expect(place(await appendOnce(topic, 2))).toEqual([2, false]);
  expect(await endOf(topic)).toBe(3);
});

test("of many that come at the same moment one is written, and all are told where", async () => {
  const topic = await aTopic();
  const results = await Promise.all(Array.from({ length: 60 }, (_, index) => appendOnce(topic, index % 3)));
  const places = results.map(place) as [number, boolean][];
  expect(places.filter(([, isRepeat]) => !isRepeat)).toHaveLength(3);
  for (const [index, [offset]] of places.entries()) expect(offset).toBe(places[index % 3]![0]);
  expect(await endOf(topic)).toBe(3);
});

test("the record and its id are one write: what breaks between them leaves neither", async () => {
  const topic = await aTopic();
  await appendOnce(topic, 1);
  await runInDurableObject(objectOf(topic), (_, state) => {
    state.storage.sql.exec("CREATE TRIGGER broken BEFORE INSERT ON once_blocks BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  });
  expect(place(await appendOnce(topic, 2))).toMatchObject({ error: expect.any(String) });
  await runInDurableObject(objectOf(topic), (_, state) => {
    state.storage.sql.exec("DROP TRIGGER broken");
  });
  expect(await endOf(topic)).toBe(1);
  expect(place(await appendOnce(topic, 2))).toEqual([1, false]);
  expect(place(await appendOnce(topic, 2))).toEqual([1, true]);
  expect(place(await appendOnce(topic, 1))).toEqual([0, true]);
});

test("an id costs one row beside its record's, a repeat none", async () => {
  const topic = await aTopic();
  await appendOnce(topic, 1);
  const changes = () =>
    runInDurableObject(objectOf(topic), (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n);
  const before = await changes();
  await appendOnce(topic, 2);
  expect((await changes()) - before).toBe(2);
  await appendOnce(topic, 2);
  expect((await changes()) - before).toBe(2);
});

test("the ids go with the topic", async () => {
  const topic = await aTopic();
  await appendOnce(topic, 1);
  await runInDurableObject(objectOf(topic), (partition) => partition.destroy());
  const tables = await runInDurableObject(objectOf(topic), (_, { storage }) => [
    ...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'once_blocks'"),
  ]);
  expect(tables).toEqual([]);
});
