// The twin in memory of the store of sources.

import type { IngestSourceRow, IngestSourceStore } from "./ingest-source-store.ts";

export class MemoryIngestSourceStore implements IngestSourceStore {
  #rows = new Map<string, IngestSourceRow>();
  #version = 0;

  transaction<T>(body: () => T): T {
    const before = { rows: new Map(this.#rows), version: this.#version };
    try {
      return body();
    } catch (error) {
      this.#rows = before.rows;
      this.#version = before.version;
      throw error;
    }
  }

  version(): number {
    return this.#version;
  }

  raiseVersion(): void {
    this.#version += 1;
  }

  rows(): IngestSourceRow[] {
    return [...this.#rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  put(row: IngestSourceRow): void {
    this.#rows.set(`${row.topic} ${row.name}`, row);
  }

  remove(topic: string, name: string): void {
    this.#rows.delete(`${topic} ${name}`);
  }
}
