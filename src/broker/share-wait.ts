// The wait of a pull that found nothing, or too little: for each of its partitions until the log grows, a record is given back, or the next
// lease or delay ends. The watches are open before the partitions are asked once more, so that nothing is missed in between.

import { mapConcurrently } from "../common/concurrency.ts";
import { isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { waitUnless } from "../common/wait.ts";
import { watchPartition } from "./fetch.ts";
import type { PartitionWatch, SharePartitionAddress, ShareWatch } from "./ports.ts";
import type { ShareContext } from "./share-context.ts";

/** What a partition answered, as far as it says what to wait for. */
export interface WaitedFor {
  readonly address: SharePartitionAddress;
  /** Exclusive: the log is known up to here. */
  readonly endOffset: number;
  /** Whatever the log has behind that is of no use now. */
  readonly isFull: boolean;
  /** When a lease or delay ends (ms since the epoch); null: none is under way. */
  readonly nextAtMs: number | null;
}

export interface ShareWait<Answer extends WaitedFor> {
  readonly deadlineMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal | undefined;
  /** Asks some of the partitions. */
  readonly ask: (places: readonly SharePartitionAddress[]) => Promise<readonly Answer[]>;
  /** @param answered what was asked last */
  readonly isOver: (answered: readonly Answer[]) => boolean;
  /** Whoever asks takes nothing: see SharePartitionPort.watch. */
  readonly isCounting: boolean;
}

interface WatchedPlace {
  readonly address: SharePartitionAddress;
  readonly log: PartitionWatch | null;
  readonly shared: ShareWatch | null;
  /** What the share partition had told when it was last asked. */
  seen: number;
  last: WaitedFor;
}

/** @returns what was answered last */
export async function waitForRecords<Answer extends WaitedFor>(
  context: ShareContext,
  answers: readonly Answer[],
  { deadlineMs, signal, ask, isOver, isCounting }: ShareWait<Answer>,
): Promise<Answer[]> {
  const places = await mapConcurrently(answers, MAX_CONCURRENT_CALLS, (one) => watchPlace(context, one, isCounting));
  const askAgain = async (some: readonly WatchedPlace[]): Promise<Answer[]> => {
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

async function watchPlace(context: ShareContext, last: WaitedFor, isCounting: boolean): Promise<WatchedPlace> {
  const { ports, topics } = context;
  const { address } = last;
  const { groupUuid, topicId, topic, partition, settings } = address;
  const [log, shared] = await Promise.all([
    watchPartition(ports, topics, { topic, partition, isolation: settings.isolation }),
    ports.sharePartition(groupUuid, topicId, partition).watch(isCounting),
  ]);
  return { address, log, shared: isFailure(shared) ? null : shared, seen: 0, last };
}

function isWatched({ log, shared }: WatchedPlace): boolean {
  return log?.isOpen === true && shared?.isOpen === true;
}

/** null: the time is over, or the caller is gone. */
async function firstToChange(
  { now }: ShareContext,
  places: readonly WatchedPlace[],
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<WatchedPlace | null> {
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
async function changed(place: WatchedPlace, timeoutMs: number, nowMs: number, signal: AbortSignal): Promise<WatchedPlace | null> {
  const { log, shared, seen, last } = place;
  const waits: Promise<boolean>[] = [shared!.past(seen, timeoutMs, signal)];
  // A share partition that is full takes nothing from the log, however much there is.
  if (!last.isFull) waits.push(log!.past(last.endOffset, timeoutMs, signal));
  if (last.nextAtMs !== null && last.nextAtMs - nowMs < timeoutMs) {
    waits.push(waitUnless(signal, Math.max(1, last.nextAtMs - nowMs)).then(() => true));
  }
  return (await Promise.race(waits)) ? place : null;
}
