import { describe, expect, test } from "vitest";
import { CachedCluster, ClusterCache } from "../../../src/broker/cluster-cache.ts";
import type { ClusterPort, TopicMetadata } from "../../../src/broker/ports.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { TopicRegistry } from "../../../src/coordinator/topic-registry.ts";
import { MemoryTopicStore } from "../../../src/storage/memory-topic-store.ts";

function aTopic(name: string, version = 1, topicId = `id-of-${name}`): TopicMetadata {
  return { name, topicId, partitionCount: 1, configs: {}, version, createdAtMs: 0 };
}

/** A cluster in memory that counts the questions about topics, and answers them when `network` lets it. */
function startEdge(options: { maxTopics?: number } = {}) {
  const store = new MemoryTopicStore();
  const registry = new TopicRegistry(store, { now: () => 0, randomUuid: () => crypto.randomUUID() });
  const questions: string[] = [];
  const network = { pass: (): Promise<void> => Promise.resolve() };
  const ask = async <T>(question: string, answer: () => T): Promise<T> => {
    questions.push(question);
    const answered = answer();
    await network.pass();
    return answered;
  };
  const cluster: ClusterPort = {
    clusterId: () => ask("clusterId", () => store.clusterId()),
    topic: (name) => ask(`topic ${name}`, () => registry.topic(name)),
    topicById: (topicId) => ask(`topicById ${topicId}`, () => registry.topicById(topicId)),
    listTopics: async (request) => registry.listTopics(request),
    createTopic: async (request) => registry.createTopic(request),
    alterTopic: async (name, request) => registry.alterTopic(name, request),
    deleteTopic: async (name) => registry.beginDeletion(name),
    allocateProducerIds: async () => ({ firstProducerId: store.allocateProducerIds(10), count: 10 }),
    registerGroup: async (groupId) => registry.registerGroup(groupId),
    unregisterGroup: async (groupId) => store.removeGroup(groupId),
    listGroups: async (request) => registry.listGroups(request),
    registerTransaction: async (transactionalId) => store.addTransaction(transactionalId),
    unregisterTransaction: async (transactionalId) => store.removeTransaction(transactionalId),
    listTransactions: async (request) => registry.listTransactions(request),
    registerShareGroup: async (groupId) => registry.registerShareGroup(groupId),
    unregisterShareGroup: async (groupId) => store.removeShareGroup(groupId),
    listShareGroups: async (request) => registry.listShareGroups(request),
  };
  const clock = { nowMs: 1_000_000 };
  const cache = new ClusterCache({ now: () => clock.nowMs, ...options });
  const request = () => new CachedCluster(cluster, cache);
  const create = (name: string) => {
    const topic = registry.createTopic({ name });
    if (isFailure(topic)) throw new Error(topic.detail);
    return topic;
  };
  return { registry, cluster, cache, clock, network, questions, request, create };
}

test("asks once for a topic, however many requests want it, by name or by id", async () => {
  const { request, create, questions } = startEdge();
  const topic = create("t");
  expect(await request().topic("t")).toEqual(topic);
  expect(await request().topic("t")).toEqual(topic);
  expect(await request().topicById(topic.topicId)).toEqual(topic);
  expect(questions).toEqual(["topic t"]);
});

test("asks again after five seconds", async () => {
  const { request, create, questions, clock, registry } = startEdge();
  create("t");
  await request().topic("t");
  registry.alterTopic("t", { partitions: 2 });
  clock.nowMs += 4_999;
  expect(await request().topic("t")).toMatchObject({ partitionCount: 1 });
  clock.nowMs += 1;
  expect(await request().topic("t")).toMatchObject({ partitionCount: 2 });
  expect(questions).toHaveLength(2);
});

test("never remembers that a topic is not there", async () => {
  const { request, create, questions } = startEdge();
  expect(await request().topic("t")).toBeNull();
  const topic = create("t");
  expect(await request().topic("t")).toEqual(topic);
  expect(questions).toHaveLength(2);
});

test("asks once for all who wait within a request, and does not let requests wait for each other", async () => {
  const { request, create, questions } = startEdge();
  create("t");
  const [one, other] = [request(), request()];
  await Promise.all([one.topic("t"), one.topic("t"), other.topic("t")]);
  expect(questions).toEqual(["topic t", "topic t"]);
});

test("does not take a name that looks like an id for the id", async () => {
  const { request, create, network } = startEdge();
  const topic = create("t");
  const named = create(topic.topicId);
  const gate = Promise.withResolvers<void>();
  network.pass = () => gate.promise;
  const edge = request();
  const both = [edge.topicById(topic.topicId), edge.topic(topic.topicId)];
  gate.resolve();
  expect(await Promise.all(both)).toEqual([topic, named]);
});

test("serves what it has while one request refreshes it, and lets another try when that one does not come back", async () => {
  const { request, create, questions, clock, network } = startEdge();
  create("t");
  await request().topic("t");
  clock.nowMs += 5_000;
  network.pass = () => new Promise(() => undefined);
  void request().topic("t");
  expect(await request().topic("t")).toMatchObject({ name: "t" });
  expect(questions).toHaveLength(2);
  network.pass = async () => undefined;
  clock.nowMs += 1_000;
  await request().topic("t");
  expect(questions).toHaveLength(3);
});

