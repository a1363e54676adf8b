// What every TopicStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { describe, expect, test } from "vitest";
import type { StoredDeletion, StoredTopic, TopicStore } from "../../src/storage/topic-store.ts";

/** Runs the body with a fresh store. */
export type WithTopicStore = (body: (store: TopicStore) => void) => Promise<void>;

export function aTopic(name: string, changes: Partial<StoredTopic> = {}): StoredTopic {
  const configs = { "retention.ms": "1000", "cleanup.policy": "compact" };
  return { name, topicId: `id-of-${name}`, partitionCount: 3, configs, version: 1, createdAtMs: 1_760_000_000_000, ...changes };
}

const A_DELETION: StoredDeletion = { topicId: "id", partitionCount: 9, nextPartition: 4, failed: [1, 3], attempts: 2 };

export function topicStoreConformance(withStore: WithTopicStore): void {
  const inStore = (name: string, body: (store: TopicStore) => void) => test(name, () => withStore(body));

  describe("counters", () => {
    inStore("has one cluster id, a UUID", (store) => {
      expect(store.clusterId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(store.clusterId()).toBe(store.clusterId());
    });

    inStore("gives versions that rise by one, from 1", (store) => {
      expect([store.nextVersion(), store.nextVersion(), store.nextVersion()]).toEqual([1, 2, 3]);
    });

    inStore("gives producer ids that nobody else has, from 0", (store) => {
      expect([store.allocateProducerIds(1000), store.allocateProducerIds(5), store.allocateProducerIds(1000)]).toEqual([0, 1000, 1005]);
    });
  });

  describe("topics", () => {
    inStore("finds a topic by its name and by its id", (store) => {
      store.putTopic(aTopic("orders"));
      expect(store.topic("orders")).toEqual(aTopic("orders"));
      expect(store.topicById("id-of-orders")).toEqual(aTopic("orders"));
      expect(store.topic("Orders")).toBeNull();
      expect(store.topicById("id-of-others")).toBeNull();
    });

    inStore("finds by its id a topic that was put after the first search by id", (store) => {
      expect(store.topicById("id-of-late")).toBeNull();
      store.putTopic(aTopic("late"));
      expect(store.topicById("id-of-late")).toEqual(aTopic("late"));
    });

    inStore("replaces a topic", (store) => {
      store.putTopic(aTopic("orders"));
      store.putTopic(aTopic("orders", { partitionCount: 8, configs: {}, version: 2 }));
      expect(store.topic("orders")).toEqual(aTopic("orders", { partitionCount: 8, configs: {}, version: 2 }));
      expect(store.listTopics({ prefix: "", after: "", limit: 10 })).toHaveLength(1);
    });

    inStore("removes a topic, by name and by id, and knows the next one under the name", (store) => {
      store.putTopic(aTopic("orders"));
      expect(store.topicById("id-of-orders")).not.toBeNull();
      store.removeTopic("orders");
      expect([store.topic("orders"), store.topicById("id-of-orders")]).toEqual([null, null]);
      store.putTopic(aTopic("orders", { topicId: "second" }));
      expect([store.topicById("second")?.name, store.topicById("id-of-orders")]).toEqual(["orders", null]);
    });

    inStore("finds a topic whose name differs only in '.' and '_', the same name first", (store) => {
      for (const name of ["a.b_c", "a.b.c", "ab", "a-b.c", "plain"]) store.putTopic(aTopic(name));
      expect(store.similarTopic("a_b_c")).toBe("a.b.c");
      expect(store.similarTopic("a.b_c")).toBe("a.b_c");
      expect(store.similarTopic("a.b_cd")).toBeNull();
      expect(store.similarTopic("a-b_c")).toBe("a-b.c");
      expect(store.similarTopic("a.b")).toBeNull();
      expect(store.similarTopic("plain")).toBe("plain");
      expect(store.similarTopic("plain_")).toBeNull();
      expect(store.similarTopic(".plain")).toBeNull();
    });

    inStore("finds a collision in the first and in the last character", (store) => {
      for (const name of ["_first", "last."]) store.putTopic(aTopic(name));
      expect([store.similarTopic(".first"), store.similarTopic("last_")]).toEqual(["_first", "last."]);
    });

    inStore("lists topics in the order of their names, by prefix, in pages", (store) => {
      for (const name of ["b", "a.1", "a-1", "a_2", "A", "ab"]) store.putTopic(aTopic(name));
      const names = (prefix: string, after = "", limit = 100) => store.listTopics({ prefix, after, limit }).map((topic) => topic.name);
      expect(names("")).toEqual(["A", "a-1", "a.1", "a_2", "ab", "b"]);
      expect(names("a")).toEqual(["a-1", "a.1", "a_2", "ab"]);
      expect(names("a", "", 2)).toEqual(["a-1", "a.1"]);
      expect(names("a", "a.1", 2)).toEqual(["a_2", "ab"]);
      expect(names("a", "ab")).toEqual([]);
      expect(names("a", "A")).toEqual(["a-1", "a.1", "a_2", "ab"]);
      expect(names("zz")).toEqual([]);
    });
  });

  describe("deletions", () => {
    inStore("keeps what is left of a deletion until it is removed", (store) => {
      store.putDeletion(A_DELETION);
      expect(store.deletion("id")).toEqual(A_DELETION);
      store.putDeletion({ ...A_DELETION, nextPartition: 9, failed: [] });
      expect(store.deletion("id")).toEqual({ ...A_DELETION, nextPartition: 9, failed: [] });
      store.removeDeletion("id");
      expect([store.deletion("id"), store.deletingTopicIds()]).toEqual([null, []]);
    });

    inStore("lists the topics that are being deleted", (store) => {
      store.putDeletion({ ...A_DELETION, topicId: "b" });
      store.putDeletion({ ...A_DELETION, topicId: "a" });
      expect(store.deletingTopicIds()).toEqual(["a", "b"]);
    });
  });

  inStore("lists a share group that was added twice once, and one that was removed no more", (store) => {
    for (const groupId of ["s2", "s1", "s2", "u"]) store.addShareGroup(groupId);
    store.removeShareGroup("s1");
    store.removeShareGroup("never there");
    expect(store.listShareGroups({ prefix: "s", after: "", limit: 10 })).toEqual(["s2"]);
    expect(store.listShareGroups({ prefix: "", after: "s2", limit: 10 })).toEqual(["u"]);
    expect(store.listGroups({ prefix: "", after: "", limit: 10 })).toEqual([]);
  });

  inStore("lists a transactional id that was added twice once, and one that was removed no more", (store) => {
    for (const transactionalId of ["t2", "t1", "t2", "u"]) store.addTransaction(transactionalId);
    store.removeTransaction("t1");
    store.removeTransaction("never there");
    expect(store.listTransactions({ prefix: "t", after: "", limit: 10 })).toEqual(["t2"]);
    expect(store.listTransactions({ prefix: "", after: "t2", limit: 10 })).toEqual(["u"]);
    expect(store.listGroups({ prefix: "", after: "", limit: 10 })).toEqual([]);
  });

  describe("groups", () => {
    inStore("lists a group that was added twice once, and one that was removed no more", (store) => {
      for (const groupId of ["g2", "g1", "g2", "h"]) store.addGroup(groupId);
      store.removeGroup("g1");
      store.removeGroup("never there");
      expect(store.listGroups({ prefix: "g", after: "", limit: 10 })).toEqual(["g2"]);
    });

    inStore("orders names by their UTF-8 bytes, so that pages are complete", (store) => {
      const inOrder = ["a", "ab", "é", "\u{ffee}", "\u{1f600}", "\u{1f601}"];
      for (const groupId of inOrder.toReversed()) store.addGroup(groupId);
      expect(store.listGroups({ prefix: "", after: "", limit: 10 })).toEqual(inOrder);
      expect(store.listGroups({ prefix: "", after: "\u{ffee}", limit: 10 })).toEqual(["\u{1f600}", "\u{1f601}"]);
      expect(store.listGroups({ prefix: "a", after: "a", limit: 10 })).toEqual(["ab"]);
    });
  });

  describe("transactions", () => {
    inStore("answers what the body answers", (store) => {
      expect(store.transaction(() => store.nextVersion())).toBe(1);
    });

    inStore("undoes everything when the body throws", (store) => {
      store.putTopic(aTopic("kept"));
      expect(store.topicById("id-of-kept")).not.toBeNull();
      const failing = () => {
        store.removeTopic("kept");
        store.putTopic(aTopic("undone"));
        store.putDeletion(A_DELETION);
        store.addGroup("g");
        throw new Error("no");
      };
      expect(() => store.transaction(failing)).toThrow("no");
      expect(store.topicById("id-of-kept")).toEqual(aTopic("kept"));
      expect([store.topicById("id-of-undone"), store.topic("undone"), store.deletion("id")]).toEqual([null, null, null]);
      expect(store.listGroups({ prefix: "", after: "", limit: 10 })).toEqual([]);
    });
  });
}
