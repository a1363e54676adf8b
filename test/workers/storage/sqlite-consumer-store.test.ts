import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteConsumerStore } from "../../../src/storage/sqlite-consumer-store.ts";
import { aConsumer, aConsumerGroup, consumerStoreConformance, someTopics } from "../../conformance/consumer-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.GROUP.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

const whole = { group: aConsumerGroup, topics: someTopics, members: [aConsumer(), aConsumer({ memberId: "é" })], removed: [] };

consumerStoreConformance((body) => withStorage((storage) => body(new SqliteConsumerStore(storage))));

test("a second store over the same storage goes on with the order of members", () =>
  withStorage((storage) => {
    new SqliteConsumerStore(storage).write(whole);
    const second = new SqliteConsumerStore(storage);
    second.load();
    second.write({ members: [aConsumer({ memberId: "a" })], removed: [] });
    expect(new SqliteConsumerStore(storage).load()?.members.map(({ memberId }) => memberId)).toEqual(["m", "é", "a"]);
  }));

test("asking makes no table", () =>
  withStorage((storage) => {
    expect(new SqliteConsumerStore(storage).load()).toBeNull();
    expect([...storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'consumer_documents'")]).toEqual([]);
  }));

test("a member is one row, and a larger document is cut anywhere, within a character too", () =>
  withStorage((storage) => {
    const rows = () => storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM consumer_documents").one().count;
    new SqliteConsumerStore(storage).write(whole);
    expect(rows()).toBe(4);
    for (const maxRowBytes of [1, 3, 7, 100]) {
      const store = new SqliteConsumerStore(storage, maxRowBytes);
      store.write(whole);
      expect(store.load()?.members).toEqual(whole.members);
    }
    new SqliteConsumerStore(storage).write(whole);
    expect(rows()).toBe(4);
  }));
