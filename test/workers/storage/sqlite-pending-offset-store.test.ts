import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqlitePendingOffsetStore } from "../../../src/storage/sqlite-pending-offset-store.ts";
import { anOffset } from "../../conformance/offset-store.ts";
import { aTransaction, pendingOffsetStoreConformance } from "../../conformance/pending-offset-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.GROUP.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

pendingOffsetStoreConformance((body) => withStorage((storage) => body(new SqlitePendingOffsetStore(storage))));

test("a second store over the same storage has everything of the first", () =>
  withStorage((storage) => {
    new SqlitePendingOffsetStore(storage).put(aTransaction(1), [anOffset()]);
    const second = new SqlitePendingOffsetStore(storage);
    expect([second.transactionOf(1), second.offsetsOf(1)]).toEqual([aTransaction(1), [{ ...anOffset(), isSuperseded: false }]]);
  }));

test("asking stores nothing", () =>
  withStorage((storage) => {
    const store = new SqlitePendingOffsetStore(storage);
    expect([store.isEmpty(), store.partitions(), store.transactionOf(1)]).toEqual([true, [], null]);
    expect([...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'pending_offsets'")]).toEqual([]);
  }));
