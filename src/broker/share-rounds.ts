// Asks the share partitions of a pull, in turn; where nothing is to be had, it waits until a record is written, given back, or its lease
// ends, and asks again. The waits are watches (ports.ts) and one timer: nothing is polled, and what is idle is left to sleep.

import { MAX_CONCURRENT_CALLS } from "../common/limits.ts";
import type { SharePartitionAddress } from "./ports.ts";
import { type AcquireLimits, acquireFrom, isOver, type PartitionPull, type ReadRecords } from "./share-acquire.ts";
import type { ShareContext } from "./share-context.ts";
import { waitForRecords } from "./share-wait.ts";

export interface PullLimits extends AcquireLimits {
  readonly maxWaitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

export async function pullFrom<Body>(
  context: ShareContext,
  places: readonly SharePartitionAddress[],
  limits: PullLimits,
  read: ReadRecords<Body>,
): Promise<PartitionPull<Body>[]> {
  const deadlineMs = context.now() + limits.maxWaitMs;
  const pulls = await pullOnce(context, places, limits, read);
  if (isOver(pulls) || limits.maxWaitMs === 0) return pulls;
  return waitForRecords(context, limits.signal, pulls, deadlineMs, (some) => pullOnce(context, some, limits, read));
}

/**
 * Asks the partitions, some at a time, each for its share of what is wanted; one that has more is asked for the rest. Once there is
 * something, the others are left for the next pull.
 */
async function pullOnce<Body>(
  context: ShareContext,
  places: readonly SharePartitionAddress[],
  limits: AcquireLimits,
  read: ReadRecords<Body>,
): Promise<PartitionPull<Body>[]> {
  const pulls: PartitionPull<Body>[] = [];
  let [recordsLeft, bytesLeft] = [limits.maxRecords, limits.maxBytes];
  const ask = async (address: SharePartitionAddress, maxRecords: number, maxBytes: number): Promise<PartitionPull<Body>> => {
    const one = await acquireFrom(context, address, { ...limits, maxRecords, maxBytes }, read);
    recordsLeft -= one.recordCount;
    bytesLeft -= one.sizeBytes;
    return one;
  };
  for (let first = 0; first < places.length && !pulls.some(({ recordCount }) => recordCount > 0); ) {
    const some = places.slice(first, first + Math.min(MAX_CONCURRENT_CALLS, recordsLeft));
    first += some.length;
    const wanted = recordsLeft;
    const shareOf = (index: number): number => Math.floor((wanted + index) / some.length); // they add up to what is wanted
    const bytesEach = Math.ceil(bytesLeft / some.length);
    const answered = await Promise.all(some.map((address, index) => ask(address, shareOf(index), bytesEach)));
    pulls.push(...answered);
    for (const [index, one] of answered.entries()) {
      if (one.recordCount < shareOf(index) || recordsLeft <= 0 || bytesLeft <= 0) continue;
      pulls.push(await ask(one.address, recordsLeft, bytesLeft));
    }
  }
  return pulls;
}
