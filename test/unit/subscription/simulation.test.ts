// A subscription under random faults, by a clock that jumps: an endpoint that fails in all ways, a process that dies, pauses, changes of
// its config. What the endpoint saw is judged: order never broken, nothing lost, repeats only as allowed, dead letters complete.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemorySubscriptionStore } from "../../../src/storage/memory-subscription-store.ts";
import type { DeliveryOrder, SubscriptionConfig } from "../../../src/subscription/config.ts";
import { changedKeys, confusedKeys, disorder, duplicates, missing, originOf } from "../../support/hook-history.ts";
import { type Endpoint, HookWorld, type SeenCall, type SentRecord } from "../../support/hook-world.ts";
import { seededRandom } from "../../support/random.ts";

beforeEach(() => {
  vi.useFakeTimers();
  // Real ones resolve by a clock of their own.
  vi.spyOn(crypto.subtle, "importKey").mockResolvedValue({} as CryptoKey);
  vi.spyOn(crypto.subtle, "sign").mockResolvedValue(new ArrayBuffer(32));
  vi.spyOn(crypto.subtle, "digest").mockImplementation(async (_algorithm, data) => digest(data as Uint8Array));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Tells texts apart well enough. */
function digest(data: Uint8Array): ArrayBuffer {
  let sum = 7;
  for (const byte of data) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return new Uint32Array([sum, data.length]).buffer;
}

const KEYS = 12;
const HORIZON_MS = 3_600_000;

interface Faults {
  /** Chance of each call to fail for no fault of its records. */
  readonly failing: number;
  /** Answers may be lost after the endpoint took the call. */
  readonly ambiguous: boolean;
  readonly kills: number;
}

const isPoisoned = ({ value }: SentRecord): boolean => value?.startsWith("poison") ?? false;

function hostileEndpoint(random: () => number, { failing, ambiguous }: Faults): Endpoint {
  return (call) => {
    const delayMs = Math.floor(random() * 40);
    if (call.records.some(isPoisoned)) return { delayMs, response: new Response("no", { status: 422 }) };
    const answers: (() => Response | "hang" | "broken")[] = [
      () => new Response("oops", { status: 500 }),
      () => new Response(null, { status: 429, headers: { "retry-after": "2" } }),
      () => new Response(null, { status: 503, headers: { "retry-after": new Date(Date.now() + 3_000).toUTCString() } }),
      () => new Response(null, { status: 301, headers: { location: "https://elsewhere.example/" } }),
    ];
    if (ambiguous)
      answers.push(
        () => "hang",
        () => "broken",
      );
    const failed = random() < failing;
    return { delayMs, response: failed ? answers[Math.floor(random() * answers.length)]!() : new Response(null, { status: 204 }) };
  };
}

/** Appends for a while, kills now and then, and lets it come to its end. */
async function run(seed: number, config: Partial<SubscriptionConfig>, faults: Faults, poisoned = 0.02) {
  const random = seededRandom(seed);
  const world = new HookWorld({ topics: { orders: 2, clicks: 1 }, endpoint: hostileEndpoint(random, faults), random });
  const retry = { maxAttempts: 4, minBackoffMs: 200, maxBackoffMs: 2_000 };
  const put = { retry, batch: { maxRecords: 8, maxBytes: 2_000, lingerMs: 0 }, timeoutMs: 300, deadLetterTopic: "dead", ...config };
  await settle(world.put(put));
  const expected: SentRecord[] = [];
  const steps = 60;
  const killAt = new Set(Array.from({ length: faults.kills }, () => Math.floor(random() * steps)));
  for (let step = 0; step < steps; step++) {
    for (let n = Math.floor(random() * 12); n > 0; n--) expected.push(appendOne(world, random, expected.length, poisoned));
    await vi.advanceTimersByTimeAsync(Math.floor(random() * 150));
    if (killAt.has(step)) world.kill();
    if (step === 20) await settle(world.put({ ...put, maxInFlight: 3 }));
    if (step === 30) await settle(world.host.pause());
    if (step === 35) await settle(world.host.resume());
  }
  void world.host;
  await until(() => missing(expected, world.calls, world.deadLetters).length === 0 && isAtRest(world));
  return { world, expected };
}

function appendOne(world: HookWorld, random: () => number, index: number, poisoned: number): SentRecord {
  const topic = random() < 0.7 ? "orders" : "clicks";
  const partition = topic === "orders" ? Math.floor(random() * 2) : 0;
  const key = random() < 0.1 ? null : `k${Math.floor(random() * KEYS)}`;
  const value = `${random() < poisoned ? "poison" : "value"} ${index}`;
  const headers = random() < 0.05 ? [{ key: "notBefore", value: new TextEncoder().encode(String(Date.now() + 500)) }] : [];
  const offset = world.append(topic, partition, { ...(key === null ? {} : { name: key }), text: value, headers });
  return { topic, partition, offset, key, value };
}

/** Lets time pass until a promise is settled. */
async function settle<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  void promise.finally(() => {
    isSettled = true;
  });
  await until(() => isSettled);
  return promise;
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + HORIZON_MS;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error("it did not come to its end in an hour");
    await vi.advanceTimersByTimeAsync(25);
  }
}

