// When calls go out: backoff, Retry-After, the rate limit, the breaker, and the notBefore header.

import { expect, test } from "vitest";
import { backoffMs, MAX_RETRY_AFTER_MS, parseRetryAfter } from "../../../src/subscription/backoff.ts";
import { Breaker } from "../../../src/subscription/breaker.ts";
import { notBeforeMs } from "../../../src/subscription/not-before.ts";
import { RateLimit } from "../../../src/subscription/rate-limit.ts";
import { seededRandom } from "../../support/random.ts";

const RETRY = { maxAttempts: 9, minBackoffMs: 100, maxBackoffMs: 1_000 };

test("backoff is drawn from the whole span of the try, which doubles up to the last", () => {
  const random = seededRandom(1);
  const spanOf = (failures: number) => Array.from({ length: 2_000 }, () => backoffMs(failures, RETRY, random));
  for (const [failures, cap] of [
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [400, 1_000],
  ] as const) {
    const span = spanOf(failures);
    expect(Math.max(...span)).toBeLessThanOrEqual(cap);
    expect(Math.max(...span)).toBeGreaterThan(cap * 0.98);
    expect(Math.min(...span)).toBeLessThan(cap * 0.02 + 2);
    expect(Math.min(...span)).toBeGreaterThan(0);
  }
});

test.each([
  ["120", 120_000],
  ["0", 0],
  [" 5 ", 5_000],
  [new Date(Date.UTC(2026, 0, 1, 0, 0, 30)).toUTCString(), 30_000],
  [new Date(Date.UTC(2025, 0, 1)).toUTCString(), 0],
  ["9999999999", MAX_RETRY_AFTER_MS],
  ["soon", null],
  ["-5", null],
  [null, null],
])("Retry-After %j means %j ms", (header, expected) => {
  if (header === "-5") expect(parseRetryAfter(header, Date.UTC(2026, 0, 1)) ?? 0).toBe(0);
  else expect(parseRetryAfter(header, Date.UTC(2026, 0, 1))).toBe(expected);
});

test("the rate limit lets a second's worth through, then one at a time", () => {
  const limit = new RateLimit(4, 0);
  const sendAt = (nowMs: number): boolean => {
    if (limit.nextMs(nowMs) > nowMs) return false;
    limit.sent();
    return true;
  };
  expect(Array.from({ length: 6 }, () => sendAt(0))).toEqual([true, true, true, true, false, false]);
  expect(limit.nextMs(0)).toBe(250);
  expect([sendAt(249), sendAt(250), sendAt(251)]).toEqual([false, true, false]);
  expect(Array.from({ length: 6 }, () => sendAt(60_000)).filter(Boolean)).toHaveLength(4);
  expect(new RateLimit(null, 0).nextMs(7)).toBe(7);
});

test("the breaker opens after five deliveries that fail, lets one probe through, and closes on a success", () => {
  const breaker = new Breaker(() => 0.5);
  for (let i = 0; i < 5; i++) {
    expect([breaker.openUntilMs, breaker.isProbing]).toEqual([0, false]);
    breaker.failed({ isProbe: breaker.sent(0), isFirst: true }, 0);
  }
  const first = breaker.openUntilMs;
  expect([breaker.state(0), breaker.state(first - 1), breaker.state(first)]).toEqual(["open", "open", "halfOpen"]);
  expect([breaker.sent(first), breaker.isProbing]).toEqual([true, true]);
  breaker.failed({ isProbe: true, isFirst: true }, first);
  const second = breaker.openUntilMs;
  expect(second - first).toBeGreaterThan(first);
  expect(breaker.isProbing).toBe(false);
  breaker.sent(second);
  breaker.succeeded();
  expect(breaker.state(second)).toBe("closed");
});

test("what failed before and fails again does not keep the breaker open for longer", () => {
  const breaker = new Breaker(() => 0.5);
  for (let i = 0; i < 5; i++) breaker.failed({ isProbe: breaker.sent(0), isFirst: true }, 0);
  const { openUntilMs } = breaker;
  for (let i = 0; i < 50; i++) breaker.failed({ isProbe: breaker.sent(1), isFirst: false }, 1);
  expect([breaker.openUntilMs, breaker.isProbing]).toEqual([openUntilMs, false]);
});

test("one delivery that fails again and again does not open the breaker", () => {
  const breaker = new Breaker(() => 0.5);
  for (let attempt = 0; attempt < 50; attempt++) breaker.failed({ isProbe: breaker.sent(0), isFirst: attempt === 0 }, 0);
  expect(breaker.state(0)).toBe("closed");
});

test.each([
  ["1760000000000", 1_760_000_000_000],
  ["2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1)],
  ["nonsense", 0],
  ["", 0],
])("notBefore %j is %i", (text, expected) => {
  expect(notBeforeMs({ headers: [{ key: "notBefore", value: new TextEncoder().encode(text) }] })).toBe(expected);
});
