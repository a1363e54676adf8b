// Spaces records evenly to so many a second, counted from the first: a pause is caught up with, as Kafka's ThroughputThrottler does.

import { setTimeout as sleep } from "node:timers/promises";

/** Shorter waits are put off: a timer has 1 ms, and a thousand of them would be late. */
const LEAST_WAIT_MS = 5;

export type Pace = (signal: AbortSignal) => Promise<void>;

/** @param perSecond null: as fast as can be. @returns what is awaited before each record */
export function createPace(perSecond: number | null): Pace {
  if (perSecond === null) return async () => {};
  let count = 0;
  let startedAt = 0;
  return async (signal) => {
    if (count === 0) startedAt = performance.now();
    const waitMs = startedAt + (count++ * 1000) / perSecond - performance.now();
    if (waitMs >= LEAST_WAIT_MS) await sleep(waitMs, undefined, { signal }).catch(() => undefined); // aborted: nobody waits any longer
  };
}
