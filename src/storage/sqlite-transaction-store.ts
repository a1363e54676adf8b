// A transaction in SQLite: one row with a document in JSON, so that each step of a transaction is one row written. A transaction is
// bounded (MAX_PARTITIONS_PER_TRANSACTION), and so is the row. The table is made by the first write: asking for a transactional id that
// nobody uses stores nothing.
//
// Stored; fields may be added to the document, never renamed or given another meaning, and one that is missing needs a default here.

import type { StoredTransaction, TransactionStore } from "./transaction-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS transactional_id (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    document TEXT NOT NULL                  -- StoredTransaction as JSON
  );
`;

/** What documents of before a field was added have in it. */
const SINCE_THE_FIRST = { nextProducerId: -1 } as const satisfies Partial<StoredTransaction>;

export class SqliteTransactionStore implements TransactionStore {
  readonly #storage: DurableObjectStorage;
  #hasTable: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasTable = [...storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'transactional_id'")].length > 0;
  }

  transaction(): StoredTransaction | null {
    if (!this.#hasTable) return null;
    const [row] = this.#storage.sql.exec<{ document: string }>("SELECT document FROM transactional_id");
    return row === undefined ? null : { ...SINCE_THE_FIRST, ...(JSON.parse(row.document) as StoredTransaction) };
  }

  put(transaction: StoredTransaction): void {
    if (!this.#hasTable) this.#storage.sql.exec(SCHEMA);
    this.#hasTable = true;
    this.#storage.sql.exec("INSERT OR REPLACE INTO transactional_id (id, document) VALUES (0, ?)", JSON.stringify(transaction));
  }

  async clear(): Promise<void> {
    this.#hasTable = false; // at once: nothing may be written to what is about to go
    await this.#storage.deleteAll();
  }
}
