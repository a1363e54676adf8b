// Users, tokens, ACLs and quotas in SQLite, beside the topics in the cluster object. They are few (common/limits/security.ts), and read all
// together.

import type { SecurityRow, SecurityStore } from "./security-store.ts";
import { SqliteVersionedRows } from "./sqlite-versioned-rows.ts";

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

export class SqliteSecurityStore extends SqliteVersionedRows<"kind", SecurityRow> implements SecurityStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    super(storage, { rows: "security", column: "kind", head: "security_head" });
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
    const secret = crypto.randomUUID() + crypto.randomUUID(); // 244 random bits
    this.#sql.exec("INSERT OR IGNORE INTO security_head VALUES (0, 0, ?)", secret);
  }

  secret(): string {
    return this.#sql.exec<{ secret: string }>("SELECT secret FROM security_head").one().secret;
  }
}
