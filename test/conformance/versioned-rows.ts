// What stores of rows with a version promise, over SQLite and in memory: the sources of inbound webhooks, and users, tokens, ACLs and quotas.

import { describe, expect, test } from "vitest";
import type { IngestSourceRow, IngestSourceStore } from "../../src/storage/ingest-source-store.ts";
import type { SecurityKind, SecurityRow, SecurityStore } from "../../src/storage/security-store.ts";
import type { NamedRow, VersionedRows } from "../../src/storage/versioned-rows.ts";
import { failing } from "../support/failing-transaction.ts";

interface VersionedRowsCase<Column extends string, Row extends NamedRow<Column>> {
  /** Two values of the column, in order. */
  readonly firsts: readonly [Row[Column], Row[Column]];
  readonly row: (first: Row[Column], name: string, value: string) => Row;
  readonly withStore: (use: (store: VersionedRows<Column, Row>) => void) => Promise<void>;
}

function describeVersionedRows<Column extends string, Row extends NamedRow<Column>>(
  name: string,
  { firsts: [a, b], row, withStore }: VersionedRowsCase<Column, Row>,
): void {
  const inStore = (rule: string, use: (store: VersionedRows<Column, Row>) => void) => test(rule, () => withStore(use));

  describe(name, () => {
    inStore("begins at version 0 with nothing, and rises by one", (store) => {
      expect([store.version(), store.rows()]).toEqual([0, []]);
      store.raiseVersion();
      store.raiseVersion();
      expect(store.version()).toBe(2);
    });

    inStore("gives back rows by the column and the name, replaced and removed", (store) => {
      for (const one of [row(b, "x", "{}"), row(a, "y", "{}"), row(a, "x", "{}"), row(a, "y", '{"n":"Ż"}')]) store.put(one);
      expect(store.rows()).toEqual([row(a, "x", "{}"), row(a, "y", '{"n":"Ż"}'), row(b, "x", "{}")]);
      store.remove(a, "x");
      store.remove(a, "nobody");
      expect(store.rows()).toEqual([row(a, "y", '{"n":"Ż"}'), row(b, "x", "{}")]);
    });

    inStore("a transaction that throws leaves what was there", (store) => {
      store.put(row(a, "x", "{}"));
      failing(store, () => {
        store.put(row(a, "x", "[]"));
        store.remove(a, "x");
        store.put(row(b, "x", "{}"));
        store.raiseVersion();
      });
      expect([store.version(), store.rows()]).toEqual([0, [row(a, "x", "{}")]]);
      expect(store.transaction(() => "told")).toBe("told");
    });
  });
}

export function describeIngestSourceStore(name: string, withStore: (use: (store: IngestSourceStore) => void) => Promise<void>): void {
  const row = (topic: string, source: string, value: string) => ({ topic, name: source, value });
  describeVersionedRows<"topic", IngestSourceRow>(name, { firsts: ["a", "a.b"], row, withStore });
}

export function describeSecurityStore(name: string, withStore: (use: (store: SecurityStore) => void) => Promise<void>): void {
  const row = (kind: SecurityKind, of: string, value: string) => ({ kind, name: of, value });
  describeVersionedRows<"kind", SecurityRow>(name, { firsts: ["acl", "token"], row, withStore });
}
