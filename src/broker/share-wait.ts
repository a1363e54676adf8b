// The wait of a pull that found nothing: for each of its partitions until the log grows, a record is given back, or the next lease or delay
// ends. The watches are open before the partitions are asked once more, so that nothing is missed in between.

import { mapConcurrently } from "../common/concurrency.ts";
import { isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits.ts";
import { waitUnless } from "../common/wait.ts";
import { watchPartition } from "./fetch.ts";
import type { PartitionWatch, SharePartitionAddress, ShareWatch } from "./ports.ts";
import { isOver, type PartitionPull } from "./share-acquire.ts";
import type { ShareContext } from "./share-context.ts";

interface WatchedPlace<Body> {
  readonly address: SharePartitionAddress;
  readonly log: PartitionWatch | null;
  readonly shared: ShareWatch | null;
  /** What the share partition had told when it was last asked. */
  seen: number;
  last: PartitionPull<Body>;
}

/** @param ask asks some of the partitions; those that have nothing say what to wait for */
export async function waitForRecords<Body>(
  context: ShareContext,
  signal: AbortSignal | undefined,
  pulls: readonly PartitionPull<Body>[],
  deadlineMs: number,
  ask: (places: readonly SharePartitionAddress[]) => Promise<readonly PartitionPull<Body>[]>,
): Promise<PartitionPull<Body>[]> {
  const places = await mapConcurrently(pulls, MAX_CONCURRENT_CALLS, (one) => watchPlace(context, one));
  const askAgain = async (some: readonly WatchedPlace<Body>[]): Promise<PartitionPull<Body>[]> => {
    for (const place of some) place.seen = place.shared?.endOffset ?? 0;
    const answered = [...(await ask(some.map(({ address }) => address)))];
    for (const one of answered) places.find(({ address }) => address === one.address)!.last = one;
    return answered;
  };
  try {
    let answered = await askAgain(places);
    while (!isOver(answered) && !signal?.aborted && context.now() < deadlineMs && places.every(isWatched)) {
      const grown = await firstToChange(context, places, deadlineMs, signal);
      if (grown === null) break;
      answered = await askAgain([grown]);
    }
    return answered;
  } finally {
    for (const { log, shared } of places) {
      log?.close();
      shared?.close();
    }
  }
}

async function watchPlace<Body>(context: ShareContext, last: PartitionPull<Body>): Promise<WatchedPlace<Body>> {
  const { ports, topics } = context;
  const { address } = last;
  const { groupUuid, topicId, topic, partition, settings } = address;
  const [log, shared] = await Promise.all([
    watchPartition(ports, topics, { topic, partition, isolation: settings.isolation }),
    ports.sharePartition(groupUuid, topicId, partition).watch(),
  ]);
  return { address, log, shared: isFailure(shared) ? null : shared, seen: 0, last };
}

function isWatched({ log, shared }: WatchedPlace<unknown>): boolean {
  return log?.isOpen === true && shared?.isOpen === true;
}

/** null: the time is over, or the caller is gone. */
async function firstToChange<Body>(
  { now }: ShareContext,
  places: readonly WatchedPlace<Body>[],
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<WatchedPlace<Body> | null> {
  const timeoutMs = deadlineMs - now();
  const over = new AbortController();
  const end = (): void => over.abort();
  signal?.addEventListener("abort", end);
  try {
    return await Promise.race([
      waitUnless(over.signal, timeoutMs).then(() => null),
      ...places.map((place) => changed(place, timeoutMs, now(), over.signal)),
    ]);
  } finally {
    signal?.removeEventListener("abort", end);
    end(); // the waits that lost the race end too
  }
}

/** The place, once it may have records; never before `timeoutMs` are over or the signal aborts where it has none. */
async function changed<Body>(
  place: WatchedPlace<Body>,
  timeoutMs: number,
  nowMs: number,
  signal: AbortSignal,
): Promise<WatchedPlace<Body> | null> {
  const { log, shared, seen, last } = place;
  const waits: Promise<boolean>[] = [shared!.past(seen, timeoutMs, signal)];
  // A share partition that is full takes nothing from the log, however much there is.
  if (!last.isFull) waits.push(log!.past(last.endOffset, timeoutMs, signal));
  if (last.nextAtMs !== null && last.nextAtMs - nowMs < timeoutMs) {
    waits.push(waitUnless(signal, Math.max(1, last.nextAtMs - nowMs)).then(() => true));
  }
  return (await Promise.race(waits)) ? place : null;
}
