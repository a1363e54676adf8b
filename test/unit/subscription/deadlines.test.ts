// Time limits of calls that share signals: none is told too early, none is forgotten, and no timer is left behind.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadlines } from "../../../src/subscription/deadlines.ts";

const TIMEOUT_MS = 8_000;

function timer(delayMs: number, work: () => void): () => void {
  const id = setTimeout(work, delayMs);
  return () => clearTimeout(id);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a call is told once it has had its time, and at the latest an eighth later", () => {
  const deadlines = new Deadlines(TIMEOUT_MS, timer);
  const first = deadlines.enter();
  vi.advanceTimersByTime(999);
  const last = deadlines.enter();
  expect(last.signal).toBe(first.signal);
  vi.advanceTimersByTime(TIMEOUT_MS);
  expect(last.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(first.signal.aborted).toBe(true);
});

test("what begins later has its own time", () => {
  const deadlines = new Deadlines(TIMEOUT_MS, timer);
  const early = deadlines.enter();
  vi.advanceTimersByTime(1_000);
  const late = deadlines.enter();
  vi.advanceTimersByTime(TIMEOUT_MS);
  expect([early.signal.aborted, late.signal.aborted]).toEqual([true, false]);
  vi.advanceTimersByTime(1_000);
  expect(late.signal.aborted).toBe(true);
});

test("calls that are over leave no timer, and tell nobody", () => {
  const deadlines = new Deadlines(TIMEOUT_MS, timer);
  const calls = [deadlines.enter(), deadlines.enter()];
  calls[0]!.leave();
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(1);
  calls[1]!.leave();
  expect(vi.getTimerCount()).toBe(0);
  const next = deadlines.enter();
  next.leave();
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(10 * TIMEOUT_MS);
  expect([...calls, next].map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
});
