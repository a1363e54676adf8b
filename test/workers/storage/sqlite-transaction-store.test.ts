import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SqliteTransactionStore } from "../../../src/storage/sqlite-transaction-store.ts";
import { STORED, transactionStoreConformance } from "../../conformance/transaction-store.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void | Promise<void>) =>
  runInDurableObject(env.TRANSACTION.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

transactionStoreConformance((body) => withStorage((storage) => body(new SqliteTransactionStore(storage))));

test("a second store over the same storage has what the first was given; a step is one row written", () =>
  withStorage((storage) => {
    new SqliteTransactionStore(storage).put(STORED);
    const second = new SqliteTransactionStore(storage);
    expect(second.transaction()).toEqual(STORED);
    expect(storage.sql.exec("INSERT OR REPLACE INTO transactional_id SELECT id, document FROM transactional_id").rowsWritten).toBe(1);
  }));

test("a document of before its producer could have another id next is read as one without", () =>
  withStorage((storage) => {
    const { nextProducerId: _, ...before } = STORED;
    new SqliteTransactionStore(storage).put(before as typeof STORED);
    expect(new SqliteTransactionStore(storage).transaction()).toEqual({ ...before, nextProducerId: -1 });
  }));

test("asking stores nothing", () =>
  withStorage((storage) => {
    expect(new SqliteTransactionStore(storage).transaction()).toBeNull();
    expect([...storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'transactional_id'")]).toEqual([]);
  }));
