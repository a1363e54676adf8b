// The storage of a new partition object, and a log store over it.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";

export function withStorage(body: (storage: DurableObjectStorage) => void): Promise<void> {
  return runInDurableObject(env.PARTITION.getByName(crypto.randomUUID()), (_, state) => body(state.storage));
}

export function withStore(body: (store: SqliteLogStore) => void): Promise<void> {
  return withStorage((storage) => {
    const store = new SqliteLogStore(storage);
    store.createTables();
    body(store);
  });
}
