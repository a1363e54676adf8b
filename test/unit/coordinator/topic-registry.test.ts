import { expect, test } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_PAGE_ITEMS } from "../../../src/common/limits/topics.ts";
import { type ListRequest, type NewTopic, TopicRegistry } from "../../../src/coordinator/topic-registry.ts";
import { MemoryTopicStore } from "../../../src/storage/memory-topic-store.ts";

function startRegistry() {
  const store = new MemoryTopicStore();
  let uuids = 0;
  const registry = new TopicRegistry(store, { now: () => 1234, randomUuid: () => `uuid-${++uuids}` });
  const create = (request: NewTopic) => {
    const topic = registry.createTopic(request);
    if (isFailure(topic)) throw new Error(topic.detail);
    return topic;
  };
  return { store, registry, create };
}

test("makes a topic that is then found by name and id", () => {
  const { registry, create } = startRegistry();
  const topic = create({ name: "orders", partitions: 3, configs: { "retention.ms": "1000" } });
  expect(topic).toEqual({
    name: "orders",
    topicId: "uuid-1",
    partitionCount: 3,
    configs: { "retention.ms": "1000" },
    version: 1,
    createdAtMs: 1234,
  });
  expect([registry.topic("orders"), registry.topicById("uuid-1")]).toEqual([topic, topic]);
});

test("refuses a name that is taken, collides or is not one", () => {
  const { registry, create } = startRegistry();
  create({ name: "a.b" });
  expect(registry.createTopic({ name: "a.b" })).toMatchObject({ error: "TOPIC_ALREADY_EXISTS" });
  expect(registry.createTopic({ name: "a_b" })).toMatchObject({ error: "INVALID_TOPIC_EXCEPTION" });
  expect(registry.createTopic({ name: ".." })).toMatchObject({ error: "INVALID_TOPIC_EXCEPTION" });
});

test("checks everything and changes nothing with validateOnly", () => {
  const { store, registry, create } = startRegistry();
  expect(registry.createTopic({ name: "t", partitions: 0, validateOnly: true })).toMatchObject({ error: "INVALID_PARTITIONS" });
  expect(create({ name: "t", partitions: 2, validateOnly: true })).toMatchObject({
    topicId: "00000000-0000-0000-0000-000000000000",
    partitionCount: 2,
  });
  expect(registry.topic("t")).toBeNull();

  const topic = create({ name: "t" });
  expect(registry.alterTopic("t", { partitions: 5, validateOnly: true })).toEqual({ ...topic, partitionCount: 5 });
  expect(registry.topic("t")).toEqual(topic);
  expect(store.nextVersion()).toBe(topic.version + 1);
});

test("gives every change of any topic a higher version, and no change none", () => {
  const { registry, create } = startRegistry();
  create({ name: "a" });
  expect(create({ name: "b" }).version).toBe(2);
  expect(registry.alterTopic("a", { partitions: 2 })).toMatchObject({ version: 3, partitionCount: 2 });
  expect(registry.alterTopic("a", { partitions: 2, configs: { "retention.ms": null } })).toMatchObject({ version: 3 });
  expect(registry.alterTopic("a", { configs: { "retention.ms": "5" } })).toMatchObject({ version: 4, configs: { "retention.ms": "5" } });
  expect(registry.alterTopic("a", { configs: { "retention.ms": "6" } })).toMatchObject({ version: 5 });
});

test("does not change or delete a topic that is not there", () => {
  const { registry } = startRegistry();
  expect(registry.alterTopic("nope", {})).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION" });
  expect(registry.beginDeletion("nope")).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION" });
});

test("frees the name of a deleted topic at once, and leaves a deletion of all of its partitions", () => {
  const { store, registry, create } = startRegistry();
  const first = create({ name: "t", partitions: 4 });
  expect(registry.beginDeletion("t")).toEqual(first);
  expect([registry.topic("t"), registry.topicById(first.topicId)]).toEqual([null, null]);
  expect(store.deletion(first.topicId)).toEqual({ topicId: first.topicId, partitionCount: 4, nextPartition: 0, failed: [], attempts: 0 });

  const second = create({ name: "t" });
  expect(second.topicId).not.toBe(first.topicId);
  expect(second.version).toBeGreaterThan(first.version);
  expect(registry.topicById(first.topicId)).toBeNull();
});

test("lists in pages that together have every name once", () => {
  const { registry, create } = startRegistry();
  const names = ["a", "b.1", "b.2", "b.3", "c"];
  for (const name of names.toReversed()) create({ name });
  const listAll = (request: ListRequest): string[][] => {
    const { topics, nextCursor } = registry.listTopics(request);
    const page = topics.map((topic) => topic.name);
    return nextCursor === null ? [page] : [page, ...listAll({ ...request, cursor: nextCursor })];
  };
  expect(listAll({ limit: 2 })).toEqual([["a", "b.1"], ["b.2", "b.3"], ["c"]]);
  expect(listAll({ limit: 5 })).toEqual([names]);
  expect(listAll({ limit: 2, prefix: "b." })).toEqual([["b.1", "b.2"], ["b.3"]]);
  expect(listAll({ limit: 1, prefix: "d" })).toEqual([[]]);
});

test("holds a page to the limit of a page, and to one item at the least", () => {
  const { store, registry } = startRegistry();
  for (let group = 0; group < MAX_PAGE_ITEMS + 1; group++) store.addGroup(`g${group}`);
  expect(registry.listGroups({ limit: 1e9 }).groupIds).toHaveLength(MAX_PAGE_ITEMS);
  expect(registry.listGroups({ limit: 0 }).groupIds).toHaveLength(1);
});

test("has nothing after a cursor that nobody gave out", () => {
  const { registry, create } = startRegistry();
  create({ name: "t" });
  expect(registry.listTopics({ limit: 5, cursor: "*" })).toEqual({ topics: [], nextCursor: null });
});
