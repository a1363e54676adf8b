// Token buckets that go into debt: a charge is never refused, and whoever is in debt waits until it is paid. So a request that is larger
// than a second's worth passes, as in Kafka, and is paid for afterwards. One isolate counts what passes through it: a client that talks
// to several at once has the rate in each.

import { MAX_QUOTA_BUCKETS, MAX_THROTTLE_MS, QUOTA_BURST_S } from "../common/limits/security.ts";
import type { QuotaLimit } from "./client-quota.ts";

interface Bucket {
  /** Below 0: debt. */
  tokens: number;
  filledAtMs: number;
}

export class TokenBuckets {
  readonly #now: () => number;
  /** By key, the least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param now ms; any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes `amount` out of a bucket. @returns how long whoever did it is to wait, ms */
  charge(name: string, { entityKey, rate }: QuotaLimit, amount: number): number {
    const bucket = this.#fill(`${name} ${entityKey}`, rate);
    bucket.tokens -= amount;
    return waitMs(bucket.tokens, rate);
  }

  /** How long to wait until nothing is owed, ms. */
  owedMs(name: string, limit: QuotaLimit): number {
    return this.charge(name, limit, 0);
  }

  #fill(key: string, rate: number): Bucket {
    const now = this.#now();
    const most = rate * QUOTA_BURST_S;
    const bucket = this.#buckets.get(key) ?? { tokens: most, filledAtMs: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.filledAtMs) / 1000) * rate);
    bucket.filledAtMs = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_QUOTA_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}

function waitMs(tokens: number, rate: number): number {
  return tokens >= 0 ? 0 : Math.min(MAX_THROTTLE_MS, Math.ceil((-tokens / rate) * 1000));
}
