// A transaction in memory, for tests. It keeps the same promises as SqliteTransactionStore: test/conformance/transaction-store.ts runs
// over both.

import type { StoredTransaction, TransactionStore } from "./transaction-store.ts";

export class MemoryTransactionStore implements TransactionStore {
  #transaction: StoredTransaction | null = null;

  transaction(): StoredTransaction | null {
    return structuredClone(this.#transaction);
  }

  put(transaction: StoredTransaction): void {
    this.#transaction = structuredClone(transaction);
  }

  async clear(): Promise<void> {
    this.#transaction = null;
  }
}
