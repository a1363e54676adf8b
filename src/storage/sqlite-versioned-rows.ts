// Rows with a version in SQLite: a table of them, and one of a single row that has the version. Whoever owns the rows makes the tables,
// and says what their columns hold. The fields of the JSON in `value` may be added to, never renamed or given another meaning.

import type { NamedRow, VersionedRows } from "./versioned-rows.ts";

export interface VersionedTables<Column extends string> {
  /** Has `column`, `name` and `value`; the primary key is the first two. */
  readonly rows: string;
  readonly column: Column;
  /** Has one row, with `version`. */
  readonly head: string;
}

export class SqliteVersionedRows<Column extends string, Row extends NamedRow<Column>> implements VersionedRows<Column, Row> {
  readonly #storage: DurableObjectStorage;
  readonly #tables: VersionedTables<Column>;

  /** @param tables by names of the code, never of a user: they become part of statements */
  constructor(storage: DurableObjectStorage, tables: VersionedTables<Column>) {
    this.#storage = storage;
    this.#tables = tables;
  }

  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body);
  }

  version(): number {
    return this.#storage.sql.exec<{ version: number }>(`SELECT version FROM ${this.#tables.head}`).one().version;
  }

  raiseVersion(): void {
    this.#storage.sql.exec(`UPDATE ${this.#tables.head} SET version = version + 1`);
  }

  rows(): Row[] {
    const { rows, column } = this.#tables;
    const query = `SELECT ${column}, name, value FROM ${rows} ORDER BY ${column}, name`;
    return [...this.#storage.sql.exec<Record<string, string>>(query)] as unknown as Row[];
  }

  put(row: Row): void {
    const { rows, column } = this.#tables;
    const statement = `INSERT OR REPLACE INTO ${rows} (${column}, name, value) VALUES (?, ?, ?)`;
    this.#storage.sql.exec(statement, row[column], row.name, row.value);
  }

  remove(first: Row[Column], name: string): void {
    const { rows, column } = this.#tables;
    this.#storage.sql.exec(`DELETE FROM ${rows} WHERE ${column} = ? AND name = ?`, first, name);
  }
}
