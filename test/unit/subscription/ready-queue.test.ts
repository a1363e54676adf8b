// What is ready goes in the order in which it became so, in calls that are as full as they may be.

import { expect, test } from "vitest";
import { distrust, type HeldRecord, type Lane, newLane } from "../../../src/subscription/lane.ts";
import { ReadyQueue } from "../../../src/subscription/ready-queue.ts";

const NOW = 1_000;
const PLENTY = { maxRecords: 10_000, maxBytes: 1_000_000 };

function held(offset: number, { lane = null, sizeBytes = 1, readyMs = 0 }: Partial<HeldRecord> = {}): HeldRecord {
  const record = { offset, timestamp: 0, key: null, value: null, headers: [] };
  return { offset, origin: { topic: "t", partition: 0 }, record, sizeBytes, lane, arrivedMs: NOW, readyMs, isSettled: false };
}

function laneWith(...offsets: number[]): Lane {
  const lane = newLane(`lane of ${offsets}`);
  lane.queue = offsets.map((offset) => held(offset, { lane }));
  return lane;
}

const offsetsOf = (records: readonly HeldRecord[]) => records.map(({ offset }) => offset);
const takeOffsets = (queue: ReadyQueue, limits = PLENTY) => offsetsOf(queue.take(limits, NOW));

test("lanes and records without one go by the time when they entered", () => {
  const queue = new ReadyQueue();
  for (const unit of [held(7), laneWith(1, 8), held(9), laneWith(2)]) queue.enter(unit, NOW);
  expect(queue.records).toBe(5);
  expect(takeOffsets(queue, { maxRecords: 2, maxBytes: 100 })).toEqual([1, 7]); // of the lane one has room: it leaves with the other
  expect(queue.records).toBe(2);
  expect(takeOffsets(queue)).toEqual([2, 9]);
  expect([queue.records, queue.bytes, queue.first, takeOffsets(queue)]).toEqual([0, 0, undefined, []]);
});

test("a call ends before the record that would outgrow it, and has one in any case", () => {
  const queue = new ReadyQueue();
  for (const [offset, sizeBytes] of [50, 40, 20, 5, 200].entries()) queue.enter(held(offset, { sizeBytes }), NOW);
  const limits = { maxRecords: 10, maxBytes: 100 };
  expect([takeOffsets(queue, limits), takeOffsets(queue, limits), takeOffsets(queue, limits)]).toEqual([[0, 1], [2, 3], [4]]);
});

test("a lane that failed goes alone and keeps its place, however many go before it", () => {
  const queue = new ReadyQueue();
  const count = 3_000;
  const suspects = new Set([10, 1_500, 2_999]);
  for (let offset = 0; offset < count; offset++) {
    const lane = laneWith(offset);
    if (suspects.has(offset)) distrust(lane, 1);
    queue.enter(lane, NOW);
  }
  const rest = Array.from({ length: count }, (_, offset) => offset).filter((offset) => !suspects.has(offset));
  expect(takeOffsets(queue)).toEqual(rest);
  queue.enter(held(count), NOW);
  for (const offset of suspects) expect(takeOffsets(queue)).toEqual([offset]);
  expect(takeOffsets(queue)).toEqual([count]);
});

test("a lane that left is passed over, and may come again", () => {
  const queue = new ReadyQueue();
  const lane = laneWith(0, 1);
  queue.enter(lane, NOW);
  queue.enter(held(5), NOW);
  queue.leave(lane);
  expect([queue.records, queue.first]).toMatchObject([1, { offset: 5 }]);
  queue.enter(lane, NOW);
  expect(takeOffsets(queue)).toEqual([0, 1, 5]);
  expect(queue.first).toBeUndefined();
});

test("what is delayed is ready at its time, and not before", () => {
  const queue = new ReadyQueue();
  queue.enter(held(0, { readyMs: NOW + 20 }), NOW);
  queue.enter(held(1, { readyMs: NOW + 10 }), NOW);
  const lane = laneWith(2);
  lane.queue = [held(2, { lane, readyMs: NOW + 10 })];
  queue.enter(lane, NOW);
  expect([queue.first, queue.delayedUntilMs]).toEqual([undefined, NOW + 10]);
  queue.wake(NOW + 9);
  expect(queue.first).toBeUndefined();
  queue.wake(NOW + 10);
  expect([takeOffsets(queue), queue.delayedUntilMs]).toEqual([[1, 2], NOW + 20]);
  queue.wake(NOW + 20);
  expect([takeOffsets(queue), queue.delayedUntilMs]).toEqual([[0], null]);
});
