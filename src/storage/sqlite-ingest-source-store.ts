// The sources of inbound webhooks in SQLite, beside the topics in the cluster object. They are few (common/limits.ts), and read all
// together. JSON in a row: its fields may be added to, never renamed or given another meaning.

import type { IngestSourceRow, IngestSourceStore } from "./ingest-source-store.ts";

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

export class SqliteIngestSourceStore implements IngestSourceStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
  }

  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body);
  }

  version(): number {
    return this.#sql.exec<{ version: number }>("SELECT version FROM ingest_head").one().version;
  }

  raiseVersion(): void {
    this.#sql.exec("UPDATE ingest_head SET version = version + 1");
  }

  rows(): IngestSourceRow[] {
    const query = "SELECT topic, name, value FROM ingest_sources ORDER BY topic, name";
    return [...this.#sql.exec<{ topic: string; name: string; value: string }>(query)];
  }

  put({ topic, name, value }: IngestSourceRow): void {
    this.#sql.exec("INSERT OR REPLACE INTO ingest_sources (topic, name, value) VALUES (?, ?, ?)", topic, name, value);
  }

  remove(topic: string, name: string): void {
    this.#sql.exec("DELETE FROM ingest_sources WHERE topic = ? AND name = ?", topic, name);
  }
}
