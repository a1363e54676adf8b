// The share partition against a naive model, by random steps with restarts in between, and rule by rule.

import { describe, expect, test } from "vitest";
import { DEFAULT_SHARE_SETTINGS, SHARE_ORDERS, type ShareSettings } from "../../../src/common/share-settings.ts";
import type { Settlement, SettlementAction } from "../../../src/coordinator/share-messages.ts";
import { SharePartition } from "../../../src/coordinator/share-partition.ts";
import { MemorySharePartitionStore } from "../../../src/storage/memory-share-partition-store.ts";
import { seededRandom } from "../../support/random.ts";
import { ShareModel } from "../../support/share-model.ts";

const NO_END = { maxRecords: 1_000, maxBytes: Number.POSITIVE_INFINITY };

function start(settings: Partial<ShareSettings> = {}, endOffset = 0): SharePartition {
  return new SharePartition(
    {
      ...{ groupId: "g", groupUuid: "u", topicId: "t", topic: "topic", partition: 0, endOffset },
      settings: { ...DEFAULT_SHARE_SETTINGS, maxDeliveries: 3, ...settings },
      settingsVersion: 1,
      counters: { acknowledged: 0, archived: 0, deadLettered: 0 },
      deadLetters: null,
    },
    [],
    0,
  );
}

/** Loads records at these offsets, with these keys. */
function load(partition: SharePartition, keys: readonly (number | null)[], nowMs = 0, nextOffset?: number): void {
  const fromOffset = partition.endOffset;
  const offsets = keys.map((_, index) => fromOffset + index);
  const sizes = keys.map(() => 10);
  const ends = { nextOffset: nextOffset ?? fromOffset + keys.length, readableEndOffset: fromOffset + keys.length, logStartOffset: 0 };
  const { settingsVersion } = partition.stored;
  expect(partition.load({ fromOffset, settingsVersion, offsets, keyHashes: keys, sizes, ...ends }, nowMs)).toBe(true);
}

function acquire(partition: SharePartition, token: number, nowMs: number, maxRecords = 1_000, leaseMs = 100): number[] {
  return partition.acquire({ ...NO_END, maxRecords, leaseMs, token }, nowMs).map(({ offset }) => offset);
}

function settle(partition: SharePartition, action: SettlementAction, token: number, nowMs: number, ...offsets: number[]) {
  return offsets.map((offset) => partition.settle({ ...action, offset, token } as Settlement, nowMs)?.error ?? null);
}

const ACCEPT = { action: "accept" } as const;
const REJECT = { action: "reject" } as const;
const release = (delayMs = 0) => ({ action: "release", delayMs }) as const;

describe.each(SHARE_ORDERS)("order %s, by random steps", (order) => {
  test.each([1, 2, 3, 4, 5, 6])("does what the model does (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const pick = (count: number): number => Math.floor(random() * count);
    const hasDeadLetterTopic = seed % 2 === 0;
    const store = new MemorySharePartitionStore();
    let partition = start({ order, deadLetterTopic: hasDeadLetterTopic ? "dead" : null });
    const model = Object.assign(new ShareModel(), { order, hasDeadLetterTopic });
    const leases: { readonly offset: number; readonly token: number }[] = [];
    let nowMs = 0;
    for (let step = 0; step < 1_500; step++) {
      nowMs += pick(3) === 0 ? pick(40) : 0;
      const choice = pick(10);
      if (choice < 2 && partition.inFlight < 60) {
        const keys = Array.from({ length: pick(8) + 1 }, () => (pick(5) === 0 ? null : pick(4)));
        const fromOffset = partition.endOffset;
        const gap = pick(3);
        load(partition, keys, nowMs, fromOffset + keys.length + gap);
        const records = keys.map((key, index) => ({ offset: fromOffset + index, key }));
        model.load(records, fromOffset + keys.length + gap);
      } else if (choice < 5) {
        const [maxRecords, leaseMs] = [pick(6) + 1, 20 + pick(200)];
        const acquired = acquire(partition, step + 1, nowMs, maxRecords, leaseMs);
        expect(acquired).toEqual(model.acquire(maxRecords, leaseMs, step + 1, nowMs));
        leases.push(...acquired.map((offset) => ({ offset, token: step + 1 })));
      } else if (choice < 9 && leases.length > 0) {
        const lease = leases[pick(Math.min(leases.length, 20)) + Math.max(0, leases.length - 20)]!;
        settleBoth(partition, model, lease, pick(6), pick(2) * pick(60), nowMs);
      } else if (hasDeadLetterTopic && partition.archivingCount > 0) {
        const offsets = partition.archiving().map(({ offset }) => offset);
        partition.deadLettered(offsets);
        for (const record of model.records) if (offsets.includes(record.offset)) record.state = "archived";
      } else {
        const change = partition.takeChange();
        if (change !== null) store.write(change);
        const stored = store.partition();
        if (stored !== null) partition = new SharePartition(stored, store.blocks(), nowMs);
      }
      partition.expire(nowMs);
      model.expire(nowMs);
      expect(shapeOf(partition)).toEqual(shapeOfModel(model));
    }
    expect(model.records.filter(({ state }) => state === "acknowledged").length).toBeGreaterThan(20);
  });
});

