// tiering.ts in short. `node test/e2e/tiering.ts fill` and `node test/e2e/tiering.ts crash` run it in full.

import { expect, test } from "vitest";
import { crashWhileTiering, describeFill, describeTieredCrash, fillAndReadBack } from "./tiering.ts";

test("a partition of 100 segments keeps one of them, and every record reads back", async ({ annotate }) => {
  const figures = await fillAndReadBack({ megabytes: 100, segmentBytes: 2 ** 20 });
  await annotate(describeFill(figures));
  expect(figures.segments).toBeGreaterThan(90);
});

test("after kill -9 while segments are archived, expired and compacted, what was acknowledged is there, and no orphan", async ({
  annotate,
}) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await crashWhileTiering({ rounds: 4, writers: 4, seed });
  await annotate(describeTieredCrash(figures));
  expect(figures.acknowledgedRecords).toBeGreaterThan(0);
  expect(figures.compacted.records).toBeLessThan(figures.compacted.acknowledgedRecords);
});
