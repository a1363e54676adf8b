// A share partition in SQLite: a row with a document in JSON, and a row for each block of records that are not decided. An acquisition or
// an acknowledgement is one row for the document, and one for each block that it touches. The tables are made by the first write.
//
// Stored; fields may be added to the document, never renamed or given another meaning, and one that is missing needs a default here.

import { withShareDefaults } from "../common/share-settings.ts";
import { decodeShareBlock, encodeShareBlock } from "./share-block.ts";
import type { SharePartitionChange, SharePartitionStore, StoredShareBlock, StoredSharePartition } from "./share-partition-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS share_partition (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    document TEXT NOT NULL                  -- StoredSharePartition as JSON
  );
  CREATE TABLE IF NOT EXISTS share_blocks (
    block_id INTEGER PRIMARY KEY,           -- an offset of the log
    records BLOB NOT NULL                   -- share-block.ts
  );
`;

export class SqliteSharePartitionStore implements SharePartitionStore {
  readonly #storage: DurableObjectStorage;
  #hasTables: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#hasTables = [...storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'share_partition'")].length > 0;
  }

  partition(): StoredSharePartition | null {
    if (!this.#hasTables) return null;
    const [row] = this.#storage.sql.exec<{ document: string }>("SELECT document FROM share_partition");
    if (row === undefined) return null;
    const stored = JSON.parse(row.document) as StoredSharePartition;
    return { ...stored, settings: withShareDefaults(stored.settings) };
  }

  blocks(): StoredShareBlock[] {
    if (!this.#hasTables) return [];
    const rows = this.#storage.sql.exec<{ block_id: number; records: ArrayBuffer }>(
      "SELECT block_id, records FROM share_blocks ORDER BY block_id",
    );
    return [...rows].map(({ block_id, records }) => decodeShareBlock(block_id, records));
  }

  write({ partition, blocks, removedBlocks }: SharePartitionChange): void {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      if (!this.#hasTables) sql.exec(SCHEMA);
      sql.exec("INSERT OR REPLACE INTO share_partition (id, document) VALUES (0, ?)", JSON.stringify(partition));
      for (const block of blocks) {
        sql.exec("INSERT OR REPLACE INTO share_blocks (block_id, records) VALUES (?, ?)", block.blockId, encodeShareBlock(block));
      }
      for (const blockId of removedBlocks) sql.exec("DELETE FROM share_blocks WHERE block_id = ?", blockId);
    });
    this.#hasTables = true;
  }

  async clear(): Promise<void> {
    this.#hasTables = false; // at once: nothing may be written to what is about to go
    await this.#storage.deleteAll();
  }
}
