// The transaction checker in short. `node test/e2e/transaction-checker.ts` runs it in full.

import { expect, test } from "vitest";
import { checkHistory, describeAnomalies } from "../support/history/check.ts";
import { FAULTS, type Fault } from "../support/history/faults.ts";
import { checkTransactions, describeRun, EXPECTED_OF_CLIENT_FAULTS } from "./transaction-checker.ts";

/** Committed and aborted ones, so many each: enough for most anomalies to be put in. */
const TRANSACTIONS = 15;

function newSeed(): number {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  return seed;
}

test("over kill -9, transactions are seen whole or never, and nothing is lost, doubled or out of order", async ({ annotate }) => {
  const run = await checkTransactions({ seconds: 6, rounds: 2, seed: newSeed(), transactions: TRANSACTIONS });
  await annotate(describeRun(run));
  expect(describeAnomalies(run.report.anomalies)).toBe("no anomaly");
  const spoilt = (Object.keys(FAULTS) as Fault[]).flatMap((fault) => {
    const history = FAULTS[fault](run.history);
    return history === null ? [] : [{ fault, report: checkHistory(history) }];
  });
  expect(spoilt.length, "most anomalies can be put in").toBeGreaterThan(10);
  for (const { fault, report } of spoilt) expect([...report.anomalies, ...report.allowed].map(({ kind }) => kind)).toContain(fault);
});

test("what readers of uncommitted records see is told from what they should", async () => {
  const fault = "uncommitted-readers";
  const { report } = await checkTransactions({ seconds: 0, rounds: 0, seed: newSeed(), transactions: TRANSACTIONS, fault });
  expect(EXPECTED_OF_CLIENT_FAULTS[fault].filter((kind) => report.anomalies.some((anomaly) => anomaly.kind === kind))).not.toEqual([]);
});