/** Nothing is owed, and the subscription has no alarm: each partition will wake it. */
function isAtRest(world: HookWorld): boolean {
  return world.alarmMs === null && world.store.tracks().every((track) => track.isArmed && track.owed.length === 0);
}

function judge({ world, expected }: Awaited<ReturnType<typeof run>>, order: DeliveryOrder) {
  const { calls, deadLetters } = world;
  expect(disorder(expected, calls, deadLetters, order)).toEqual([]);
  expect(confusedKeys(calls)).toEqual([]);
  expect(changedKeys(calls)).toEqual([]);
  const poisoned = expected.filter(isPoisoned).map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`);
  const dead = new Set(deadLetters.map(originOf));
  expect(poisoned.filter((name) => !dead.has(name))).toEqual([]);
  const ends = Object.fromEntries([...world.logs].map(([id, log]) => [id, log.records.length]));
  const committed = Object.fromEntries(
    [...world.group.offsets.values()].map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
  );
  expect(committed).toEqual(ends);
}

const ORDERS: readonly DeliveryOrder[] = ["partition", "key", "none"];
const SEEDS = [1, 2, 3, 4, 5, 6, 18, 42, 53];

describe.each(ORDERS)("order %s", (order) => {
  test.each(SEEDS)("an endpoint that fails at random gets every record once, in order (seed %i)", async (seed) => {
    const result = await run(seed, { order }, { failing: 0.2, ambiguous: false, kills: 0 });
    judge(result, order);
    expect(duplicates(result.world.calls)).toEqual([]);
    // Failures of the endpoint's own, four in a row, may dead-letter a record that is not poisoned; but then it was never taken.
    const taken = new Set(result.world.calls.flatMap(({ acceptedMs, records }) => (acceptedMs === null ? [] : records.map(nameOf))));
    expect(result.world.deadLetters.map(originOf).filter((name) => taken.has(name))).toEqual([]);
  });

  test.each(SEEDS)("lost answers and a process that dies repeat records, and lose none (seed %i)", async (seed) => {
    judge(await run(100 + seed, { order }, { failing: 0.25, ambiguous: true, kills: 8 }), order);
  });
});

test("a store that forgets what was planned is found out by the keys", async () => {
  const { putTracks } = MemorySubscriptionStore.prototype;
  vi.spyOn(MemorySubscriptionStore.prototype, "putTracks").mockImplementation(function (this: HookWorld["store"], tracks) {
    putTracks.call(
      this,
      tracks.map((track) => ({ ...track, planned: [] })),
    );
  });
  const { world } = await run(101, { order: "key" }, { failing: 0.25, ambiguous: true, kills: 8 });
  expect(changedKeys(world.calls)).not.toEqual([]);
});

test("without faults a poisoned record alone is dead-lettered, after maxAttempts calls for it alone", async () => {
  const { world, expected } = await run(7, { order: "key" }, { failing: 0, ambiguous: false, kills: 0 });
  const poisoned = expected.filter(isPoisoned).map(nameOf);
  expect(poisoned.length).toBeGreaterThan(0);
  expect(world.deadLetters.map(originOf).sort()).toEqual(poisoned.sort());
  for (const name of poisoned)
    expect(world.calls.filter((call) => isAlone(call, name)).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
});

const nameOf = ({ topic, partition, offset }: SentRecord): string => `${topic}/${partition}/${offset}`;
const isAlone = ({ records }: SeenCall, name: string): boolean => records.length === 1 && nameOf(records[0]!) === name;
