import { expect, test } from "vitest";
import { forEachConcurrently, Sequence } from "../../../src/common/concurrency.ts";

test("works on every item once, and never on more than the limit at a time", async () => {
  let running = 0;
  let mostRunning = 0;
  const done: number[] = [];
  await forEachConcurrently(Array(20).keys(), 6, async (item) => {
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await new Promise((resolve) => setTimeout(resolve, item % 3));
    running -= 1;
    done.push(item);
  });
  expect(mostRunning).toBe(6);
  expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test("a sequence runs one piece after the other, also after one that failed", async () => {
  const sequence = new Sequence();
  const events: string[] = [];
  const piece = (name: string) => async () => {
    events.push(`${name} begins`);
    await Promise.resolve();
    events.push(`${name} ends`);
    if (name === "b") throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => sequence.run(piece(name))));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
