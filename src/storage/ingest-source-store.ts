// What the cluster object keeps of the sources of inbound webhooks: rows by topic and name, each a JSON text whose shape src/ingest/ knows.
// Calls are synchronous; a change made of several goes into one `transaction`.

export interface IngestSourceRow {
  readonly topic: string;
  readonly name: string;
  readonly value: string;
}

/** Implementations: sqlite-ingest-source-store.ts, memory-ingest-source-store.ts. */
export interface IngestSourceStore {
  /** All of the calls in `body` or, when it throws, none. */
  transaction<T>(body: () => T): T;
  /** Of the last change, 0 before any. */
  version(): number;
  raiseVersion(): void;
  rows(): IngestSourceRow[];
  put(row: IngestSourceRow): void;
  remove(topic: string, name: string): void;
}
