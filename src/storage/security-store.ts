// What the cluster object keeps of users, tokens, ACLs and quotas: rows of four kinds, by name, each a JSON text whose shape
// src/security/ knows. Calls are synchronous; a change made of several goes into one `transaction`.

export const SECURITY_KINDS = ["credential", "token", "acl", "quota"] as const;
export type SecurityKind = (typeof SECURITY_KINDS)[number];

export interface SecurityRow {
  readonly kind: SecurityKind;
  readonly name: string;
  readonly value: string;
}

export interface SecurityStore {
  /** All of the calls in `body` or, when it throws, none. */
  transaction<T>(body: () => T): T;
  /** Of the last change, 0 before any; and the secret, made at the first start. */
  head(): { readonly version: number; readonly secret: string };
  raiseVersion(): void;
  rows(): SecurityRow[];
  put(row: SecurityRow): void;
  remove(kind: SecurityKind, name: string): void;
}
