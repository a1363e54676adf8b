import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteTopicStore } from "../../../src/storage/sqlite-topic-store.ts";
import { aTopic, topicStoreConformance, type WithTopicStore } from "../../conformance/topic-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void) =>
  runInDurableObject(env.CLUSTER.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

const withStore: WithTopicStore = (body) => withStorage((storage) => body(new SqliteTopicStore(storage)));

topicStoreConformance(withStore);

test("a second store over the same storage has everything of the first", () =>
  withStorage((storage) => {
    const first = new SqliteTopicStore(storage);
    first.putTopic(aTopic("orders"));
    first.nextVersion();
    first.allocateProducerIds(1000);
    const second = new SqliteTopicStore(storage);
    expect(second.clusterId()).toBe(first.clusterId());
    expect(second.topicById("id-of-orders")).toEqual(aTopic("orders"));
    expect([second.nextVersion(), second.allocateProducerIds(1)]).toEqual([2, 1000]);
  }));

test("a topic, a counter and a group each cost one row", () =>
  withStorage((storage) => {
    const store = new SqliteTopicStore(storage);
    const rows = (query: string) => storage.sql.exec(query).rowsWritten;
    store.putTopic(aTopic("orders"));
    expect(rows("UPDATE topics SET version = version + 1")).toBe(1);
    expect(rows("INSERT INTO topics SELECT 'copy', 'id', 1, '{}', 1, 0")).toBe(1);
    expect(rows("UPDATE cluster SET version = version + 1")).toBe(1);
    expect(rows("INSERT INTO groups VALUES ('g')")).toBe(1);
    expect(rows("INSERT OR IGNORE INTO groups VALUES ('g')")).toBe(0);
  }));

test("a page that ends before the table does leaves no cursor open, which would lock the table and keep SQLite's log of writes", () =>
  withStorage((storage) => {
    const store = new SqliteTopicStore(storage);
    for (const name of ["a", "b", "c", "d"]) store.putTopic(aTopic(name));
    expect(store.listTopics({ prefix: "", after: "", limit: 2 })).toHaveLength(2);
    expect(store.listTopics({ prefix: "a", after: "", limit: 9 })).toHaveLength(1);
    expect(() => storage.sql.exec("DROP TABLE topics")).not.toThrow();
  }));
