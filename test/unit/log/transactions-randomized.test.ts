// Transactions in a partition under random steps and faults, against a plain list (test/support/txn-machine.ts). A failure names its seed:
//
//   SLUICE_SEED=123 vitest run --project unit test/unit/log/transactions-randomized.test.ts
//
// SLUICE_ROUNDS takes more rounds than CI does.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { core, recordTools } from "../../../src/objects/core.ts";
import { TxnMachine } from "../../support/txn-machine.ts";

vi.mock("../../../src/objects/core.ts", async () => {
  const { createIndexSearch, createRecordTools } = await import("../../../src/log/core-record-tools.ts");
  const { createBatchTools } = await import("../../../src/log/compaction/core-batch-tools.ts");
  const { loadCore } = await import("../../support/core.ts");
  const core = loadCore();
  return { core, recordTools: createRecordTools(core), batchTools: createBatchTools(core), indexSearch: createIndexSearch(core) };
});

const STEPS = 1000;
const ROUNDS = Number(process.env.SLUICE_ROUNDS ?? 5);
const FIRST_SEED = Number(process.env.SLUICE_SEED ?? Math.floor(Math.random() * 2 ** 32));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => {}); // Upkeep tells of each run that a fault cuts off
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

for (let round = 0; round < ROUNDS; round++) {
  const seed = (FIRST_SEED + round) >>> 0;
  test(`readers of committed records get those and no others over ${STEPS} steps of transactions, compaction, tiering and restarts under faults, seed ${seed}`, async () => {
    const machine = new TxnMachine(core, recordTools, seed);
    vi.stubGlobal("scheduler", { wait: () => machine.yieldTurn() });
    await machine.run(STEPS);
    expect(machine.model.transactions.length).toBeGreaterThan(STEPS / 20);
    expect(machine.counts["reads checked"]).toBeGreaterThan(STEPS / 20);
    expect(machine.counts["reads with aborts"]).toBeGreaterThan(0);
    expect(machine.counts["epochs that ended"]).toBeGreaterThan(STEPS / 50);
    expect(machine.plan.injected).toBeGreaterThan(5);
  });
}
