// The share group test in short. `node test/e2e/share-groups.ts` runs it in full.

import { expect, test } from "vitest";
import { describeShareGroupFigures, runShareGroup } from "./share-groups.ts";

/** Few records take few pulls, and some worker is to die in each run. */
const SHORT_DEATH_RATE = 0.2;

const SHORT = { records: 3_000, workers: 16, members: 0, keys: 600 };

test("among workers that fail and die, every record is acknowledged once or dead-lettered, in the order of its key", async ({
  annotate,
}) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await runShareGroup({ ...SHORT, kills: 0, seed });
  await annotate(describeShareGroupFigures(figures));
  expect(figures.acknowledged + figures.deadLettered).toBe(SHORT.records);
  expect(figures.failures, "workers must fail").toBeGreaterThan(0);
});

test("workers by HTTP and members by Kafka's protocol share one group", async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await runShareGroup({ ...SHORT, members: 8, kills: 0, seed, deathRate: SHORT_DEATH_RATE });
  await annotate(describeShareGroupFigures(figures));
  expect(figures.acknowledged + figures.deadLettered).toBe(SHORT.records);
  expect(figures.deaths, "workers must die").toBeGreaterThan(0);
});

test("over kill -9 of the broker too", async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await runShareGroup({ ...SHORT, members: 6, kills: 2, seed });
  await annotate(describeShareGroupFigures(figures));
  expect(figures.acknowledged + figures.deadLettered).toBeGreaterThan(SHORT.records / 2);
});

test("so it is with a subscription that is pulled from, and what its filter passes over is never delivered", async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await runShareGroup({ ...SHORT, kills: 2, seed, isSubscription: true });
  await annotate(describeShareGroupFigures(figures));
  expect(figures.acknowledged + figures.deadLettered).toBeGreaterThan(SHORT.records / 2);
});
