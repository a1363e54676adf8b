import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Upkeep } from "../../../src/objects/upkeep.ts";
import { WAKE_RETRY_MS, type WakeStorage, Wakes } from "../../../src/objects/wakes.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";

vi.mock("../../../src/objects/core.ts", () => ({})); // no maintenance runs here

const HIGH_WATERMARK = 8;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  vi.spyOn(console, "warn").mockImplementation(() => {}); // of each wake-up that fails
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A partition's alarm and wake-ups, wired as its object wires them (src/objects/partition.ts), over what outlives the object. */
function aPartition() {
  const database = new DatabaseSync(":memory:");
  const sql: WakeStorage["sql"] = {
    exec<Row>(query: string, ...values: (string | number)[]) {
      return database.prepare(query).all(...values) as Row[];
    },
  };
  /** ms; null: none is set */
  let alarmMs: number | null = null;
  const setAlarm = async (atMs: number): Promise<void> => {
    alarmMs = atMs;
  };
  const calls: { readonly subscription: string; answer(): Promise<void>; fail(): Promise<void> }[] = [];
  const wake = (subscription: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settled = async (settle: () => void): Promise<void> => {
      settle();
      await vi.advanceTimersByTimeAsync(0);
    };
    calls.push({ subscription, answer: () => settled(resolve), fail: () => settled(() => reject(new Error("not now"))) });
    return promise;
  };
  const open = () => {
    const upkeep = new Upkeep({ getAlarm: async () => alarmMs, setAlarm }, new MemoryLogStore(), null);
    const wakes = new Wakes({ storage: { sql }, wake, ringIn: (delayMs) => upkeep.ringBy(Date.now() + delayMs), waitUntil: () => {} });
    return { upkeep, wakes };
  };
  let object = open();
  return {
    calls,
    rest: (subscription: string) => object.wakes.add(subscription, HIGH_WATERMARK - 1, true),
    append: () => object.wakes.grown(HIGH_WATERMARK),
    maintainAt: async (atMs: number): Promise<void> => {
      object.upkeep.schedule(atMs);
      await vi.advanceTimersByTimeAsync(0);
    },
    restart: () => {
      object = open();
    },
    alarmMs: () => alarmMs,
    notes: () => [...sql.exec("SELECT subscription FROM wakes")],
    /** Lets time go on until the alarm rings. */
    async alarm(): Promise<void> {
      if (alarmMs === null) throw new Error("no alarm is set");
      vi.setSystemTime(Math.max(Date.now(), alarmMs));
      alarmMs = null;
      object.upkeep.alarmIsGone();
      object.wakes.ring(HIGH_WATERMARK);
    },
  };
}

test("a wake-up is sent again and again until it is answered, each time a while later", async () => {
  const partition = aPartition();
  partition.rest("hook");
  partition.append();
  for (let failures = 1; failures <= 4; failures++) {
    await partition.calls.at(-1)!.fail();
    expect(partition.alarmMs()).toBe(Date.now() + WAKE_RETRY_MS);
    await partition.alarm();
    expect(partition.calls).toHaveLength(failures + 1);
  }
  await partition.calls.at(-1)!.answer();
  await partition.alarm();
  expect([partition.calls.length, partition.notes(), partition.alarmMs()]).toEqual([5, [], null]);
});

test("an alarm that rings for maintenance, while a wake-up is on its way, is set anew for it", async () => {
  const partition = aPartition();
  partition.rest("hook");
  partition.append();
  await partition.maintainAt(Date.now());
  await partition.alarm();
  expect(partition.alarmMs()).toBe(Date.now() + WAKE_RETRY_MS);
  await partition.calls[0]!.fail();
  await partition.alarm();
  expect(partition.calls).toHaveLength(2);
});

test("a wake-up that nobody answered before the object was gone is sent by the alarm", async () => {
  const partition = aPartition();
  partition.rest("hook");
  partition.append();
  await partition.maintainAt(Date.now());
  await partition.alarm();
  partition.restart();
  await partition.alarm();
  expect(partition.calls.map(({ subscription }) => subscription)).toEqual(["hook", "hook"]);
});
