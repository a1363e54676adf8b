// Which quota is a client's, and what it makes it wait.

import { describe, expect, test } from "vitest";
import { MAX_QUOTA_BUCKETS, MAX_THROTTLE_MS, QUOTA_BURST_S } from "../../../src/common/limits/security.ts";
import { checkQuotaChange, type QuotaEntity, QuotaIndex } from "../../../src/security/client-quota.ts";
import { TokenBuckets } from "../../../src/security/token-bucket.ts";

/** Kafka's order, the most special first. */
const ENTITIES: readonly QuotaEntity[] = [
  { user: "u", clientId: "c" },
  { user: "u", clientId: null },
  { user: "u" },
  { user: null, clientId: "c" },
  { user: null, clientId: null },
  { user: null },
  { clientId: "c" },
  { clientId: null },
];

test("of the quotas that fit a client the most special counts, in Kafka's order", () => {
  const quotas = ENTITIES.map((entity, index) => ({ entity, values: { producer_byte_rate: index + 1 } }));
  for (let first = 0; first < quotas.length; first++) {
    const index = new QuotaIndex(quotas.slice(first).reverse());
    expect(index.limit("producer_byte_rate", "u", "c")?.rate).toBe(first + 1);
  }
  expect(new QuotaIndex(quotas).limit("consumer_byte_rate", "u", "c")).toBeNull();
  expect(new QuotaIndex([]).limit("producer_byte_rate", "u", "c")).toBeNull();
});

test("who falls under a default does not share it, and who has the same entity does", () => {
  const index = new QuotaIndex([{ entity: { user: null }, values: { request_rate: 5 } }]);
  const key = (user: string, clientId: string) => index.limit("request_rate", user, clientId)!.entityKey;
  expect(key("a", "1")).toBe(key("a", "2"));
  expect(key("a", "1")).not.toBe(key("b", "1"));
});

test.each([
  [{ entity: {}, values: {} }, /for a user, a client id/],
  [{ entity: { user: "" }, values: {} }, /empty/],
  [{ entity: { user: "u" }, values: { request_percentage: 50 } }, /use request_rate/],
  [{ entity: { user: "u" }, values: { nonsense: 1 } }, /no quota 'nonsense'/],
  [{ entity: { user: "u" }, values: { request_rate: 0 } }, /above 0/],
  [{ entity: { user: "u" }, values: { request_rate: Number.NaN } }, /above 0/],
])("a change %j is refused", (change, detail) => {
  expect(checkQuotaChange(change)).toMatchObject({ error: "INVALID_REQUEST", detail: expect.stringMatching(detail) });
});

describe("a bucket", () => {
  const limit = { entityKey: "e", rate: 100 };

  test("lets a burst through, then makes what is above the rate wait for as long as it takes", () => {
    let now = 1_000;
    const buckets = new TokenBuckets(() => now);
    expect(buckets.charge("k", limit, 100 * QUOTA_BURST_S)).toBe(0);
    expect(buckets.charge("k", limit, 50)).toBe(500);
    expect(buckets.owedMs("k", limit)).toBe(500);
    now += 500;
    expect(buckets.owedMs("k", limit)).toBe(0);
    expect(buckets.charge("k", limit, 1)).toBe(10);
  });

  test("is never fuller than a burst, however long it was idle", () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    buckets.charge("k", limit, 1);
    now = 3_600_000;
    expect(buckets.charge("k", limit, 100 * QUOTA_BURST_S + 1)).toBe(10);
  });

  test("over any time lets no more through than the rate and one burst", () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    let total = 0;
    while (now < 60_000) {
      total += 70;
      now += buckets.charge("k", limit, 70);
      if (buckets.owedMs("k", limit) === 0) now += 1;
    }
    expect(total).toBeLessThanOrEqual(100 * (60 + QUOTA_BURST_S) + 2 * 70);
    expect(total).toBeGreaterThanOrEqual(100 * 60);
  });

  test("tells nobody to wait longer than a client does, and forgets nothing of the debt", () => {
    let now = 0;
    const buckets = new TokenBuckets(() => now);
    expect(buckets.charge("k", limit, 100_000)).toBe(MAX_THROTTLE_MS);
    now += MAX_THROTTLE_MS;
    expect(buckets.owedMs("k", limit)).toBe(MAX_THROTTLE_MS);
  });

  test("is one of a bounded number: the one that was used least recently goes", () => {
    const buckets = new TokenBuckets(() => 0);
    buckets.charge("k", limit, 100 * QUOTA_BURST_S + 1);
    for (let i = 0; i < MAX_QUOTA_BUCKETS; i++) buckets.charge("k", { entityKey: String(i), rate: 1 }, 1);
    expect(buckets.owedMs("k", limit)).toBe(0);
  });
});
