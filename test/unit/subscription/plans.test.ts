// Calls keep their records and their Idempotency-Key for as long as nobody knows whether the endpoint took them: through lost answers,
// deaths of the process, changes of the config, and records that the log loses meanwhile.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemorySubscriptionStore } from "../../../src/storage/memory-subscription-store.ts";
import type { SubscriptionConfig } from "../../../src/subscription/config.ts";
import { changedKeys, originOf } from "../../support/hook-history.ts";
import { type Endpoint, HookWorld } from "../../support/hook-world.ts";
import { seededRandom } from "../../support/random.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(crypto.subtle, "importKey").mockResolvedValue({} as CryptoKey);
  vi.spyOn(crypto.subtle, "sign").mockResolvedValue(new ArrayBuffer(32));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const PLENTY_MS = 20_000;
const RETRY = { maxAttempts: 3, minBackoffMs: 100, maxBackoffMs: 200 };
const BATCH = { maxRecords: 4, maxBytes: 1_000_000, lingerMs: 0 };

const accept: Endpoint = () => ({ delayMs: 5, response: new Response(null, { status: 204 }) });
const refuse: Endpoint = () => ({ delayMs: 5, response: new Response(null, { status: 500 }) });
const hang: Endpoint = () => ({ delayMs: 0, response: "hang" });

/** Lets time pass until a promise is settled. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(1_000);
  return promise;
}

/** A value that reads as a call of format "json" too, for the world that reads bodies so. */
const SENT = JSON.stringify({ attempt: 1, records: [] });

/** A subscription whose endpoint does not answer, with records that it was sent. */
async function hanging(count: number, config: Partial<SubscriptionConfig> = {}, names: readonly string[] = []): Promise<HookWorld> {
  const world = new HookWorld({ topics: { orders: 1 }, endpoint: hang, random: seededRandom(5) });
  await settle(world.put({ batch: BATCH, retry: RETRY, timeoutMs: 60_000, ...config }));
  await settle(world.host.pause());
  for (let i = 0; i < count; i++) world.append("orders", 0, { text: SENT, ...(names[i] === undefined ? {} : { name: names[i] }) });
  await settle(world.host.resume());
  return world;
}

const keysOf = (world: HookWorld, from = 0) => world.calls.slice(from).map(({ idempotencyKey }) => idempotencyKey);

test("a call that was under way when the process died is made again as it was, though more records are there", async () => {
  const world = await hanging(3);
  expect(keysOf(world)).toEqual(["orders/0/0-2"]);
  world.kill();
  world.endpoint = accept;
  for (let i = 0; i < 4; i++) world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(1);
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world)).toEqual(["orders/0/0-2", "orders/0/0-2", "orders/0/3-6"]);
});

test("what is durable when a call leaves names its records", async () => {
  const stored: unknown[] = [];
  const world = await hanging(0);
  world.endpoint = (call) => {
    stored.push(world.store.tracks()[0]!.planned);
    return accept(call);
  };
  for (let i = 0; i < 10; i++) world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(stored[0]).toContainEqual([[0, world.calls[0]!.records.length]]);
  expect(stored.length).toBe(world.calls.length);
});

test("full calls of a partition are made durable together: one row for many", async () => {
  const puts = vi.spyOn(MemorySubscriptionStore.prototype, "putTracks");
  const world = await hanging(0);
  await settle(world.host.pause());
  for (let i = 0; i < 40; i++) world.append("orders", 0);
  world.endpoint = () => ({ delayMs: 1, response: new Response(null, { status: 204 }) });
  const before = puts.mock.calls.length;
  await settle(world.host.resume());
  expect(world.calls).toHaveLength(10);
  expect(puts.mock.calls.length - before).toBeLessThanOrEqual(4);
});

test("a lost answer has the whole call made again under its key, and a refusal lets it be cut", async () => {
  const world = await hanging(4, { timeoutMs: 500, retry: { ...RETRY, maxAttempts: 50 } });
  await vi.advanceTimersByTimeAsync(900);
  expect(new Set(keysOf(world))).toEqual(new Set(["orders/0/0-3"]));
  world.endpoint = ({ records }) => (records.length > 2 ? refuse : accept)(world.calls[0]!);
  const before = world.calls.length;
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world, before)).toEqual(["orders/0/0-3", "orders/0/0-1", "orders/0/2-3"]);
  expect(changedKeys(world.calls)).toEqual([]);
});

