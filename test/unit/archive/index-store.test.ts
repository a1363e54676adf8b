import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { type IndexSql, IndexStore } from "../../../src/archive/local/index-store.ts";

/** A database in memory; each query is read to its end. */
function aDatabase(): IndexSql {
  const database = new DatabaseSync(":memory:");
  return {
    exec<Row>(query: string, ...values: (string | number)[]) {
      const rows = query.includes(";") ? [] : (database.prepare(query).all(...values) as Row[]);
      if (query.includes(";")) database.exec(query);
      return { toArray: () => rows, next: () => (rows[0] === undefined ? {} : { value: rows[0] }), one: () => rows[0]! };
    },
  };
}

test("gives the objects in the order of their keys, however many they are, from any key on", () => {
  const store = new IndexStore(aDatabase());
  const keys = Array.from({ length: 450 }, (_, index) => `key ${String(index).padStart(4, "0")}`);
  for (const name of keys) {
    store.addUpload({ blob: name, key: name, httpFields: {}, customFields: [] }, 1);
    const head = { name, version: "v", size: 1, etag: "e", uploaded: 1, httpFields: {}, customFields: [], checksums: {} };
    store.commit({ head, blob: name, pieces: [{ piece: 1, size: 1 }] }, null, 1);
  }
  const from = (start: string) => [...store.objectsFrom(start)].map(({ name }) => name);
  expect(from("")).toEqual(keys);
  expect(from("key 0050")).toEqual(keys.slice(50));
  expect([from("key 0249\0").length, from("l")]).toEqual([200, []]);
});