function settleBoth(
  partition: SharePartition,
  model: ShareModel,
  lease: { readonly offset: number; readonly token: number },
  choice: number,
  delayMs: number,
  nowMs: number,
): void {
  const held = model.held(lease.offset, lease.token, nowMs);
  const [action, change] = (
    [
      [ACCEPT, () => Object.assign(held!, { state: "acknowledged", token: 0 })],
      [ACCEPT, () => Object.assign(held!, { state: "acknowledged", token: 0 })],
      [REJECT, () => model.giveUp(held!)],
      [release(delayMs), () => model.release(held!, delayMs, nowMs)],
      [{ action: "giveBack" }, () => model.giveBack(held!, nowMs)],
      [{ action: "renew", leaseMs: 50 + delayMs }, () => Object.assign(held!, { atMs: nowMs + 50 + delayMs })],
    ] as const
  )[choice]!;
  const refused = partition.settle({ ...action, ...lease } as Settlement, nowMs);
  expect(refused?.error ?? null).toBe(held === undefined ? "INVALID_RECORD_STATE" : null);
  if (held !== undefined) change();
}

const NAMES = { 0: "available", 1: "acquired", 3: "archiving" } as Record<number, string>;

function shapeOf(partition: SharePartition) {
  const records = [...partition.records()].map(({ offset, state, deliveryCount, token }) => [offset, NAMES[state], deliveryCount, token]);
  return { records, startOffset: partition.startOffset, endOffset: partition.endOffset };
}

function shapeOfModel(model: ShareModel) {
  const records = model.undecided.map(({ offset, state, deliveries, token }) => [offset, state, deliveries, token]);
  return { records, startOffset: model.startOffset, endOffset: model.endOffset };
}

test("the start offset moves with what is decided without a gap", () => {
  const partition = start({}, 100);
  load(partition, [null, null, null]);
  acquire(partition, 1, 0);
  settle(partition, ACCEPT, 1, 0, 101);
  expect(partition.startOffset).toBe(100);
  settle(partition, REJECT, 1, 0, 100);
  expect(partition.startOffset).toBe(102);
  settle(partition, ACCEPT, 1, 0, 102);
  expect([partition.startOffset, partition.stored.counters]).toEqual([103, { acknowledged: 2, archived: 1, deadLettered: 0 }]);
});

test("a lease that ended does not count any more, and the record has another delivery", () => {
  const partition = start();
  load(partition, [null]);
  acquire(partition, 1, 0);
  expect(acquire(partition, 2, 99)).toEqual([]);
  expect(partition.nextAtMs()).toBe(100);
  expect(acquire(partition, 2, 100)).toEqual([0]);
  expect(settle(partition, ACCEPT, 1, 101, 0)).toEqual(["INVALID_RECORD_STATE"]);
  expect([...partition.records()][0]!.deliveryCount).toBe(2);
  expect(settle(partition, ACCEPT, 2, 101, 0)).toEqual([null]);
});

test("a renewed lease ends later", () => {
  const partition = start();
  load(partition, [null]);
  acquire(partition, 1, 0);
  expect(settle(partition, { action: "renew", leaseMs: 500 }, 1, 50, 0)).toEqual([null]);
  expect(acquire(partition, 2, 549)).toEqual([]);
  expect(acquire(partition, 2, 550)).toEqual([0]);
});

test("after its last delivery a record is archived, or waits for the dead-letter topic", () => {
  for (const deadLetterTopic of [null, "dead"]) {
    const partition = start({ maxDeliveries: 2, deadLetterTopic });
    load(partition, [null]);
    acquire(partition, 1, 0);
    settle(partition, release(), 1, 0, 0);
    acquire(partition, 2, 0);
    settle(partition, release(), 2, 0, 0);
    expect(acquire(partition, 3, 0)).toEqual([]);
    expect(partition.archivingCount).toBe(deadLetterTopic === null ? 0 : 1);
    partition.deadLettered([0]);
    expect(partition.startOffset).toBe(1);
    expect(partition.stored.counters).toEqual({ acknowledged: 0, archived: 1, deadLettered: deadLetterTopic === null ? 0 : 1 });
  }
});

test("a key whose record waits for its retry holds back its later ones, and no other key", () => {
  const partition = start({ order: "key" });
  load(partition, [7, 7, 8, null, 7]);
  expect(acquire(partition, 1, 0)).toEqual([0, 2, 3]);
  settle(partition, release(50), 1, 0, 0);
  settle(partition, ACCEPT, 1, 0, 2, 3);
  expect(acquire(partition, 2, 49)).toEqual([]);
  expect(acquire(partition, 2, 50)).toEqual([0]);
  settle(partition, ACCEPT, 2, 50, 0);
  expect(acquire(partition, 3, 50)).toEqual([1]);
});