test("a call that is never answered becomes dead letters whole, and what follows goes on", async () => {
  const world = await hanging(4, { timeoutMs: 100, deadLetterTopic: "dead" });
  world.append("orders", 0, { text: "next" });
  world.endpoint = (call) => (call.records.length > 1 ? hang : accept)(call);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world)).toEqual(["orders/0/0-3", "orders/0/0-3", "orders/0/0-3", "orders/0/4"]);
  expect([...new Set(world.deadLetters.map(originOf))]).toEqual([0, 1, 2, 3].map((offset) => `orders/0/${offset}`));
});

test("the halves of a call that was refused keep their keys when the process dies", async () => {
  const world = await hanging(4);
  world.kill();
  world.endpoint = (call) => (call.records.length > 2 ? refuse : hang)(call);
  await vi.advanceTimersByTimeAsync(1);
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  world.kill();
  world.endpoint = accept;
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world)).toEqual(["orders/0/0-3", "orders/0/0-3", "orders/0/0-1", "orders/0/0-1", "orders/0/2-3"]);
});

test("records that the log lost meanwhile leave the key as it was", async () => {
  const world = await hanging(4);
  world.kill();
  world.endpoint = accept;
  const log = world.logs.get("orders/0")!;
  log.records.splice(0, 2);
  log.logStartOffset = 2;
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls.at(-1)).toMatchObject({ idempotencyKey: "orders/0/0-3", records: [{ offset: 2 }, { offset: 3 }] });
  expect(world.store.tracks()[0]).toMatchObject({ owed: [], planned: [], retries: [] });
});

test("a smaller batch counts for what was not sent; what was goes out as it was", async () => {
  const world = await hanging(12, { timeoutMs: 500, retry: { ...RETRY, maxAttempts: 50 } });
  const put = settle(world.put({ batch: { ...BATCH, maxRecords: 2 }, retry: RETRY, timeoutMs: 500 }));
  world.endpoint = accept;
  await put;
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  const keys = [...new Set(keysOf(world))];
  expect(keys).toEqual(["orders/0/0-3", "orders/0/4-5", "orders/0/6-7", "orders/0/8-9", "orders/0/10-11"]);
});

test("a raw body has room for one record: what went out together goes one by one", async () => {
  const world = await hanging(3);
  world.kill();
  const subscription = world.store.subscription()!;
  world.store.putSubscription({ ...subscription, config: { ...subscription.config, format: "raw" } });
  world.endpoint = accept;
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world)).toEqual(["orders/0/0-2", "orders/0/0", "orders/0/1", "orders/0/2"]);
});

test("calls of an earlier order that share keys crosswise do not wait for each other for ever", async () => {
  const world = await hanging(4, { order: "key" }, ["a", "b", "a", "b"]);
  world.kill();
  const [track] = world.store.tracks();
  const crosswise = [[[0, 1] as const, [3, 4] as const], [[1, 3] as const]];
  world.store.putTracks([{ ...track!, owed: [[0, 4]], end: 4, planned: crosswise, retries: [] }]);
  world.endpoint = accept;
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(keysOf(world).slice(1)).toEqual(["orders/0/0,3", "orders/0/1-2"]);
});

test("a track that an older version stored, without plans, goes on", async () => {
  const world = await hanging(3);
  world.kill();
  const { planned: _, ...older } = world.store.tracks()[0]!;
  world.store.putTracks([{ ...older, retries: [{ offsets: [[0, 1]], attempts: 2, dueMs: 0, error: "status 500" }] }]);
  world.endpoint = accept;
  world.host.alarm();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls.slice(1)).toMatchObject([
    { idempotencyKey: "orders/0/0", attempt: 3 },
    { idempotencyKey: "orders/0/1-2", attempt: 1 },
  ]);
});
