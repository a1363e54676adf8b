import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteOnceStore } from "../../../src/storage/sqlite-once-store.ts";
import { describeOnceStore } from "../../conformance/once-store.ts";

const withPartition = (body: (storage: DurableObjectStorage) => void) =>
  runInDurableObject(env.PARTITION.getByName(crypto.randomUUID()), (_, { storage }) => body(storage));

describeOnceStore("SqliteOnceStore", (use) =>
  withPartition((storage) => {
    const store = new SqliteOnceStore(storage);
    store.blocks(); // as it is used: read before it is written
    use(store);
  }),
);

test("asking a partition for ids stores nothing", () =>
  withPartition((storage) => {
    expect(new SqliteOnceStore(storage).blocks()).toEqual([]);
    expect([...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'once_blocks'")]).toEqual([]);
  }));

test("what one instance stored, the next one reads", () =>
  withPartition((storage) => {
    new SqliteOnceStore(storage).put({ blockId: 3, entries: new ArrayBuffer(32) });
    expect(new SqliteOnceStore(storage).blocks()).toEqual([{ blockId: 3, entries: new ArrayBuffer(32) }]);
  }));