test("answers the looks of one request in their order, also while one of them refreshes the topic for all", async () => {
  const { request, create, clock, network } = startEdge();
  const { topicId } = create("t");
  const connection = request();
  for (const look of [() => connection.topic("t"), () => connection.topicById(topicId)]) {
    await connection.topic("t");
    clock.nowMs += 5_000;
    const gate = Promise.withResolvers<void>();
    network.pass = () => gate.promise;
    const answered: number[] = [];
    const looks = [0, 1, 2].map(async (index) => {
      await look();
      answered.push(index);
    });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(answered).toEqual([]);
    gate.resolve();
    await Promise.all(looks);
    expect(answered).toEqual([0, 1, 2]);
  }
});

test("does not serve a topic that expired long ago to anybody", async () => {
  const { request, create, clock, network, registry } = startEdge();
  create("t");
  await request().topic("t");
  registry.alterTopic("t", { partitions: 2 });
  clock.nowMs += 60_000;
  const gate = Promise.withResolvers<void>();
  network.pass = () => gate.promise;
  const answers = [request().topic("t"), request().topic("t")];
  gate.resolve();
  expect(await Promise.all(answers)).toMatchObject([{ partitionCount: 2 }, { partitionCount: 2 }]);
});

test("forgets a topic by name or id when it is told to", async () => {
  const { request, create, questions } = startEdge();
  const topic = create("t");
  await request().topic("t");
  request().invalidate(topic.topicId);
  await request().topic("t");
  request().invalidate("t");
  await request().topic("t");
  expect(questions).toHaveLength(3);
});

test("never replaces a topic by an older version of it", () => {
  const { cache } = startEdge();
  const start = cache.beginLoad();
  cache.put(aTopic("t", 5), start);
  cache.put(aTopic("t", 4), start);
  expect(cache.topic("t")).toMatchObject({ version: 5 });
  cache.put(aTopic("t", 6, "made again"), start);
  expect([cache.topicById("made again")?.version, cache.topicById("id-of-t")]).toEqual([6, null]);
});

test("takes no answer from before an invalidation", () => {
  const { cache } = startEdge();
  const start = cache.beginLoad();
  cache.invalidate("t");
  cache.put(aTopic("t"), start);
  expect(cache.topic("t")).toBeNull();
  cache.put(aTopic("t"), cache.beginLoad());
  expect(cache.topic("t")).not.toBeNull();
});

test("drops what it has rather than keep it beside a newer answer that it cannot trust", () => {
  const { cache } = startEdge();
  cache.put(aTopic("t", 1), cache.beginLoad());
  const start = cache.beginLoad();
  cache.invalidate("another");
  cache.put(aTopic("t", 2), start);
  expect(cache.topic("t")).toBeNull();
});

test("forgets a topic that is gone, but not one that came while it was asked for", () => {
  const { cache } = startEdge();
  const early = cache.beginLoad();
  cache.put(aTopic("t"), early);
  cache.missing("t", early);
  expect(cache.topic("t")).not.toBeNull();
  cache.missingById("id-of-t", cache.beginLoad());
  expect(cache.topic("t")).toBeNull();
});

test("knows at once what its own requests changed", async () => {
  const { request, questions } = startEdge();
  const edge = request();
  await edge.createTopic({ name: "t" });
  expect(await edge.topic("t")).toMatchObject({ partitionCount: 1 });
  await edge.alterTopic("t", { partitions: 3 });
  expect(await request().topic("t")).toMatchObject({ partitionCount: 3 });
  expect(questions).toEqual([]);
  await edge.deleteTopic("t");
  expect(await edge.topic("t")).toBeNull();
});

test("keeps nothing of a change that was only checked or refused", async () => {
  const { request } = startEdge();
  const edge = request();
  await edge.createTopic({ name: "t", validateOnly: true });
  expect(await edge.topic("t")).toBeNull();
  await edge.createTopic({ name: "t" });
  await edge.alterTopic("t", { partitions: 9, validateOnly: true });
  await edge.alterTopic("t", { partitions: 0 });
  expect(await edge.topic("t")).toMatchObject({ partitionCount: 1 });
});

test("drops the topic that was not used for longest when it is full", () => {
  const { cache } = startEdge({ maxTopics: 2 });
  for (const name of ["a", "b"]) cache.put(aTopic(name), cache.beginLoad());
  cache.topic("a");
  cache.put(aTopic("c"), cache.beginLoad());
  expect([cache.topic("a")?.name, cache.topic("b"), cache.topic("c")?.name]).toEqual(["a", null, "c"]);
  expect(cache.topicById("id-of-b")).toBeNull();
});

test("asks once for the cluster id", async () => {
  const { request, questions } = startEdge();
  expect(await request().clusterId()).toBe(await request().clusterId());
  expect(questions).toEqual(["clusterId"]);
});

describe("a change that the cluster's disk does not take", () => {
  const failing = (message: string) => {
    const fail = () => Promise.reject(new Error(message));
    const cluster = { createTopic: fail, alterTopic: fail, deleteTopic: fail } as unknown as ClusterPort;
    return new CachedCluster(cluster, new ClusterCache({ now: () => 0 }));
  };

  test.each(["database or disk is full: SQLITE_FULL", "disk I/O error: SQLITE_IOERR"])(
    "is refused with the reason: %s",
    async (message) => {
      const cluster = failing(message);
      const changes = [cluster.createTopic({ name: "t" }), cluster.alterTopic("t", {}), cluster.deleteTopic("t")];
      for (const change of changes)
        expect(await change).toMatchObject({ error: "KAFKA_STORAGE_ERROR", detail: expect.stringContaining("SQLITE_") });
    },
  );

  test("is thrown on where it is anything else", async () => {
    await expect(failing("no such table: topics: SQLITE_ERROR").createTopic({ name: "t" })).rejects.toThrow(/SQLITE_ERROR/);
  });
});
