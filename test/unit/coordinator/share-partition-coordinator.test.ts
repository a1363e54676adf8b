// The share partition's coordinator: who looks at the log, what is stored before it is told, a deletion in between, and dead letters that
// fail in every way.

import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type ErrorName, type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { MAX_SHARE_DELAY_MS } from "../../../src/common/limits/share-groups.ts";
import { DEFAULT_SHARE_SETTINGS, type ShareSettings } from "../../../src/common/share-settings.ts";
import type { AcquiredRecords, LoadedRecords, SharePartitionAddress } from "../../../src/coordinator/share-messages.ts";
import { type DeadLetterRun, SharePartitionCoordinator } from "../../../src/coordinator/share-partition-coordinator.ts";
import { MemorySharePartitionStore } from "../../../src/storage/memory-share-partition-store.ts";

const DEAD: Partial<ShareSettings> = { deadLetterTopic: "dead" };

let store: MemorySharePartitionStore;
let coordinator: SharePartitionCoordinator;
let nowMs: number;
let tokens: number;
let told: number;
let toldAll: number;
let alarmMs: number;
let groupIs: null | Failure;
let begin: Promise<number>;
let producerIds: number;
let runs: DeadLetterRun[];
/** What becomes of the next runs of dead letters; written where nothing is said. */
let outcomes: ErrorName[];

beforeEach(() => {
  [store, nowMs, tokens, told, alarmMs, groupIs, producerIds] = [
    new MemorySharePartitionStore(),
    1_000,
    0,
    0,
    Number.POSITIVE_INFINITY,
    null,
    0,
  ];
  toldAll = 0;
  [begin, runs, outcomes] = [Promise.resolve(0), [], []];
  restart();
});

function restart(): void {
  coordinator = new SharePartitionCoordinator(store, {
    now: () => nowMs,
    newToken: () => ++tokens,
    confirmGroup: async () => groupIs,
    initialOffset: () => begin,
    ringBy: (atMs) => {
      alarmMs = Math.min(alarmMs, atMs);
    },
    tell: () => {
      told += 1;
    },
    tellAll: () => {
      toldAll += 1;
    },
    newProducerId: async () => ++producerIds,
    writeDeadLetters: async (run) => {
      runs.push(run);
      const refused = outcomes.shift();
      if (refused === "NETWORK_EXCEPTION") throw new Error("the object was reset");
      return refused === undefined ? null : failure(refused, "told to");
    },
    broken: (error) => {
      throw error;
    },
  });
}

function address(settings: Partial<ShareSettings> = {}): SharePartitionAddress {
  const names = { groupId: "g", groupUuid: "u", topicId: "t", topic: "topic", topicVersion: 1, partition: 0 };
  return { ...names, settings: { ...DEFAULT_SHARE_SETTINGS, ...settings }, settingsVersion: 1 };
}

async function acquire(maxRecords: number, loaded?: LoadedRecords | null, settings: Partial<ShareSettings> = {}): Promise<AcquiredRecords> {
  const request = { address: address(settings), maxRecords, maxBytes: 1_000 };
  const acquired = await coordinator.acquire(loaded === undefined ? request : { ...request, loaded });
  if (isFailure(acquired)) throw new Error(`${acquired.error}: ${acquired.detail}`);
  return acquired;
}

/** Records from an offset on, in a log that ends behind them unless said. */
function records(fromOffset: number, count: number, readableEndOffset = fromOffset + count): LoadedRecords {
  const offsets = Array.from({ length: count }, (_, index) => fromOffset + index);
  const lists = { offsets, keyHashes: offsets.map(() => null), sizes: offsets.map(() => 1) };
  return { fromOffset, settingsVersion: 1, nextOffset: fromOffset + count, readableEndOffset, logStartOffset: 0, ...lists };
}

describe("looks at the log", () => {
  test("one pull is asked to, and the others get what it leaves", async () => {
    const first = await acquire(2);
    expect([first.offsets, first.load]).toMatchObject([[], { fromOffset: 0, maxRecords: 1_000 }]);
    const others = [acquire(2), acquire(2)];
    const served = await acquire(2, records(0, 5));
    expect(served.offsets).toEqual([0, 1]);
    expect((await Promise.all(others)).map(({ offsets }) => offsets)).toEqual([[2, 3], [4]]);
  });

  test("nobody looks again at the end of the log before the next pull", async () => {
    expect((await acquire(1)).load).not.toBeNull();
    const waiting = acquire(1);
    expect((await acquire(1, records(0, 0))).load).toBeNull();
    expect((await waiting).load).toBeNull();
    expect((await acquire(1)).load).not.toBeNull();
  });

  test("a look that failed is the next one's", async () => {
    await acquire(1);
    expect((await acquire(0, null)).load).toBeNull();
    expect((await acquire(1)).load).not.toBeNull();
  });

  test("one who does not come back loses the turn", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await acquire(1);
    const waiting = acquire(1);
    nowMs += 5_000;
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await waiting).load).not.toBeNull();
  });

  test("what is known to be there is looked at for the rest of a pull, and not beyond what may be under way", async () => {
    const settings = { maxInFlight: 3 };
    await acquire(5, undefined, settings);
    const some = await acquire(5, records(0, 2, 10), settings);
    expect([some.offsets, some.load]).toMatchObject([[0, 1], { fromOffset: 2, maxRecords: 1 }]);
    const rest = await acquire(3, records(2, 1, 10), settings);
    expect([rest.offsets, rest.load, rest.isFull]).toEqual([[2], null, true]);
  });
});

