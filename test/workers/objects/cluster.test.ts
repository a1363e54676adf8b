import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TopicMetadata } from "../../../src/broker/ports.ts";
import { type Failure, isFailure } from "../../../src/common/errors.ts";
import type { ClusterObject } from "../../../src/objects/cluster.ts";
import type { AclBinding } from "../../../src/security/acl.ts";

/** A cluster of the test's own. */
const startCluster = (name: string = crypto.randomUUID()) => env.CLUSTER.getByName(name);

type Cluster = ReturnType<typeof startCluster>;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const partitionNumbers = (count: number) => [...Array(count).keys()];

function succeed(result: TopicMetadata | Failure): TopicMetadata {
  if (isFailure(result)) throw new Error(result.detail);
  return result;
}

/** Partitions that note what was destroyed, or refuse. They go when the object is evicted: the real ones are back then. */
async function replacePartitions(cluster: Cluster, isBroken: (partition: number) => boolean = () => false) {
  const destroyed: number[] = [];
  await runInDurableObject(cluster, (object: ClusterObject) => {
    object.destroyPartition = async (_topicId, partition) => {
      if (isBroken(partition)) throw new Error("the partition cannot be reached");
      destroyed.push(partition);
    };
  });
  return { destroyed, inOrder: () => destroyed.toSorted((a, b) => a - b) };
}

const deletionsLeft = (cluster: Cluster) =>
  runInDurableObject(cluster, (_, state) => [
    ...state.storage.sql.exec<{ next_partition: number; failed: string }>("SELECT next_partition, failed FROM deletions"),
  ]);

const alarmTime = (cluster: Cluster) => runInDurableObject(cluster, (_, state) => state.storage.getAlarm());

test("topics, producer ids, groups and the cluster id outlive the object's memory", async () => {
  const cluster = startCluster();
  const clusterId = await cluster.clusterId();
  const topic = succeed(await cluster.createTopic({ name: "orders", partitions: 3, configs: { "retention.ms": "5" } }));
  expect(await cluster.allocateProducerIds()).toEqual({ firstProducerId: 0, count: 1000 });
  await cluster.registerGroup("g");
  await evictDurableObject(cluster);

  expect(await cluster.clusterId()).toBe(clusterId);
  expect(await cluster.topic("orders")).toEqual(topic);
  expect(await cluster.topicById(topic.topicId)).toEqual(topic);
  expect(await cluster.listTopics({ limit: 10 })).toEqual({ topics: [topic], nextCursor: null });
  expect(await cluster.allocateProducerIds()).toEqual({ firstProducerId: 1000, count: 1000 });
  expect(await cluster.listGroups({ limit: 10, prefix: "g" })).toEqual({ groupIds: ["g"], nextCursor: null });
});

