import { expect, test } from "vitest";
import { ProducerIdPool } from "../../../src/broker/producer-ids.ts";

/** A cluster that gives blocks of `count`, each call a turn later. */
function startAllocator(count: number) {
  let blocks = 0;
  const allocate = async () => {
    const firstProducerId = count * blocks++;
    await Promise.resolve();
    return { firstProducerId, count };
  };
  return { allocate, blocksGiven: () => blocks };
}

test("hands out a block one by one, from its first id, and then fetches the next", async () => {
  const pool = new ProducerIdPool();
  const { allocate, blocksGiven } = startAllocator(3);
  const ids: number[] = [];
  for (let i = 0; i < 7; i++) ids.push(await pool.next(allocate));
  expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(blocksGiven()).toBe(3);
});

test("never gives two callers the same id, and wastes none that are left of their blocks", async () => {
  const pool = new ProducerIdPool();
  const { allocate, blocksGiven } = startAllocator(10);
  const together = await Promise.all(Array.from({ length: 25 }, () => pool.next(allocate)));
  const later: number[] = [];
  while (later.length < 225) later.push(await pool.next(allocate));
  expect(new Set([...together, ...later]).size).toBe(250);
  expect(blocksGiven()).toBe(25);
});

test("works with blocks of one id", async () => {
  const pool = new ProducerIdPool();
  const { allocate } = startAllocator(1);
  expect([await pool.next(allocate), await pool.next(allocate)]).toEqual([0, 1]);
});

test("a failed fetch fails that caller alone", async () => {
  const pool = new ProducerIdPool();
  await expect(pool.next(() => Promise.reject(new Error("down")))).rejects.toThrow("down");
  expect(await pool.next(startAllocator(5).allocate)).toBe(0);
});

test("takes no block that cannot be one", async () => {
  const block = async () => ({ firstProducerId: -1, count: 1000 });
  await expect(new ProducerIdPool().next(block)).rejects.toThrow("-1, 1000");
});
