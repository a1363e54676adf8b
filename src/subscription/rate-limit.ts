// Calls per second to one endpoint: a token bucket that holds a second's worth. Kept in memory: after a restart a second's worth may go
// out at once.

export class RateLimit {
  readonly #perSecond: number | null;
  readonly #capacity: number;
  #tokens: number;
  #filledMs: number;

  /** @param perSecond null: no limit */
  constructor(perSecond: number | null, nowMs: number) {
    this.#perSecond = perSecond;
    this.#capacity = Math.max(1, perSecond ?? 1);
    this.#tokens = this.#capacity;
    this.#filledMs = nowMs;
  }

  /** When the next call may go out; now or earlier where it may at once. */
  nextMs(nowMs: number): number {
    if (this.#perSecond === null) return nowMs;
    this.#fill(this.#perSecond, nowMs);
    return this.#tokens >= 1 ? nowMs : nowMs + Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1_000);
  }

  /** A call goes out. */
  sent(): void {
    if (this.#perSecond !== null) this.#tokens -= 1;
  }

  #fill(perSecond: number, nowMs: number): void {
    const earned = (Math.max(0, nowMs - this.#filledMs) / 1_000) * perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + earned);
    this.#filledMs = nowMs;
  }
}