test("a topic has a UUID for an id, and refusals are values", async () => {
  const cluster = startCluster();
  const topic = succeed(await cluster.createTopic({ name: "orders" }));
  expect(topic.topicId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(topic.createdAtMs).toBeGreaterThan(0);
  expect(await cluster.createTopic({ name: "orders" })).toMatchObject({ error: "TOPIC_ALREADY_EXISTS" });
  expect(await cluster.alterTopic("orders", { partitions: 0 })).toMatchObject({ error: "INVALID_PARTITIONS" });
  expect(await cluster.deleteTopic("others")).toMatchObject({ error: "UNKNOWN_TOPIC_OR_PARTITION" });
});

test("versions go on rising over evictions", async () => {
  const cluster = startCluster();
  const { version } = succeed(await cluster.createTopic({ name: "a" }));
  await replacePartitions(cluster);
  await cluster.deleteTopic("a");
  await evictDurableObject(cluster);
  expect(succeed(await cluster.createTopic({ name: "a" })).version).toBeGreaterThan(version);
});

test("concurrent creations of one name make one topic", async () => {
  const cluster = startCluster();
  const results = await Promise.all(Array.from({ length: 8 }, () => cluster.createTopic({ name: "t" })));
  expect(results.filter((result) => !isFailure(result))).toHaveLength(1);
});

test("a group that is registered twice is listed once, and one that is unregistered no more", async () => {
  const cluster = startCluster();
  for (const groupId of ["b", "a", "b"]) await cluster.registerGroup(groupId);
  expect((await cluster.listGroups({ limit: 10 })).groupIds).toEqual(["a", "b"]);
  await cluster.unregisterGroup("a");
  expect((await cluster.listGroups({ limit: 10 })).groupIds).toEqual(["b"]);
});

test("a name belongs to one kind of group, until that is unregistered", async () => {
  const cluster = startCluster();
  expect(await cluster.registerGroup("g")).toBeNull();
  expect(await cluster.registerShareGroup("s")).toBeNull();
  expect(await cluster.registerShareGroup("g")).toMatchObject({ error: "INCONSISTENT_GROUP_PROTOCOL" });
  expect(await cluster.registerGroup("s")).toMatchObject({ error: "INCONSISTENT_GROUP_PROTOCOL" });
  expect([await cluster.registerGroup("g"), await cluster.registerShareGroup("s")]).toEqual([null, null]);
  await cluster.unregisterGroup("g");
  expect(await cluster.registerShareGroup("g")).toBeNull();
  expect((await cluster.listShareGroups({ limit: 10 })).groupIds).toEqual(["g", "s"]);
  expect((await cluster.listGroups({ limit: 10 })).groupIds).toEqual([]);
});

test("a deletion is answered when every partition is destroyed, and leaves nothing", async () => {
  const cluster = startCluster();
  const topic = succeed(await cluster.createTopic({ name: "t", partitions: 20 }));
  const partitions = await replacePartitions(cluster);
  expect(await cluster.deleteTopic("t")).toEqual(topic);
  expect(partitions.inOrder()).toEqual(partitionNumbers(20));
  expect(await deletionsLeft(cluster)).toEqual([]);
  expect([await cluster.topic("t"), await cluster.topicById(topic.topicId)]).toEqual([null, null]);
});

test("while a topic is being deleted its id is nobody's and its name is free", async () => {
  const cluster = startCluster();
  const first = succeed(await cluster.createTopic({ name: "t", partitions: 2 }));
  const gate = Promise.withResolvers<void>();
  const started = vi.fn();
  await runInDurableObject(cluster, (object: ClusterObject) => {
    object.destroyPartition = (topicId) => {
      started();
      return topicId === first.topicId ? gate.promise : Promise.resolve();
    };
  });
  const deletion = cluster.deleteTopic("t");
  await vi.waitUntil(() => started.mock.calls.length === 2);
  expect(await cluster.topicById(first.topicId)).toBeNull();
  const second = succeed(await cluster.createTopic({ name: "t" }));
  expect(second.topicId).not.toBe(first.topicId);
  gate.resolve();
  expect(await deletion).toEqual(first);
  expect(await cluster.topic("t")).toEqual(second);
});

test("partitions that cannot be destroyed are left to the alarm, which tries until none is left", async () => {
  const cluster = startCluster();
  await cluster.createTopic({ name: "t", partitions: 4 });
  const broken = new Set([1, 2]);
  const partitions = await replacePartitions(cluster, (partition) => broken.has(partition));
  succeed(await cluster.deleteTopic("t"));
  expect(partitions.inOrder()).toEqual([0, 3]);
  expect(await deletionsLeft(cluster)).toEqual([{ next_partition: 4, failed: "[1,2]" }]);

  broken.delete(1);
  expect(await runDurableObjectAlarm(cluster)).toBe(true);
  expect(await deletionsLeft(cluster)).toEqual([{ next_partition: 4, failed: "[2]" }]);
  broken.clear();
  expect(await runDurableObjectAlarm(cluster)).toBe(true);
  expect(await deletionsLeft(cluster)).toEqual([]);
  expect(partitions.inOrder()).toEqual(partitionNumbers(4));
  expect(await runDurableObjectAlarm(cluster)).toBe(false);
});

test("a deletion goes on after an eviction, from what was left", async () => {
  const cluster = startCluster();
  const topic = succeed(await cluster.createTopic({ name: "t", partitions: 5 }));
  await replacePartitions(cluster, (partition) => partition >= 2);
  succeed(await cluster.deleteTopic("t"));
  await evictDurableObject(cluster);

  expect(await cluster.topicById(topic.topicId)).toBeNull();
  const partitions = await replacePartitions(cluster);
  expect(await runDurableObjectAlarm(cluster)).toBe(true);
  expect(partitions.inOrder()).toEqual([2, 3, 4]);
  expect(await deletionsLeft(cluster)).toEqual([]);
});

test("a deletion that takes long is answered before it is done, and goes on", async () => {
  const cluster = startCluster();
  const topic = succeed(await cluster.createTopic({ name: "t", partitions: 3 }));
  const gate = Promise.withResolvers<void>();
  await runInDurableObject(cluster, (object: ClusterObject) => {
    object.deletionWaitMs = 1;
    object.destroyPartition = () => gate.promise;
  });
  expect(await cluster.deleteTopic("t")).toEqual(topic);
  expect(await deletionsLeft(cluster)).toHaveLength(1);
  gate.resolve();
  await vi.waitUntil(async () => (await deletionsLeft(cluster)).length === 0);
});

test("a deletion that a crash cut off after its first write is finished by its alarm", async () => {
  const clusterName = crypto.randomUUID();
  const cluster = startCluster(clusterName);
  await cluster.createTopic({ name: "t", partitions: 3 });
  await runInDurableObject(cluster, (object: ClusterObject) => {
    object.destroyPartition = () => new Promise(() => undefined);
  });
  const interrupted = cluster.deleteTopic("t").then(
    () => "answered",
    () => "interrupted",
  );
  await vi.waitUntil(async () => (await deletionsLeft(cluster)).length === 1);
  await abortAllDurableObjects();
  expect(await interrupted).toBe("interrupted");

  const restarted = startCluster(clusterName);
  expect(await restarted.topic("t")).toBeNull();
  const partitions = await replacePartitions(restarted);
  expect(await runDurableObjectAlarm(restarted)).toBe(true);
  expect(partitions.inOrder()).toEqual([0, 1, 2]);
  expect(await deletionsLeft(restarted)).toEqual([]);
});

test("a start with something left sets the alarm that was lost", async () => {
  const cluster = startCluster();
  await cluster.createTopic({ name: "t" });
  await replacePartitions(cluster, () => true);
  succeed(await cluster.deleteTopic("t"));
  await runInDurableObject(cluster, (_, state) => state.storage.deleteAlarm());
  await evictDurableObject(cluster);
  expect(await alarmTime(cluster)).toBeGreaterThan(0);
});

test("a start with nothing left sets no alarm", async () => {
  const cluster = startCluster();
  await cluster.createTopic({ name: "t" });
  await evictDurableObject(cluster);
  expect(await cluster.topic("t")).not.toBeNull();
  expect(await alarmTime(cluster)).toBeNull();
});

test("users, tokens, ACLs and quotas outlive the object's memory, each change whole", async () => {
  const cluster = startCluster();
  const keys = { salt: "c2FsdA==", iterations: 4096, storedKey: "a2V5", serverKey: "a2V5" };
  const credential = { user: "alice", mechanism: "SCRAM-SHA-256", ...keys } as const;
  const acl: AclBinding = {
    ...{ resourceType: "TOPIC", resourceName: "orders", patternType: "PREFIXED", principal: "User:alice", host: "*" },
    ...{ operation: "READ", permission: "ALLOW" },
  };
  expect(await cluster.putUser({ user: "alice", credentials: [credential], acls: [acl] })).toBeNull();
  expect(await cluster.createToken({ name: "ci", hash: "h", expiresAtMs: null, acls: [] })).toMatchObject({ name: "ci" });
  expect(await cluster.alterQuotas([{ entity: { user: "alice" }, values: { request_rate: 5 } }], false)).toEqual([null]);
  const bad = { ...acl, principal: "nobody" };
  expect(await cluster.putUser({ user: "alice", credentials: [], acls: [bad] })).toMatchObject({ error: "INVALID_REQUEST" });
  const before = (await cluster.securitySnapshot(null))!;
  await evictDurableObject(cluster);

  expect(await cluster.securitySnapshot(null)).toEqual(before);
  expect(before).toMatchObject({
    credentials: [credential],
    tokens: [{ name: "ci" }],
    acls: [acl],
    quotas: [{ values: { request_rate: 5 } }],
  });
  expect(await cluster.securitySnapshot(before.version)).toBeNull();
  expect(await cluster.deleteUser("alice")).toBeNull();
  await evictDurableObject(cluster);
  expect(await cluster.securitySnapshot(before.version)).toMatchObject({ credentials: [], acls: [], decoySecret: before.decoySecret });
});
