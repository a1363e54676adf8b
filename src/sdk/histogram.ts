// Percentiles of durations without keeping them: counts in buckets whose width grows with the value, 16 to each doubling, so that a
// percentile is right within 5 %. (HdrHistogram's idea, in its least form.)

const BUCKETS_PER_DOUBLING = 16;
/** From 1/16 ms, the finest clock that clients have, to beyond a day. */
const LOWEST = 1 / 16;
const BUCKETS = 32 * BUCKETS_PER_DOUBLING;

export interface Percentiles {
  readonly count: number;
  readonly averageMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(ms: number, times = 1): void {
    const bucket = ms <= LOWEST ? 0 : Math.ceil(Math.log2(ms / LOWEST) * BUCKETS_PER_DOUBLING);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = this.#counts[index]! + times;
    this.#count += times;
    this.#sumMs += ms * times;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  percentiles(): Percentiles {
    const at = (fraction: number) => this.#quantile(fraction);
    const averageMs = this.#count === 0 ? 0 : this.#sumMs / this.#count;
    return { count: this.#count, averageMs, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: this.#maxMs };
  }

  #quantile(fraction: number): number {
    let left = Math.ceil(fraction * this.#count);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(LOWEST * 2 ** (bucket / BUCKETS_PER_DOUBLING), this.#maxMs);
    }
    return this.#maxMs;
  }
}
