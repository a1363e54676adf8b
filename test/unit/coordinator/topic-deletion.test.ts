import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TopicDeletion } from "../../../src/coordinator/topic-deletion.ts";
import { MemoryTopicStore } from "../../../src/storage/memory-topic-store.ts";

const TOPIC = "topic-id";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function storeWithDeletion(partitionCount: number): MemoryTopicStore {
  const store = new MemoryTopicStore();
  store.putDeletion({ topicId: TOPIC, partitionCount, nextPartition: 0, failed: [], attempts: 0 });
  return store;
}

/** Partitions that count how often they were destroyed, and refuse while they are in `broken`. */
function startPartitions(broken = new Set<number>()) {
  const destroyed = new Map<number, number>();
  const destroy = async (topicId: string, partition: number) => {
    expect(topicId).toBe(TOPIC);
    await Promise.resolve();
    if (broken.has(partition)) throw new Error(`partition ${partition} cannot be reached`);
    destroyed.set(partition, (destroyed.get(partition) ?? 0) + 1);
  };
  return { destroyed, destroy };
}

test("destroys every partition once and forgets the deletion", async () => {
  const store = storeWithDeletion(300);
  const { destroyed, destroy } = startPartitions();
  await new TopicDeletion(store, destroy).run(TOPIC);
  expect([...destroyed.keys()].toSorted((a, b) => a - b)).toEqual([...Array(300).keys()]);
  expect([...destroyed.values()].every((times) => times === 1)).toBe(true);
  expect(store.deletion(TOPIC)).toBeNull();
});

test("stores nothing in between for a topic that goes in one wave", async () => {
  const store = storeWithDeletion(8);
  const putDeletion = vi.spyOn(store, "putDeletion");
  await new TopicDeletion(store, startPartitions().destroy).run(TOPIC);
  expect(putDeletion).not.toHaveBeenCalled();
});

test("leaves those that failed, all others gone, and gets them the next time", async () => {
  const store = storeWithDeletion(200);
  const broken = new Set([3, 150]);
  const { destroyed, destroy } = startPartitions(broken);
  const deletion = new TopicDeletion(store, destroy);
  await deletion.runAll();
  expect(destroyed.size).toBe(198);
  expect(store.deletion(TOPIC)).toMatchObject({ nextPartition: 200, failed: [3, 150], attempts: 1 });

  broken.delete(3);
  await deletion.runAll();
  expect(store.deletion(TOPIC)).toMatchObject({ failed: [150], attempts: 2 });

  broken.clear();
  await deletion.runAll();
  expect(store.deletingTopicIds()).toEqual([]);
  expect(Math.max(...destroyed.values())).toBe(1);
});

test("waits longer after each pass that failed, up to a bound, and not at all when nothing is left", async () => {
  const store = storeWithDeletion(1);
  const broken = new Set([0]);
  const deletion = new TopicDeletion(store, startPartitions(broken).destroy);
  const waits = [deletion.backoffMs()];
  for (let pass = 0; pass < 12; pass++) {
    await deletion.runAll();
    waits.push(deletion.backoffMs());
  }
  expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(waits.at(-1)).toBe(300_000);
  broken.clear();
  await deletion.runAll();
  expect(deletion.backoffMs()).toBeNull();
});

test("goes on after a crash at any partition, from what was stored", async () => {
  for (const crashAt of [0, 1, 127, 128, 129, 299]) {
    const store = storeWithDeletion(300);
    const { destroyed, destroy } = startPartitions();
    const beforeCrash = new TopicDeletion(store, (topicId, partition) =>
      partition < crashAt ? destroy(topicId, partition) : new Promise<void>(() => undefined),
    );
    void beforeCrash.run(TOPIC);
    await vi.waitUntil(() => destroyed.size >= crashAt);

    const afterCrash = new TopicDeletion(store, destroy);
    await afterCrash.runAll();
    expect(destroyed.size).toBe(300);
    expect(store.deletion(TOPIC)).toBeNull();
  }
});

test("does not destroy again, after a crash, what went in an earlier wave", async () => {
  const store = storeWithDeletion(300);
  const { destroyed, destroy } = startPartitions();
  const crashing = new TopicDeletion(store, (topicId, partition) =>
    partition < 200 ? destroy(topicId, partition) : new Promise<void>(() => undefined),
  );
  void crashing.run(TOPIC);
  await vi.waitUntil(() => destroyed.size === 200);
  await new TopicDeletion(store, destroy).runAll();
  expect(destroyed.get(127)).toBe(1);
  expect(destroyed.get(128)).toBe(2);
});

test("bounds the calls of one pass, and the next goes on where it ended", async () => {
  const store = storeWithDeletion(10_000);
  const { destroyed, destroy } = startPartitions();
  const deletion = new TopicDeletion(store, destroy);
  await deletion.runAll();
  expect(destroyed.size).toBe(5_000);
  expect(store.deletion(TOPIC)).toMatchObject({ nextPartition: 5_000, attempts: 0 });
  await deletion.runAll();
  expect(destroyed.size).toBe(10_000);
  expect(store.deletion(TOPIC)).toBeNull();
});

test("joins a pass that is already running", async () => {
  const store = storeWithDeletion(10);
  const { destroyed, destroy } = startPartitions();
  const deletion = new TopicDeletion(store, destroy);
  await Promise.all([deletion.run(TOPIC), deletion.runAll(), deletion.run(TOPIC)]);
  expect([...destroyed.values()]).toEqual(Array(10).fill(1));
});
