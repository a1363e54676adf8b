// The exactly-once test in short. `node test/e2e/exactly-once.ts` runs it in full.

import { expect, test } from "vitest";
import { compare, describeFigures, exactlyOnce } from "./exactly-once.ts";

const ROUNDS = 4;

test.each(["old", "new"] as const)(
  "over kill -9 of the broker and of its client each record is transformed once, the %s way",
  async (way) => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const figures = await exactlyOnce({ rounds: ROUNDS, records: 200, seed, way });
    console.log(describeFigures(figures));
    expect(figures.writtenRecords, "some must be aborted").toBeGreaterThan(figures.inputRecords);
  },
);

test("the comparison tells what is lost, doubled and never sent", () => {
  expect(() => compare(["0", "1"], 2)).not.toThrow();
  expect(() => compare(["0", "0", "2"], 2)).toThrow("doubled: 0; lost: 1; never sent: 2");
});
