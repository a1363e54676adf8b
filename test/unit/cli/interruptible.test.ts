// Sequences that Ctrl-C ends: they hold nothing of what went through them.

import { expect, test } from "vitest";
import { interruptible } from "../../../src/cli/interruptible.ts";
import { isCollected } from "../../support/collected.ts";

test("an item that was given is held by nobody, though the sequence goes on", async () => {
  let first: WeakRef<object> | null = null;
  async function* items() {
    for (let number = 0; ; number++) {
      const item = { number };
      first ??= new WeakRef(item);
      yield item;
    }
  }
  const sequence = interruptible(items(), new AbortController().signal);
  for (let count = 0; count < 3; count++) await sequence.next();
  expect(await isCollected(first!)).toBe(true);
  await sequence.return(undefined);
});

test("the signal ends it while the next item is waited for", async () => {
  const stop = new AbortController();
  const never: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
  const sequence = interruptible(never, stop.signal);
  const next = sequence.next();
  stop.abort();
  expect((await next).done).toBe(true);
});

test("what the source throws is thrown", async () => {
  const failing: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("no disk")) }) };
  await expect(interruptible(failing, new AbortController().signal).next()).rejects.toThrow("no disk");
});
