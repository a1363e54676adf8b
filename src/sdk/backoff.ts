// How long to wait before a request is made again: Kafka's exponential backoff (KIP-580), `retry.backoff.ms` doubled with each attempt up
// to `retry.backoff.max.ms`, 20 % more or less, so that clients that failed together do not come back together.

const JITTER = 0.2;

export interface Backoff {
  /** Before the first repetition (ms). */
  readonly initialMs: number;
  /** Before any (ms). */
  readonly maxMs: number;
}

/** Kafka's defaults. */
export const DEFAULT_BACKOFF: Backoff = { initialMs: 100, maxMs: 1_000 };

/** @param attempt 0 for the wait before the first repetition; @param retryAfterMs what the broker asked for, which is the least */
export function backoffMs({ initialMs, maxMs }: Backoff, attempt: number, retryAfterMs = 0): number {
  const even = Math.min(initialMs * 2 ** Math.min(attempt, 30), maxMs);
  const wait = even * (1 - JITTER + 2 * JITTER * Math.random());
  return Math.max(wait, retryAfterMs);
}

/** Resolves after `ms`; rejects with the signal's reason once it aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
