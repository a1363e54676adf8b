// The steps of several partitions as one sequence.

import { expect, test } from "vitest";
import { merge } from "../../../src/broker/tail.ts";
import { isCollected } from "../../support/collected.ts";

async function* count(name: string, to: number, ended: string[] = []): AsyncGenerator<string> {
  try {
    for (let number = 1; number <= to; number++) yield `${name}${number}`;
  } finally {
    ended.push(name);
  }
}

async function all<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of sequence) items.push(item);
  return items;
}

/** Never has anything, until it is let go. */
function quiet(): { readonly source: AsyncGenerator<never>; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  async function* wait(): AsyncGenerator<never> {
    await released;
    yield* [];
  }
  return { source: wait(), release };
}

test("each source keeps its order, and the end is that of all", async () => {
  const ended: string[] = [];
  const steps = await all(merge([count("a", 3, ended), count("b", 0, ended), count("c", 5, ended)]));
  expect(steps).toHaveLength(8);
  for (const [name, to] of [
    ["a", 3],
    ["c", 5],
  ] as const) {
    expect(steps.filter((one) => one.startsWith(name))).toEqual(await all(count(name, to)));
  }
  expect(ended.sort()).toEqual(["a", "b", "c"]);
});

test("what was yielded is held by nobody, though another source is quiet all the time", async () => {
  const { source, release } = quiet();
  let first: WeakRef<object> | null = null;
  async function* items(): AsyncGenerator<object> {
    for (let number = 0; ; number++) {
      const item = { number };
      first ??= new WeakRef(item);
      yield item;
    }
  }
  const merged = merge<object>([source, items()]);
  for (let steps = 0; steps < 4; steps++) await merged.next();
  expect(await isCollected(first!)).toBe(true);
  release();
  await merged.return(undefined);
});

test("a source that fails ends all", async () => {
  const ended: string[] = [];
  async function* failing(): AsyncGenerator<string> {
    yield "once";
    throw new Error("the object is gone");
  }
  await expect(all(merge([count("a", 1_000, ended), failing()]))).rejects.toThrow("the object is gone");
  expect(ended).toEqual(["a"]);
});
