// What the cluster object keeps of users, tokens, ACLs and quotas: rows of four kinds, by name, each a JSON text whose shape
// src/security/ knows.

import type { VersionedRows } from "./versioned-rows.ts";

export type SecurityKind = "credential" | "token" | "acl" | "quota";

export interface SecurityRow {
  readonly kind: SecurityKind;
  readonly name: string;
  readonly value: string;
}

export interface SecurityStore extends VersionedRows<"kind", SecurityRow> {
  /** Random, made at the first start. */
  secret(): string;
}
