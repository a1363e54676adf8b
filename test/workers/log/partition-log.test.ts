import { expect, test } from "vitest";
import { core, recordTools } from "../../../src/objects/core.ts";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";
import { partitionLogConformance } from "../../conformance/partition-log.ts";
import { withStorage, withStore } from "./new-log-store.ts";

partitionLogConformance({ core, tools: recordTools, withStore });

test("a flush costs one written row, a start one, and a segment's end none for each of its rows", () =>
  withStorage((storage) => {
    const store = new SqliteLogStore(storage);
    store.createTables();
    const first = { baseOffset: 0, generation: 0 };
    store.createRows(first);
    const rows = (query: string) => storage.sql.exec(query).rowsWritten;
    expect(rows("INSERT INTO segment_0 VALUES (0, 1, 0, 1, 0, x'00')")).toBe(1);
    expect(rows("INSERT OR REPLACE INTO log_state VALUES (0, 't', 0, 1, 0, 0, NULL, NULL, 1, '{}')")).toBe(1);
    for (let row = 1; row < 50; row++)
      store.appendRow(first, {
        baseOffset: row,
        endOffset: row + 1,
        position: row,
        sizeBytes: 1,
        maxTimestamp: 0,
        bytes: new ArrayBuffer(1),
      });
    expect(rows("DROP TABLE segment_0")).toBe(0);
  }));

test("a partition that was never written has no tables", () =>
  withStorage((storage) => {
    expect(new SqliteLogStore(storage).loadState()).toBeNull();
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'log%'").toArray()).toEqual([]);
  }));
