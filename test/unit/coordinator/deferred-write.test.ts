import { expect, test } from "vitest";
import { DeferredWrite } from "../../../src/coordinator/deferred-write.ts";

test("all that changes until the next turn is one write, what changes after it another", async () => {
  let changes = 0;
  const written: number[] = [];
  const writes = new DeferredWrite(() => written.push(changes));
  const wait = [1, 2, 3].map((change) => {
    changes = change;
    return writes.written();
  });
  expect(written).toEqual([]);
  await Promise.all(wait);
  changes = 4;
  await writes.written();
  expect(written).toEqual([3, 4]);
});

test("a write that fails fails for all who wait for it, and for nobody after", async () => {
  let isBroken = true;
  const writes = new DeferredWrite(() => {
    if (isBroken) throw new Error("no");
  });
  const outcomes = await Promise.allSettled([writes.written(), writes.written()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  await writes.written();
});
