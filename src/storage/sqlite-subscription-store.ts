// A subscription in SQLite: one row for what it was told, and one for each partition, each a document in JSON: progress is written after
// many deliveries at once, and a row is what a write costs. The tables are made by the first write.

import type { StoredSubscription, StoredTrack, SubscriptionStore } from "./subscription-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS subscription (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    schema INTEGER NOT NULL,                -- of these tables: 1
    document TEXT NOT NULL                  -- JSON of StoredSubscription
  );
  CREATE TABLE IF NOT EXISTS tracks (
    track TEXT PRIMARY KEY,                 -- StoredTrack.id
    document TEXT NOT NULL                  -- JSON of StoredTrack
  ) WITHOUT ROWID;
`;

export class SqliteSubscriptionStore<Config, Secrets> implements SubscriptionStore<Config, Secrets> {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #hasTables: boolean;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#hasTables = [...this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'tracks'")].length > 0;
  }

  subscription(): StoredSubscription<Config, Secrets> | null {
    if (!this.#hasTables) return null;
    const [row] = this.#sql.exec<{ document: string }>("SELECT document FROM subscription");
    return row === undefined ? null : (JSON.parse(row.document) as StoredSubscription<Config, Secrets>);
  }

  putSubscription(subscription: StoredSubscription<Config, Secrets>): void {
    if (!this.#hasTables) this.#sql.exec(SCHEMA);
    this.#hasTables = true;
    this.#sql.exec("INSERT OR REPLACE INTO subscription (id, schema, document) VALUES (0, 1, ?)", JSON.stringify(subscription));
  }

  tracks(): StoredTrack[] {
    if (!this.#hasTables) return [];
    return [...this.#sql.exec<{ document: string }>("SELECT document FROM tracks")].map(
      ({ document }) => JSON.parse(document) as StoredTrack,
    );
  }

  putTracks(tracks: readonly StoredTrack[]): void {
    this.#storage.transactionSync(() => {
      for (const track of tracks) {
        this.#sql.exec("INSERT OR REPLACE INTO tracks (track, document) VALUES (?, ?)", track.id, JSON.stringify(track));
      }
    });
  }

  removeTracks(ids: readonly string[]): void {
    this.#storage.transactionSync(() => {
      for (const id of ids) this.#sql.exec("DELETE FROM tracks WHERE track = ?", id);
    });
  }

  async clear(): Promise<void> {
    this.#hasTables = false; // at once: nothing may be written to what is about to go
    await this.#storage.deleteAll();
  }
}
