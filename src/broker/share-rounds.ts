// Asks the share partitions of a pull, in turn; where nothing is to be had, it waits until a record is written, given back, or its lease
// ends, and asks again. The waits are watches (ports.ts) and one timer: nothing is polled, and what is idle is left to sleep.

import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import type { SharePartitionAddress } from "./ports.ts";
import { type AcquireLimits, acquireFrom, isOver, type PartitionPull, type ReadRecords } from "./share-acquire.ts";
import type { ShareContext } from "./share-context.ts";
import { waitForRecords } from "./share-wait.ts";

export interface PullLimits extends AcquireLimits {
  readonly maxWaitMs: number;
  /** What is enough (of keys, values and headers): as long as there is less, the next partitions are asked too. 0: any record is. */
  readonly minBytes?: number;
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
  const ask = (some: readonly SharePartitionAddress[]) => pullOnce(context, some, limits, read);
  return waitForRecords(context, pulls, { deadlineMs, signal: limits.signal, ask, isOver, isCounting: false });
}

/**
 * Asks the partitions, some at a time, each for its share of what is wanted; one that has more is asked for the rest. Once there is
 * enough, the others are left for the next pull.
 */
async function pullOnce<Body>(
  context: ShareContext,
  places: readonly SharePartitionAddress[],
  limits: PullLimits,
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
  const isEnough = (): boolean => {
    const isSome = pulls.some(({ recordCount }) => recordCount > 0);
    return isSome && (limits.maxBytes - bytesLeft >= (limits.minBytes ?? 0) || bytesLeft <= 0 || recordsLeft <= 0);
  };
  for (let first = 0; first < places.length && !isEnough(); ) {
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
