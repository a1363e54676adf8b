import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Schedule } from "../../../src/coordinator/group-coordinator.ts";
import { GroupTimers, QUIET_BEFORE_SLEEP_MS } from "../../../src/objects/group-timers.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function startTimers(alarmAtMs: number | null = null) {
  const alarms: number[] = [];
  const expire = vi.fn();
  const sleep = vi.fn();
  const timers = new GroupTimers(alarmAtMs, { now: Date.now, setAlarm: (atMs) => alarms.push(atMs), expire, sleep });
  const update = (changes: Partial<Schedule>) =>
    timers.update({ deadlineMs: null, isRebalancing: false, hasUnstoredSessions: false, ...changes });
  return { timers, update, alarms, expire, sleep };
}

test("a group that needs nothing sets no alarm and no timer", () => {
  const { update, alarms } = startTimers();
  update({});
  expect([alarms, vi.getTimerCount()]).toEqual([[], 0]);
});

test("the alarm is set for the earliest deadline, and stays where a later one would do", () => {
  const { timers, update, alarms } = startTimers();
  for (const deadlineMs of [1_030_000, 1_040_000, 1_020_000, 1_025_000]) update({ deadlineMs });
  expect(alarms).toEqual([1_030_000, 1_020_000]);
  timers.alarmIsGone();
  update({ deadlineMs: 1_050_000 });
  expect(alarms).toEqual([1_030_000, 1_020_000, 1_050_000]);
});

test("an alarm from before the start is known", () => {
  const { update, alarms } = startTimers(1_010_000);
  update({ deadlineMs: 1_020_000 });
  expect(alarms).toEqual([]);
  update({ deadlineMs: 1_005_000 });
  expect(alarms).toEqual([1_005_000]);
});

test("a rebalance is ended by a timer to the millisecond, with the alarm far behind", () => {
  const { update, alarms, expire } = startTimers();
  update({ deadlineMs: 1_000_100, isRebalancing: true });
  update({ deadlineMs: 1_000_100, isRebalancing: true });
  expect(alarms).toEqual([1_030_000]);
  vi.advanceTimersByTime(99);
  expect(expire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expire).toHaveBeenCalledTimes(1);
});

test("a deadline that moves takes the timer along, and a rebalance that ends takes it away", () => {
  const { update, expire } = startTimers();
  update({ deadlineMs: 1_000_100, isRebalancing: true });
  update({ deadlineMs: 1_000_300, isRebalancing: true });
  vi.advanceTimersByTime(299);
  expect(expire).not.toHaveBeenCalled();
  update({ deadlineMs: 1_045_000 });
  vi.advanceTimersByTime(60_000);
  expect([expire.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
});

test("sessions are stored after a quiet time, counted from the last call", () => {
  const { update, sleep } = startTimers();
  for (let i = 0; i < 5; i++) {
    update({ hasUnstoredSessions: true });
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(QUIET_BEFORE_SLEEP_MS - 1);
  }
  expect(sleep).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect([sleep.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test("a group that begins to rebalance while it is quiet does not sleep", () => {
  const { update, sleep } = startTimers();
  update({ hasUnstoredSessions: true });
  update({ isRebalancing: true, deadlineMs: 1_060_000 });
  vi.advanceTimersByTime(2 * QUIET_BEFORE_SLEEP_MS);
  expect(sleep).not.toHaveBeenCalled();
});
