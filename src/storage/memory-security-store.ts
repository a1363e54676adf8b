// The security store's twin in memory.

import type { SecurityKind, SecurityRow, SecurityStore } from "./security-store.ts";

export class MemorySecurityStore implements SecurityStore {
  #rows = new Map<string, SecurityRow>();
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

  head() {
    return { version: this.#version, secret: "a secret of the memory's" };
  }

  raiseVersion(): void {
    this.#version += 1;
  }

  rows(): SecurityRow[] {
    return [...this.#rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  put(row: SecurityRow): void {
    this.#rows.set(keyOf(row.kind, row.name), row);
  }

  remove(kind: SecurityKind, name: string): void {
    this.#rows.delete(keyOf(kind, name));
  }
}

function keyOf(kind: SecurityKind, name: string): string {
  return `${kind} ${name}`;
}
