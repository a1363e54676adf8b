// The sources of inbound webhooks in SQLite, beside the topics in the cluster object. They are few (common/limits/ingest.ts), and read all
// together.

import type { IngestSourceRow, IngestSourceStore } from "./ingest-source-store.ts";
import { SqliteVersionedRows } from "./sqlite-versioned-rows.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ingest_sources (
    topic TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,                    -- JSON object, with the secrets
    PRIMARY KEY (topic, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ingest_head (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    version INTEGER NOT NULL                -- of the last change
  );
  INSERT OR IGNORE INTO ingest_head VALUES (0, 0);
`;

export class SqliteIngestSourceStore extends SqliteVersionedRows<"topic", IngestSourceRow> implements IngestSourceStore {
  constructor(storage: DurableObjectStorage) {
    super(storage, { rows: "ingest_sources", column: "topic", head: "ingest_head" });
    storage.sql.exec(SCHEMA);
  }
}
