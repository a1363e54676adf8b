// What org.apache.kafka.clients.producer.internals.BufferPoolTest holds Kafka's pool to, and how this one behaves over time.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BufferExhaustedError, ClosedError } from "../../../src/sdk/errors.ts";
import { BufferPool } from "../../../src/sdk/producer/buffer-pool.ts";
import { seededRandom } from "../../support/random.ts";

const MAX_BLOCK_MS = 2_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const poolOf = (totalBytes: number, poolableBytes: number) => new BufferPool({ totalBytes, poolableBytes });
type Buffer = Uint8Array<ArrayBuffer>;
const now = (given: Buffer | Promise<Buffer>): Buffer => {
  if (given instanceof Promise) throw new Error("there was no room");
  return given;
};

test("a buffer of the batch size is kept and used again; another size is counted and made anew", () => {
  const pool = poolOf(64 * 1024, 1024);
  const first = now(pool.allocate(1024, MAX_BLOCK_MS));
  expect(first.length).toBe(1024);
  expect(pool.availableBytes).toBe(63 * 1024);
  pool.deallocate(first);
  expect(pool.availableBytes).toBe(64 * 1024);
  expect(now(pool.allocate(1024, MAX_BLOCK_MS))).toBe(first);
  pool.deallocate(first);

  const odd = now(pool.allocate(2 * 1024, MAX_BLOCK_MS));
  expect(pool.availableBytes).toBe(62 * 1024);
  pool.deallocate(odd);
  expect(pool.availableBytes).toBe(64 * 1024);
  expect(now(pool.allocate(2 * 1024, MAX_BLOCK_MS))).not.toBe(odd);
});

test("kept buffers are let go of where a larger one needs their bytes", () => {
  const pool = poolOf(4 * 1024, 1024);
  const buffers = Array.from({ length: 4 }, () => now(pool.allocate(1024, MAX_BLOCK_MS)));
  for (const buffer of buffers) pool.deallocate(buffer);
  expect(now(pool.allocate(3 * 1024 + 1, MAX_BLOCK_MS)).length).toBe(3 * 1024 + 1);
  expect(pool.availableBytes).toBe(1023);
});

test("what the pool can never hold is refused at once", () => {
  expect(() => poolOf(1024, 512).allocate(1025, MAX_BLOCK_MS)).toThrow(RangeError);
});

test("who finds no room waits for it, and gives up after maxBlockMs", async () => {
  const pool = poolOf(10, 5);
  const held = now(pool.allocate(10, MAX_BLOCK_MS));
  const refused = expect(pool.allocate(1, MAX_BLOCK_MS)).rejects.toThrow(BufferExhaustedError);
  vi.advanceTimersByTime(MAX_BLOCK_MS - 1);
  expect(pool.waiterCount).toBe(1);
  vi.advanceTimersByTime(1);
  await refused;
  expect(pool.waiterCount).toBe(0);

  const waiting = pool.allocate(6, MAX_BLOCK_MS);
  pool.deallocate(held);
  expect((await waiting).length).toBe(6);
  expect(pool.availableBytes).toBe(4);
});

test("waiters are served in order: a small one does not overtake a large one that came first", async () => {
  const pool = poolOf(10, 1);
  const held = Array.from({ length: 10 }, () => now(pool.allocate(1, MAX_BLOCK_MS)));
  const order: number[] = [];
  const waiting = [8, 1, 1].map(async (size, index) => {
    const buffer = await pool.allocate(size, MAX_BLOCK_MS);
    order.push(index);
    return buffer;
  });
  for (const buffer of held.splice(0, 7)) pool.deallocate(buffer);
  expect(pool.hasRoom).toBe(false);
  expect(pool.waiterCount).toBe(3);
  pool.deallocate(held.pop()!);
  pool.deallocate(held.pop()!);
  await Promise.all(waiting.slice(0, 2));
  expect(order).toEqual([0, 1]);
  pool.deallocate(held.pop()!);
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

test("what a waiter that gave up had set aside goes to the next", async () => {
  const pool = poolOf(10, 1);
  const held = [now(pool.allocate(5, MAX_BLOCK_MS)), now(pool.allocate(5, MAX_BLOCK_MS))];
  const large = expect(pool.allocate(8, 100)).rejects.toThrow(BufferExhaustedError);
  const small = pool.allocate(4, MAX_BLOCK_MS);
  pool.deallocate(held[0]!);
  expect(pool.availableBytes).toBe(0);
  vi.advanceTimersByTime(100);
  await large;
  expect((await small).length).toBe(4);
  expect(pool.availableBytes).toBe(1);
});

test("closing refuses whoever waits and whoever comes", async () => {
  const pool = poolOf(4, 4);
  now(pool.allocate(4, MAX_BLOCK_MS));
  const waiting = expect(pool.allocate(4, MAX_BLOCK_MS)).rejects.toThrow(ClosedError);
  pool.close();
  await waiting;
  expect(() => pool.allocate(1, MAX_BLOCK_MS)).toThrow(ClosedError);
});

test("bytes are neither lost nor made, whatever is asked, given back and given up", async () => {
  const random = seededRandom(5);
  const pool = poolOf(1000, 100);
  const out: Buffer[] = [];
  let pending = 0;
  for (let step = 0; step < 5_000; step++) {
    const dice = random();
    if (dice < 0.5) {
      const size = random() < 0.6 ? 100 : 1 + Math.floor(random() * 400);
      pending++;
      Promise.resolve(pool.allocate(size, 1 + Math.floor(random() * 50)))
        .then((buffer) => out.push(buffer))
        .catch((error: unknown) => expect(error).toBeInstanceOf(BufferExhaustedError))
        .finally(() => pending--);
    } else if (dice < 0.9 && out.length > 0) pool.deallocate(out.splice(Math.floor(random() * out.length), 1)[0]!);
    else vi.advanceTimersByTime(10);
    await Promise.resolve();
  }
  while (pending > 0 || out.length > 0) {
    for (const buffer of out.splice(0)) pool.deallocate(buffer);
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(pool.availableBytes).toBe(1000);
  expect(pool.waiterCount).toBe(0);
});
