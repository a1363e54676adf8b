// The ids that a partition remembers, in its object's SQLite: a row for each block of them. The table is made by the first write: most
// partitions have none.

import type { OnceStore, StoredOnceBlock } from "../log/once.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS once_blocks (
    block_id INTEGER PRIMARY KEY,  -- in the order in which they were begun
    entries BLOB NOT NULL          -- src/log/once-block.ts
  );
`;

export class SqliteOnceStore implements OnceStore {
  readonly #storage: DurableObjectStorage;
  #hasTable = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  blocks(): StoredOnceBlock[] {
    const { sql } = this.#storage;
    this.#hasTable = [...sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'once_blocks'")].length > 0;
    if (!this.#hasTable) return [];
    const rows = sql.exec<{ block_id: number; entries: ArrayBuffer }>("SELECT block_id, entries FROM once_blocks ORDER BY block_id");
    return [...rows].map(({ block_id, entries }) => ({ blockId: block_id, entries }));
  }

  put({ blockId, entries }: StoredOnceBlock): void {
    const { sql } = this.#storage;
    if (!this.#hasTable) sql.exec(SCHEMA);
    this.#hasTable = true;
    sql.exec("INSERT OR REPLACE INTO once_blocks (block_id, entries) VALUES (?, ?)", blockId, entries);
  }

  remove(blockId: number): void {
    this.#storage.sql.exec("DELETE FROM once_blocks WHERE block_id = ?", blockId);
  }
}
