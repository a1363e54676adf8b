// The log under random steps and faults, against a plain list (test/support/log-machine.ts). A failure names its seed:
//
//   SLUICE_SEED=123 vitest run --project unit test/unit/log/randomized.test.ts
//
// SLUICE_ROUNDS takes more rounds than CI does.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { core } from "../../../src/objects/core.ts";
import { LogMachine } from "../../support/log-machine.ts";

vi.mock("../../../src/objects/core.ts", async () => {
  const { createIndexSearch, createRecordTools } = await import("../../../src/log/core-record-tools.ts");
  const { createBatchTools } = await import("../../../src/log/compaction/core-batch-tools.ts");
  const { loadCore } = await import("../../support/core.ts");
  const core = loadCore();
  return { core, recordTools: createRecordTools(core), batchTools: createBatchTools(core), indexSearch: createIndexSearch(core) };
});

/** Small, so that a compaction takes many runs of maintenance, and a round not all keys. */
vi.mock("../../../src/common/limits/partition-log.ts", async (original) => ({
  ...(await original<object>()),
  COMPACTION_BYTES_PER_RUN: 4_000,
  COMPACTION_KEY_MAP_BYTES: 12 * 24,
}));
vi.mock("../../../src/common/limits/records.ts", async (original) => ({ ...(await original<object>()), MAX_RECORDS_PER_REQUEST: 5 }));

const POLICIES = ["delete", "compact", "compact,delete"];
const STEPS = 1000;
const ROUNDS = Number(process.env.SLUICE_ROUNDS ?? 6);
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

let compacted = 0;

for (let round = 0; round < ROUNDS; round++) {
  const seed = (FIRST_SEED + round) >>> 0;
  const policy = POLICIES[seed % POLICIES.length]!;
  const steps = `${STEPS} steps of append, read, seal, tier, expire, compact, truncate and restart`;
  test(`keeps every promise over ${steps} under faults, beginning with ${policy}, seed ${seed}`, async () => {
    const machine = new LogMachine(core, seed, policy);
    await machine.run(STEPS);
    expect(machine.recordCount).toBeGreaterThan(STEPS / 2);
    expect(machine.plan.injected).toBeGreaterThan(10);
    compacted += machine.compacted.superseded;
  });
}

test.runIf(ROUNDS >= POLICIES.length)("compaction took records in some round: the promises were not kept by doing nothing", () => {
  expect(compacted).toBeGreaterThan(0);
});
