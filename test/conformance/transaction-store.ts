// What every TransactionStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { expect, test } from "vitest";
import type { StoredTransaction, TransactionStore } from "../../src/storage/transaction-store.ts";

/** Runs the body with a fresh store. */
export type WithTransactionStore = (body: (store: TransactionStore) => void | Promise<void>) => Promise<void>;

export const STORED: StoredTransaction = {
  transactionalId: "é\u{1f600}",
  state: "Ongoing",
  producerId: Number.MAX_SAFE_INTEGER,
  producerEpoch: 32_767,
  lastProducerId: -1,
  lastProducerEpoch: -1,
  nextProducerId: 12,
  timeoutMs: 60_000,
  transactionNumber: 2 ** 40,
  coordinatorEpoch: 3,
  topics: [{ topicId: "id-of-orders", topic: "orders", topicVersion: 2, partitions: [0, 9_999] }],
  groups: ["billing"],
  startedAtMs: 1_760_000_000_000,
  updatedAtMs: 1_760_000_000_001,
};

export function transactionStoreConformance(withStore: WithTransactionStore): void {
  const inStore = (name: string, body: (store: TransactionStore) => void | Promise<void>) => test(name, () => withStore(body));

  inStore("has no transaction at first, and none when it was cleared", async (store) => {
    expect(store.transaction()).toBeNull();
    store.put(STORED);
    await store.clear();
    expect(store.transaction()).toBeNull();
    store.put(STORED);
    expect(store.transaction()).toEqual(STORED);
  });

  inStore("keeps all of the last transaction that was put", (store) => {
    store.put(STORED);
    const next = { ...STORED, state: "PrepareCommit", topics: [], groups: [] } as const;
    store.put(next);
    expect(store.transaction()).toEqual(next);
  });
}
