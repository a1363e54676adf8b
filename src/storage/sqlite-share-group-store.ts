// A share group in SQLite: one row with a document in JSON. The table is made by the first write: asking for a group that is not there
// stores nothing. A topic is 150 bytes of the row, which the platform lets have 2 MB.
//
// Stored; fields may be added to the document, never renamed or given another meaning, and one that is missing needs a default here.

import { withShareDefaults } from "../common/share-settings.ts";
import type { ShareGroupStore, StoredShareGroup } from "./share-group-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS share_group (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    document TEXT NOT NULL                  -- StoredShareGroup as JSON
  );
`;

export class SqliteShareGroupStore implements ShareGroupStore {
  readonly #storage: DurableObjectStorage;
  #hasTable: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasTable = [...storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'share_group'")].length > 0;
  }

  group(): StoredShareGroup | null {
    if (!this.#hasTable) return null;
    const [row] = this.#storage.sql.exec<{ document: string }>("SELECT document FROM share_group");
    if (row === undefined) return null;
    const stored = JSON.parse(row.document) as StoredShareGroup;
    return { ...stored, settings: withShareDefaults(stored.settings), subscription: stored.subscription ?? null };
  }

  put(group: StoredShareGroup): void {
    if (!this.#hasTable) this.#storage.sql.exec(SCHEMA);
    this.#hasTable = true;
    this.#storage.sql.exec("INSERT OR REPLACE INTO share_group (id, document) VALUES (0, ?)", JSON.stringify(group));
  }

  async clear(): Promise<void> {
    this.#hasTable = false; // at once: nothing may be written to what is about to go
    await this.#storage.deleteAll();
  }
}