describe("a change of the filter", () => {
  const filtered = (settingsVersion: number): SharePartitionAddress => ({ ...address({ filter: "true" }), settingsVersion });

  test("counts from its answer on, for pulls that know the one before, and for a look that was under way", async () => {
    expect((await acquire(2)).load).toMatchObject({ filter: null, settingsVersion: 1 });
    await coordinator.open(filtered(2));
    const late = await acquire(2, records(0, 2));
    expect([late.offsets, late.load]).toMatchObject([[], { fromOffset: 0, filter: "true", settingsVersion: 2 }]);
    expect((await acquire(2, { ...records(0, 2), offsets: [1], settingsVersion: 2 })).offsets).toEqual([1]);
  });
});

describe("a pause", () => {
  const paused = (isPaused: boolean, settingsVersion: number): SharePartitionAddress => ({
    ...address({ paused: isPaused }),
    settingsVersion,
  });

  test("hands out nothing to those who know older settings, over a restart too", async () => {
    await acquire(1, records(0, 3));
    await coordinator.open(paused(true, 2));
    restart();
    told = 0;
    const { offsets, load, isFull, nextAtMs } = await acquire(1);
    expect([offsets, load, isFull, nextAtMs]).toEqual([[], null, true, null]);
    expect(told).toBe(0);
  });

  test("lets what is leased be settled, and its end tells those who wait", async () => {
    const { token } = await acquire(2, records(0, 2));
    await coordinator.open(paused(true, 2));
    told = 0;
    const settlements = [
      { action: "accept" as const, offset: 0, token },
      { action: "release" as const, offset: 1, token, delayMs: 0 },
    ];
    expect(await coordinator.settle({ address: address(), settlements })).toEqual([null, null]);
    expect([told, coordinator.describe()]).toMatchObject([0, { startOffset: 1, available: 1 }]);
    await coordinator.open(paused(false, 3));
    await coordinator.open(paused(false, 4));
    expect(toldAll).toBe(1);
    expect((await acquire(1)).offsets).toEqual([1]);
  });
});

describe("a delay from the log", () => {
  test("is kept over a restart, holds nobody else up, and ends by the alarm", async () => {
    const some = { ...records(0, 2), notBeforeMs: [5_000, 0] };
    expect((await acquire(2, some)).offsets).toEqual([1]);
    expect(alarmMs).toBe(5_000);
    restart();
    expect(coordinator.describe()).toMatchObject({ startOffset: 0, available: 1, delayed: 1, acquired: 1 });
    nowMs = 5_000;
    told = 0;
    await coordinator.ring();
    expect(told).toBe(1);
    expect((await acquire(2)).offsets).toEqual([0]);
  });

  test("beyond what an alarm can be set to rings in between", async () => {
    await acquire(1, { ...records(0, 1), notBeforeMs: [9e15] });
    expect(alarmMs).toBe(nowMs + MAX_SHARE_DELAY_MS);
    nowMs = alarmMs;
    alarmMs = Number.POSITIVE_INFINITY;
    await coordinator.ring();
    expect(alarmMs).toBe(nowMs + MAX_SHARE_DELAY_MS);
  });

  test("holds up those that its order puts behind it", async () => {
    const some = { ...records(0, 3), keyHashes: [7, 7, 8], notBeforeMs: [5_000, 0, 0] };
    expect((await acquire(3, some, { order: "key" })).offsets).toEqual([2]);
    nowMs = 5_000;
    expect((await acquire(3, undefined, { order: "key" })).offsets).toEqual([0]);
  });
});

