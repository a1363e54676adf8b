// The crash test in short. `node test/e2e/crash.ts --rounds 20` runs it in full.

import { expect, test } from "vitest";
import { crashRepeatedly, describeFigures } from "./crash.ts";

const ROUNDS = 4;

test("after kill -9 under writers, every acknowledged record is there once, in order, at its offset", async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await crashRepeatedly({ rounds: ROUNDS, writers: 8, seed });
  await annotate(describeFigures(figures));
  expect(figures.acknowledgedRecords).toBeGreaterThan(0);
  expect(figures.repeatedRequests, "the kills must hit requests").toBeGreaterThan(0);
});
