// When to try again: exponential backoff with full jitter, so that deliveries which failed together do not come back together, and the
// endpoint's own wish (Retry-After, RFC 9110 section 10.2.3: seconds, or a date).

import type { RetryPolicy } from "./config.ts";

/** Nobody is obeyed for longer: a mistake in a header must not stop a subscription for a year. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

/** ms until the try after `failures` failed ones: between 1 and the cap of that try. @param random 0 to 1, 1 excluded */
export function backoffMs(failures: number, { minBackoffMs, maxBackoffMs }: RetryPolicy, random: () => number): number {
  const capMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** (failures - 1));
  return Math.max(1, Math.ceil(random() * capMs));
}

/** ms from now, or null where there is no such header or it says nothing that can be understood. */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const waitMs = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS);
}