test("of an ordered partition one worker at a time has records, and those behind a released one come back uncounted", () => {
  const partition = start({ order: "partition" });
  load(partition, [1, 2, 3, 4]);
  expect(acquire(partition, 1, 0, 3)).toEqual([0, 1, 2]);
  expect(acquire(partition, 2, 0)).toEqual([]);
  settle(partition, ACCEPT, 1, 0, 0);
  settle(partition, release(), 1, 0, 1);
  expect(settle(partition, ACCEPT, 1, 0, 2)).toEqual(["INVALID_RECORD_STATE"]);
  expect(partition.acquire({ ...NO_END, leaseMs: 100, token: 3 }, 0).map(({ offset, deliveryCount }) => [offset, deliveryCount])).toEqual([
    [1, 2],
    [2, 1],
    [3, 1],
  ]);
});

test("takes no more than it may have under way", () => {
  const partition = start({ maxInFlight: 3 });
  expect(partition.room).toBe(3);
  load(partition, [null, null, null]);
  expect([partition.isFull, partition.room]).toEqual([true, 0]);
  acquire(partition, 1, 0);
  settle(partition, ACCEPT, 1, 0, 1);
  expect([partition.isFull, partition.room]).toEqual([false, 1]);
});

test("hands out no more bytes than wanted, but a first record that is larger", () => {
  const partition = start();
  load(partition, [null, null, null]);
  const sized = (token: number, maxBytes: number) => partition.acquire({ maxRecords: 10, maxBytes, leaseMs: 100, token }, 0).length;
  expect([sized(1, 5), sized(2, 20)]).toEqual([1, 2]);
});

test("what does not go on where the last ended is not taken in", () => {
  const partition = start();
  load(partition, [null, null]);
  const ends = { nextOffset: 3, readableEndOffset: 3, logStartOffset: 0 };
  expect(partition.load({ fromOffset: 1, settingsVersion: 1, offsets: [1, 2], keyHashes: [null, null], sizes: [1, 1], ...ends }, 0)).toBe(
    false,
  );
  expect([partition.endOffset, partition.inFlight]).toEqual([2, 2]);
});

test("what retention took is archived, but for what somebody holds", () => {
  const partition = start();
  load(partition, [null, null, null]);
  acquire(partition, 1, 0, 1);
  const ends = { nextOffset: 4, readableEndOffset: 4, logStartOffset: 2 };
  partition.load({ fromOffset: 3, settingsVersion: 1, offsets: [3], keyHashes: [null], sizes: [1], ...ends }, 0);
  expect([...partition.records()].map(({ offset }) => offset)).toEqual([0, 2, 3]);
  expect(settle(partition, release(), 1, 0, 0)).toEqual([null]);
  expect(partition.startOffset).toBe(2);
});

test("another order counts for what is under way too", () => {
  const partition = start();
  load(partition, [7, 7, 7]);
  expect(acquire(partition, 1, 0, 1)).toEqual([0]);
  partition.configure({ ...partition.stored.settings, order: "key" }, 2, 0);
  expect(acquire(partition, 2, 0)).toEqual([]);
  settle(partition, ACCEPT, 1, 0, 0);
  expect(acquire(partition, 2, 0)).toEqual([1]);
});

test("what is loaded again after a reset is stored, also where both are written at once", () => {
  const store = new MemorySharePartitionStore();
  const partition = start();
  load(partition, [null, null]);
  store.write(partition.takeChange()!);
  partition.reset(0);
  load(partition, [null, null, null]);
  store.write(partition.takeChange()!);
  const next = new SharePartition(store.partition()!, store.blocks(), 0);
  expect([next.inFlight, next.endOffset]).toEqual([3, 3]);
  expect(acquire(next, 1, 0)).toEqual([0, 1, 2]);
});

test("a reset voids every lease", () => {
  const partition = start({}, 10);
  load(partition, [null, null]);
  acquire(partition, 1, 0);
  partition.reset(5);
  expect(settle(partition, ACCEPT, 1, 0, 10)).toEqual(["INVALID_RECORD_STATE"]);
  expect([partition.startOffset, partition.endOffset, partition.nextAtMs()]).toEqual([5, 5, null]);
});

test("leases that were settled in time leave nothing behind", () => {
  const partition = start();
  for (let round = 0; round < 50; round++) {
    load(
      partition,
      Array.from({ length: 100 }, () => null),
    );
    const acquired = acquire(partition, round + 1, round, 1_000, 1_000_000);
    expect(settle(partition, ACCEPT, round + 1, round, ...acquired).every((refused) => refused === null)).toBe(true);
  }
  expect(partition.nextAtMs()).toBeNull();
  const change = partition.takeChange();
  expect(change?.blocks).toEqual([]);
});
