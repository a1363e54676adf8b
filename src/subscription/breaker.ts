// The circuit breaker of an endpoint. Closed, it counts deliveries that fail one after the other; at FAILURES_TO_OPEN it opens, and nothing
// new is sent. After a while it is half open: one probe goes out, which closes it, or opens it for longer.
//
// A delivery that is tried again says little when it fails again: it may be its records. So it counts once; while the breaker is not closed
// it goes out when its own backoff says so, one call at a time, and closes the breaker when it is taken. Many poisoned records can thus
// open the breaker, but not keep it from those behind them.

const FAILURES_TO_OPEN = 5;

/** How long it stays open: doubled from the first to the last, a random half of it left out. */
const FIRST_OPEN_MS = 1_000;
const LAST_OPEN_MS = 60_000;

export type BreakerState = "closed" | "open" | "halfOpen";

export class Breaker {
  readonly #random: () => number;
  #failures = 0;
  /** How often it opened since the last success. */
  #openings = 0;
  #openUntilMs = 0;
  #isProbing = false;

  /** @param random 0 to 1, 1 excluded */
  constructor(random: () => number) {
    this.#random = random;
  }

  state(nowMs: number): BreakerState {
    if (this.#openings === 0) return "closed";
    return nowMs < this.#openUntilMs ? "open" : "halfOpen";
  }

  /** Until then nothing goes out that has not failed before (ms since the epoch); 0 where it is closed. */
  get openUntilMs(): number {
    return this.#openings === 0 ? 0 : this.#openUntilMs;
  }

  /** A call is under way that will tell more: no other goes out. */
  get isProbing(): boolean {
    return this.#isProbing;
  }

  /** A call goes out. @returns whether it is a probe */
  sent(nowMs: number): boolean {
    if (this.state(nowMs) === "closed") return false;
    this.#isProbing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#isProbing = false;
  }

  /** @param isFirst of this delivery */
  failed(call: { readonly isProbe: boolean; readonly isFirst: boolean }, nowMs: number): void {
    if (call.isProbe) {
      this.#isProbing = false;
      if (call.isFirst) this.#open(nowMs);
    } else if (this.#openings === 0 && call.isFirst) {
      this.#failures += 1;
      if (this.#failures >= FAILURES_TO_OPEN) this.#open(nowMs);
    }
  }

  #open(nowMs: number): void {
    const spanMs = Math.min(LAST_OPEN_MS, FIRST_OPEN_MS * 2 ** this.#openings);
    this.#openUntilMs = nowMs + Math.ceil((spanMs * (1 + this.#random())) / 2);
    this.#openings += 1;
  }
}
