import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteSharePartitionStore } from "../../../src/storage/sqlite-share-partition-store.ts";
import { describeSharePartitionStore } from "../../conformance/share-partition-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.SHARE_PARTITION.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

describeSharePartitionStore("SqliteSharePartitionStore", (use) => withStorage((storage) => use(new SqliteSharePartitionStore(storage))));

test("asking stores nothing", () =>
  withStorage((storage) => {
    const store = new SqliteSharePartitionStore(storage);
    expect([store.partition(), store.blocks()]).toEqual([null, []]);
    expect([...storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'share%'")]).toEqual([]);
  }));
