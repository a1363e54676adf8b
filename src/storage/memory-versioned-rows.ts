// The twin in memory of rows with a version.

import type { NamedRow, VersionedRows } from "./versioned-rows.ts";

export class MemoryVersionedRows<Column extends string, Row extends NamedRow<Column>> implements VersionedRows<Column, Row> {
  readonly #column: Column;
  #rows = new Map<string, Row>();
  #version = 0;

  constructor(column: Column) {
    this.#column = column;
  }

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

  rows(): Row[] {
    return [...this.#rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }

  put(row: Row): void {
    this.#rows.set(keyOf(row[this.#column], row.name), row);
  }

  remove(first: Row[Column], name: string): void {
    this.#rows.delete(keyOf(first, name));
  }
}

/** Sorts as the two columns do: neither topics nor kinds have characters before the space. */
function keyOf(first: string, name: string): string {
  return `${first} ${name}`;
}