describe("a restart", () => {
  test("keeps leases and what was settled", async () => {
    const { token } = await acquire(3, records(0, 3));
    await coordinator.settle({ address: address(), settlements: [{ action: "accept", offset: 1, token }] });
    restart();
    expect(coordinator.describe()).toMatchObject({ startOffset: 0, endOffset: 3, acquired: 2, counters: { acknowledged: 1 } });
    const settlements = [0, 1].map((offset) => ({ action: "accept" as const, offset, token }));
    const settled = await coordinator.settle({ address: address(), settlements });
    expect(settled.map((refused) => refused?.error ?? null)).toEqual([null, "INVALID_RECORD_STATE"]);
  });
});

describe("a deletion", () => {
  test("of its group before it began refuses it", async () => {
    groupIs = failure("GROUP_ID_NOT_FOUND", "gone");
    expect(await coordinator.acquire({ address: address(), maxRecords: 1, maxBytes: 1 })).toBe(groupIs);
    expect(store.partition()).toBeNull();
  });

  test("while it begins leaves nothing stored", async () => {
    const gate = Promise.withResolvers<number>();
    begin = gate.promise;
    const opening = coordinator.open(address());
    await coordinator.destroy();
    gate.resolve(0);
    expect((await opening)?.error).toBe("GROUP_ID_NOT_FOUND");
    expect(store.partition()).toBeNull();
  });
});

describe("dead letters", () => {
  /** Rejects these records, and rings the alarm that this sets. */
  async function reject(offsets: readonly number[]): Promise<void> {
    const { token } = await acquire(offsets.length, records(offsets[0]!, offsets.length), DEAD);
    const settlements = offsets.map((offset) => ({ action: "reject" as const, offset, token }));
    await coordinator.settle({ address: address(DEAD), settlements });
    expect(alarmMs).toBeLessThanOrEqual(nowMs);
    await coordinator.ring();
  }

  const sent = () => runs.map(({ producerId, sequence, letters }) => [producerId, sequence, letters.map(({ offset }) => offset)]);

  test("go under sequences that run on", async () => {
    await reject([0, 1]);
    await reject([2]);
    expect(sent()).toEqual([
      [1, 0, [0, 1]],
      [1, 2, [2]],
    ]);
    expect(coordinator.describe()).toMatchObject({ startOffset: 3, archiving: 0, counters: { archived: 3, deadLettered: 3 } });
  });

  test("that fail are sent again as they were, later each time, over a restart too", async () => {
    outcomes = ["LEADER_NOT_AVAILABLE", "LEADER_NOT_AVAILABLE"];
    await reject([0]);
    expect(coordinator.describe()).toMatchObject({ archiving: 1, deadLetterError: "LEADER_NOT_AVAILABLE: told to" });
    alarmMs = Number.POSITIVE_INFINITY;
    await coordinator.ring();
    expect([runs.length, alarmMs - nowMs]).toEqual([1, 500]);
    nowMs = alarmMs;
    await coordinator.ring();
    restart();
    await reject([1]);
    expect(sent()).toEqual([
      [1, 0, [0]],
      [1, 0, [0]],
      [1, 0, [0]],
      [1, 1, [1]],
    ]);
  });

  test("wait for their turn where a call broke, as where it was refused", async () => {
    outcomes = ["NETWORK_EXCEPTION"];
    await reject([0]);
    expect(coordinator.describe()).toMatchObject({ archiving: 1, deadLetterError: "Error: the object was reset" });
    nowMs += 500;
    await coordinator.ring();
    expect([sent(), coordinator.describe()?.archiving]).toEqual([
      [
        [1, 0, [0]],
        [1, 0, [0]],
      ],
      0,
    ]);
  });

  test("get another producer where the topic has forgotten theirs", async () => {
    await reject([0]);
    outcomes = ["OUT_OF_ORDER_SEQUENCE_NUMBER"];
    await reject([1]);
    nowMs += 60_000;
    await coordinator.ring();
    expect(sent()).toEqual([
      [1, 0, [0]],
      [1, 1, [1]],
      [2, 0, [1]],
    ]);
  });

  test("are counted and dropped where the group has no topic for them any more", async () => {
    outcomes = ["LEADER_NOT_AVAILABLE"];
    await reject([0]);
    await coordinator.acquire({ address: { ...address(), settingsVersion: 2 }, maxRecords: 0, maxBytes: 1 });
    expect(coordinator.describe()).toMatchObject({ archiving: 0, counters: { archived: 1, deadLettered: 0 } });
  });
});

test("who waits is told when a record comes back, and not when one goes", async () => {
  const { token } = await acquire(2, records(0, 2));
  const before = told;
  await coordinator.settle({ address: address(), settlements: [{ action: "accept", offset: 0, token }] });
  expect(told).toBe(before);
  await coordinator.settle({ address: address(), settlements: [{ action: "release", offset: 1, delayMs: 0, token }] });
  expect(told).toBe(before + 1);
});
