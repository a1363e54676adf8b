import { expect, test } from "vitest";
import { core, recordTools } from "../../../src/objects/core.ts";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";
import { transactionConformance } from "../../conformance/transactions.ts";
import { withStorage, withStore } from "./new-log-store.ts";

transactionConformance({ core, tools: recordTools, withStore });

test("an aborted transaction costs one written row beside its marker's", () =>
  withStorage((storage) => {
    new SqliteLogStore(storage).createTables();
    expect(storage.sql.exec("INSERT OR REPLACE INTO aborted_transactions VALUES (1, 7, 0, 2)").rowsWritten).toBe(1);
  }));

test("a log from before there were transactions gets their table when it is opened", () =>
  withStorage((storage) => {
    const store = new SqliteLogStore(storage);
    store.createTables();
    const cleaner = { firstDirtyOffset: 0, round: null };
    store.saveState({ topicId: "t", partition: 0, leaderEpoch: 1, logStartOffset: 0, cleaner, topicVersion: 1, configs: {} });
    storage.sql.exec("DROP TABLE aborted_transactions");
    const reopened = new SqliteLogStore(storage);
    expect(reopened.loadState()?.leaderEpoch).toBe(1);
    expect([...reopened.abortedFrom(0)]).toEqual([]);
  }));
