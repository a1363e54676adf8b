// The changelog in short. `node test/e2e/changelog.ts` runs it in full.

import { expect, test } from "vitest";
import { describeFigures, runChangelog } from "./changelog.ts";

test("a compacted changelog ends with the newest value of each key, deleted keys gone, and was never wrong meanwhile", async ({
  annotate,
}) => {
  const figures = await runChangelog({ updates: 60_000, keys: 1_000 });
  await annotate(describeFigures(figures));
  expect(figures.records).toBe(900);
  expect(figures.replays).toBeGreaterThan(0);
});
