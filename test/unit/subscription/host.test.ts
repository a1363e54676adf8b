// A subscription's life, by a clock that jumps: pauses of its own, replays, redrives, resting, topics that change.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isFailure } from "../../../src/common/errors.ts";
import { originOf } from "../../support/hook-history.ts";
import { type Endpoint, HOOK_NAME, HookWorld, TEST_SECRET } from "../../support/hook-world.ts";
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

const answer =
  (status: number, headers: Record<string, string> = {}): Endpoint =>
  () => ({ delayMs: 5, response: new Response(null, { status, headers }) });

const RETRY = { maxAttempts: 3, minBackoffMs: 100, maxBackoffMs: 200 };
const PLENTY_MS = 20_000;

function newWorld(endpoint: Endpoint = answer(204), topics: Record<string, number> = { orders: 1 }): HookWorld {
  return new HookWorld({ topics, endpoint, random: seededRandom(3) });
}

/** Lets time pass until a promise is settled. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(1_000);
  return promise;
}

const offsetsOf = (world: HookWorld, from = 0) =>
  world.calls.slice(from).flatMap(({ acceptedMs, records }) => (acceptedMs === null ? [] : records.map(({ offset }) => offset)));

function status(world: HookWorld) {
  const told = world.host.status();
  if (isFailure(told)) throw new Error(told.detail);
  return told;
}

test("410 pauses, loses nothing, and a resume goes on", async () => {
  const world = newWorld(answer(410));
  await settle(world.put({}));
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls).toHaveLength(1);
  expect(status(world).pausedReason).toContain("410");
  expect(world.alarmMs).toBeNull();
  world.kill();
  expect(status(world).pausedReason).toContain("410");
  world.endpoint = answer(204);
  world.append("orders", 0);
  await settle(world.host.resume());
  expect(offsetsOf(world)).toEqual([0, 1]);
});

test("without a dead-letter topic the last attempt pauses, and a resume has all attempts again", async () => {
  const world = newWorld(answer(500));
  await settle(world.put({ retry: RETRY }));
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls).toHaveLength(3);
  expect(status(world).pausedReason).toContain("orders/0/0 failed 3 times (status 500)");
  await settle(world.host.resume());
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls).toHaveLength(6);
  expect(status(world).pausedReason).not.toBeNull();
});

test("Retry-After holds everything back, in seconds and as a date", async () => {
  const world = newWorld(answer(429, { "retry-after": "7" }));
  await settle(world.put({ order: "none", retry: RETRY }));
  world.append("orders", 0);
  world.append("orders", 0);
  const startMs = Date.now();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(world.calls).toHaveLength(1);
  world.endpoint = answer(204);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(world.calls.length).toBeGreaterThan(1);
  expect(world.calls[1]!.startMs - startMs).toBeGreaterThanOrEqual(7_000);
  expect(offsetsOf(world).sort()).toEqual([0, 1]);
});

test("a move of the group's offsets delivers exactly what follows them, again", async () => {
  const world = newWorld();
  await settle(world.put({ batch: { maxRecords: 4, maxBytes: 1_000_000, lingerMs: 0 } }));
  for (let i = 0; i < 10; i++) world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  const before = world.calls.length;
  await settle(world.moveGroup([{ ...world.source("orders", 0), offset: 6 }]));
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world, before)).toEqual([6, 7, 8, 9]);
  expect(world.group.offsets.get("id-orders/0")?.offset).toBe(10);
});

test("a move that nobody could tell of is found at the next commit", async () => {
  const world = newWorld();
  await settle(world.put({}));
  for (let i = 0; i < 3; i++) world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  world.group.fence += 1;
  world.group.offsets.set("id-orders/0", { ...world.source("orders", 0), offset: 1 });
  const before = world.calls.length;
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world, before)).toEqual([3, 1, 2, 3]);
});

test("a subscription that rests reads nothing, has no alarm, and is woken by one record", async () => {
  const world = newWorld();
  await settle(world.put({}));
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  const { reads, wakeUps } = world;
  expect(world.alarmMs).toBeNull();
  await vi.advanceTimersByTimeAsync(30 * 24 * 3_600_000);
  expect([world.reads, world.wakeUps, world.alarmMs, vi.getTimerCount()]).toEqual([reads, wakeUps, null, 0]);
  world.kill();
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([0, 1]);
  expect(world.alarmMs).toBeNull();
});

test("what is to be tried again much later is waited for by the alarm alone, over a restart", async () => {
  const world = newWorld(answer(503, { "retry-after": "3600" }));
  await settle(world.put({ retry: { ...RETRY, maxAttempts: 5 } }));
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.alarmMs).toBeGreaterThan(Date.now() + 3_000_000);
  world.kill();
  world.endpoint = answer(204);
  await vi.advanceTimersByTimeAsync(3_000_000);
  expect(offsetsOf(world)).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000_000);
  expect(offsetsOf(world)).toEqual([0]);
});

test("what waits behind a record that is tried again much later is delivered after a restart, though nothing new comes", async () => {
  const world = newWorld(answer(500));
  await settle(world.put({ retry: { maxAttempts: 5, minBackoffMs: 86_400_000, maxBackoffMs: 86_400_000 } }));
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(100);
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.store.tracks()).toMatchObject([{ isArmed: true }]);
  world.kill();
  world.endpoint = answer(204);
  await settle(world.host.resume());
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([0, 1]);
});

test("one key that fails holds up its own records, and no others", async () => {
  const world = newWorld(({ records }) => {
    return { delayMs: 5, response: new Response(null, { status: records.some(({ key }) => key === "bad") ? 500 : 204 }) };
  });
  await settle(world.put({ order: "key", retry: { maxAttempts: 50, minBackoffMs: 60_000, maxBackoffMs: 60_000 } }));
  const names = ["a", "bad", "b", "bad", "a", "c"];
  for (const name of names) world.append("orders", 0, { name });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(offsetsOf(world).sort()).toEqual([0, 2, 4, 5]);
  expect(status(world).parked).toMatchObject([{ offset: 1, attempts: 1, error: "status 500" }]);
  world.endpoint = answer(204);
  await vi.advanceTimersByTimeAsync(70_000);
  expect(offsetsOf(world).slice(-2)).toEqual([1, 3]);
});

test("many poisoned keys do not stop those that are behind them", async () => {
  const world = newWorld(({ records }) => {
    return { delayMs: 5, response: new Response(null, { status: records.some(({ value }) => value === "poison") ? 500 : 204 }) };
  });
  await settle(world.put({ order: "key", deadLetterTopic: "dead", retry: { maxAttempts: 6, minBackoffMs: 20, maxBackoffMs: 200 } }));
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  for (const name of keys) world.append("orders", 0, { name, text: "poison" });
  for (const name of keys) world.append("orders", 0, { name, text: "good" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(new Set(offsetsOf(world)).size).toBe(keys.length);
  expect(world.deadLetters).toHaveLength(keys.length);
});

test("parked records are bounded: beyond the bound nothing more is read", async () => {
  const world = newWorld(answer(500));
  await settle(world.put({ order: "key", retry: { maxAttempts: 50, minBackoffMs: 3_600_000, maxBackoffMs: 3_600_000 } }));
  for (let i = 0; i < 30_000; i++) world.append("orders", 0, { name: "bad" });
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(status(world).heldRecords).toBeGreaterThan(1_000);
  expect(status(world).heldRecords).toBeLessThanOrEqual(10_100);
});

test("dead letters tell where they come from and why, and a redrive delivers them as they were", async () => {
  const world = newWorld(answer(418), { orders: 1, dead: 1 });
  await settle(world.put({ topics: ["orders"], deadLetterTopic: "dead", retry: { ...RETRY, maxAttempts: 2 } }));
  for (const text of ["one", "two", "three"]) world.append("orders", 0, { name: "k", text });
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.deadLetters.map(originOf)).toEqual(["orders/0/0", "orders/0/1", "orders/0/2"]);
  const headers = Object.fromEntries(world.deadLetters[0]!.record.headers.map(({ key, value }) => [key, value]));
  expect(headers).toMatchObject({ "sluice.deadletter.attempts": "2", "sluice.deadletter.error": "status 418" });

  const bytes = (value: string | Uint8Array | null) => (typeof value === "string" ? new TextEncoder().encode(value) : value);
  world.append("dead", 0, { text: "of somebody else" });
  for (const { record } of world.deadLetters) {
    world.append("dead", 0, { ...record, headers: record.headers.map(({ key, value }) => ({ key, value: bytes(value) })) });
  }
  world.endpoint = answer(204);
  const dry = await settle(world.host.redrive({ select: "all", dryRun: true }));
  expect(dry).toMatchObject({ topic: "dead", records: 3, partitions: [{ partition: 0, fromOffset: 1, toOffset: 4 }] });
  expect(offsetsOf(world)).toEqual([]);

  await settle(world.host.redrive({ select: { partition: 0, offsets: [2] }, dryRun: false }));
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls.at(-1)).toMatchObject({
    idempotencyKey: "orders/0/1",
    records: [{ topic: "orders", offset: 1, key: "k", value: "two" }],
  });
  await settle(world.host.redrive({ select: { partition: 0, fromOffset: 3, toOffset: 9 }, dryRun: false }));
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([1, 2]);
  expect(world.store.tracks().every(({ stopAt }) => stopAt === null)).toBe(true);
  expect(world.group.offsets.has("id-dead/0")).toBe(false);
});

test("a new partition is followed from its beginning, and one of a deleted topic is forgotten", async () => {
  const world = newWorld();
  await settle(world.put({ topics: ["orders"] }));
  world.logs.set("orders/1", { records: [], logStartOffset: 0, note: null });
  world.topics.set("orders", 2);
  world.append("orders", 1, { text: "new" });
  world.host.topicsChanged();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls.map(({ records }) => records[0]!.partition)).toEqual([1]);
  world.topics.delete("orders");
  world.host.topicsChanged();
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.store.tracks()).toEqual([]);
});

test("records that retention takes before they are delivered are passed over", async () => {
  const world = newWorld();
  await settle(world.put({}));
  await settle(world.host.pause());
  for (let i = 0; i < 5; i++) world.append("orders", 0);
  const log = world.logs.get("orders/0")!;
  log.records.splice(0, 3);
  log.logStartOffset = 3;
  await settle(world.host.resume());
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([3, 4]);
});

test("lingering records go together, and a full batch does not wait", async () => {
  const world = newWorld();
  await settle(world.put({ batch: { maxRecords: 3, maxBytes: 1_000_000, lingerMs: 5_000 } }));
  for (let i = 0; i < 4; i++) world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(world.calls.map(({ records }) => records.length)).toEqual([3]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(world.calls.map(({ records }) => records.length)).toEqual([3, 1]);
});

test("a filter leaves records out, and their offsets are done with", async () => {
  const world = newWorld();
  await settle(world.put({ filter: "value.n > 1" }));
  for (const n of [0, 1, 2, 3]) world.append("orders", 0, { text: JSON.stringify({ n }) });
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([2, 3]);
  expect(world.group.offsets.get("id-orders/0")?.offset).toBe(4);
});

test("what cannot be is refused before anything is stored", async () => {
  const world = newWorld();
  const put = async (config: Parameters<HookWorld["put"]>[0]) => settle(world.put(config).catch((error: Error) => error.message));
  expect(await put({ topics: ["none"] })).toContain("'none'");
  expect(await put({ url: "https://10.0.0.1/" })).toContain("10.0.0.1");
  expect(await put({ filter: "value." })).toContain("filter");
  expect(await put({ deadLetterTopic: "orders" })).toContain("deadLetterTopic");
  expect(await put({ topics: ["__deliveries"] })).toContain("__deliveries");
  expect(world.store.subscription()).toBeNull();
  expect(world.host.status()).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
});

test("a deleted subscription makes no more calls, and may be made again", async () => {
  const world = newWorld();
  await settle(world.put({}));
  expect(await settle(world.host.delete(HOOK_NAME))).toBeNull();
  world.append("orders", 0);
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(world.calls).toEqual([]);
  expect(await settle(world.host.delete(HOOK_NAME))).toMatchObject({ error: "RESOURCE_NOT_FOUND" });
  world.group.offsets.clear();
  await settle(world.put({}));
  await vi.advanceTimersByTimeAsync(PLENTY_MS);
  expect(offsetsOf(world)).toEqual([0]);
});

test("a rotation leaves both secrets valid for its overlap", async () => {
  const world = newWorld();
  await settle(world.put({}));
  const rotated = await settle(world.host.rotateSecret({ overlapMs: 10_000 }));
  expect(rotated).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
  const signatures = async () => {
    world.append("orders", 0);
    await vi.advanceTimersByTimeAsync(1_000);
    return world.calls.at(-1)!.headers.get("webhook-signature")!.split(" ").length;
  };
  expect(await signatures()).toBe(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await signatures()).toBe(1);
  expect(TEST_SECRET).not.toBe((rotated as { secret: string }).secret);
});
