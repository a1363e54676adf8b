import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { core, recordTools } from "../../../src/objects/core.ts";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";
import { partitionLogConformance } from "../../conformance/partition-log.ts";

const withStorage = (body: (storage: DurableObjectStorage) => void) =>
  runInDurableObject(env.PARTITION.getByName(crypto.randomUUID()), (_, state) => body(state.storage));

const withStore = (body: (store: SqliteLogStore) => void) =>
  withStorage((storage) => {
    const store = new SqliteLogStore(storage);
    store.createTables();
    body(store);
  });

partitionLogConformance({ core, tools: recordTools, withStore });

test("a flush costs one written row, and a start one", () =>
  withStorage((storage) => {
    const store = new SqliteLogStore(storage);
    store.createTables();
    const rows = (work: () => void) => {
      const before = storage.sql.exec("SELECT count(*) AS n FROM log").one().n as number;
      work();
      return (storage.sql.exec("SELECT count(*) AS n FROM log").one().n as number) - before;
    };
    const row = { baseOffset: 0, endOffset: 1, position: 0, maxTimestamp: 0, bytes: new ArrayBuffer(1000) };
    expect(rows(() => store.appendRow(row))).toBe(1);
    expect(storage.sql.exec("INSERT INTO log VALUES (1, 2, 1000, 0, x'00')").rowsWritten).toBe(1);
    expect(storage.sql.exec("INSERT OR REPLACE INTO log_state VALUES (0, 't', 0, 1, 0, 1, '{}')").rowsWritten).toBe(1);
  }));

test("a partition that was never written has no tables", () =>
  withStorage((storage) => {
    expect(new SqliteLogStore(storage).loadState()).toBeNull();
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'log%'").toArray()).toEqual([]);
  }));
