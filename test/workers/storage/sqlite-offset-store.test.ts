import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteOffsetStore } from "../../../src/storage/sqlite-offset-store.ts";
import { anOffset, offsetStoreConformance } from "../../conformance/offset-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.GROUP.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

const tables = (storage: DurableObjectStorage) =>
  [...storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")].map(
    (row) => row.name,
  );

offsetStoreConformance((body) => withStorage((storage) => body(new SqliteOffsetStore(storage))));

test("a second store over the same storage has everything of the first, and goes on", () =>
  withStorage((storage) => {
    new SqliteOffsetStore(storage).putOffsets("g", [anOffset(), anOffset({ topicId: "other" })]);
    const second = new SqliteOffsetStore(storage);
    expect([second.groupId(), second.offsets().length]).toEqual(["g", 2]);
    second.putOffsets("g", [anOffset({ offset: 8 }), anOffset({ topicId: "third" })]);
    expect(new SqliteOffsetStore(storage).offsets().map(({ topicId, offset }) => [topicId, offset])).toEqual([
      ["id-of-orders", 8],
      ["other", 7],
      ["third", 7],
    ]);
  }));

test("asking stores nothing, and neither does a group that was cleared", () =>
  withStorage(async (storage) => {
    const store = new SqliteOffsetStore(storage);
    expect(store.offsets()).toEqual([]);
    expect(tables(storage)).toEqual([]);
    store.putOffsets("g", [anOffset()]);
    expect(tables(storage)).toEqual(["consumer_group", "topics", "offsets"]);
    storage.kv.put("other", 1);
    await store.clear("group");
    expect([tables(storage), storage.kv.get("other")]).toEqual([[], 1]);
    await store.clear("object");
    expect(storage.kv.get("other")).toBeUndefined();
  }));

test("an offset that was committed before costs one row", () =>
  withStorage((storage) => {
    new SqliteOffsetStore(storage).putOffsets("g", [anOffset()]);
    expect(storage.sql.exec("INSERT OR REPLACE INTO offsets SELECT topic, partition, offset + 1, -1, '', 0 FROM offsets").rowsWritten).toBe(
      1,
    );
  }));

test("a write that fails leaves neither a group nor an offset, and the next one goes through", () =>
  withStorage((storage) => {
    const store = new SqliteOffsetStore(storage);
    const unstorable = anOffset({ partition: 1, metadata: null as unknown as string });
    expect(() => store.putOffsets("g", [anOffset(), unstorable])).toThrow();
    expect([store.groupId(), store.offsets()]).toEqual([null, []]);
    store.putOffsets("g", [anOffset()]);
    expect(store.offsets()).toEqual([anOffset()]);
  }));
