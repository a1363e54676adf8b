// Users, tokens, ACLs and quotas in SQLite, beside the topics in the cluster object. They are few (common/limits.ts), and read all
// together: one table with JSON in it, whose fields may be added to, never renamed or given another meaning.

import type { SecurityKind, SecurityRow, SecurityStore } from "./security-store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS security (
    kind TEXT NOT NULL,                     -- credential, token, acl, quota
    name TEXT NOT NULL,                     -- made by src/security/security-registry.ts from what must be unique
    value TEXT NOT NULL,                    -- JSON object
    PRIMARY KEY (kind, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS security_head (
    id INTEGER PRIMARY KEY CHECK (id = 0),  -- the only row
    version INTEGER NOT NULL,               -- of the last change
    secret TEXT NOT NULL                    -- random, made once
  );
`;

type HeadRow = { readonly version: number; readonly secret: string };
type Row = { readonly kind: string; readonly name: string; readonly value: string };

export class SqliteSecurityStore implements SecurityStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
    const secret = crypto.randomUUID() + crypto.randomUUID(); // 244 random bits
    this.#sql.exec("INSERT OR IGNORE INTO security_head VALUES (0, 0, ?)", secret);
  }

  transaction<T>(body: () => T): T {
    return this.#storage.transactionSync(body);
  }

  head(): HeadRow {
    return this.#sql.exec<HeadRow>("SELECT version, secret FROM security_head").one();
  }

  raiseVersion(): void {
    this.#sql.exec("UPDATE security_head SET version = version + 1");
  }

  rows(): SecurityRow[] {
    return [...this.#sql.exec<Row>("SELECT kind, name, value FROM security ORDER BY kind, name")] as SecurityRow[];
  }

  put({ kind, name, value }: SecurityRow): void {
    this.#sql.exec("INSERT OR REPLACE INTO security (kind, name, value) VALUES (?, ?, ?)", kind, name, value);
  }

  remove(kind: SecurityKind, name: string): void {
    this.#sql.exec("DELETE FROM security WHERE kind = ? AND name = ?", kind, name);
  }
}
