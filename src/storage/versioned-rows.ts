// Rows that are few, are read all together, and are changed under one version, by which every isolate sees whether its copy of them is the
// present one. A row is named by a column of its own and by `name`; its value is a JSON text, whose shape its owner knows.
//
// Calls are synchronous; a change made of several goes into one `transaction`.

export type NamedRow<Column extends string> = { readonly [Key in Column | "name" | "value"]: string };

/** Implementations: SqliteVersionedRows, MemoryVersionedRows. */
export interface VersionedRows<Column extends string, Row extends NamedRow<Column>> {
  /** All of the calls in `body` or, when it throws, none. */
  transaction<T>(body: () => T): T;
  /** Of the last change, 0 before any. */
  version(): number;
  raiseVersion(): void;
  /** In the order of the column and the name. */
  rows(): Row[];
  put(row: Row): void;
  remove(first: Row[Column], name: string): void;
}
