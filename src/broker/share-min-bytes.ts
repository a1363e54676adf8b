// MinBytes of a ShareFetch (KIP-932), as Kafka's DelayedShareFetch.isMinBytesSatisfied has it: before anything is acquired, so that nothing
// is held and nobody's meanwhile, the fetch waits until its partitions have so many bytes for it. A partition has what is in its log from
// the first record that may be handed out on, as far as the group may read: whole batches, as they are stored, whoever holds some of their
// records. Nothing is counted of one that hands out nothing, being full or paused.
//
// The log is read for the count, from where the last count ended; what cannot be read is enough, and for the acquisition to tell.

import { mapConcurrently } from "../common/concurrency.ts";
import { isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { readPartition } from "./fetch.ts";
import type { SharePartitionAddress } from "./ports.ts";
import type { ShareContext } from "./share-context.ts";
import { type WaitedFor, waitForRecords } from "./share-wait.ts";

export interface ByteLimits {
  /** More than `maxBytes` is as much as that. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

interface Counted extends WaitedFor {
  /** Of the first record that may be handed out. */
  readonly fromOffset: number | null;
  /** From there to `endOffset`. */
  readonly bytes: number;
}

/** Until the places have `minBytes` together, or the time (ms since the epoch) is over. */
export async function waitForBytes(
  context: ShareContext,
  places: readonly SharePartitionAddress[],
  { minBytes, maxBytes, signal }: ByteLimits,
  deadlineMs: number,
): Promise<void> {
  const wanted = Math.min(minBytes, maxBytes);
  const counts = new Map<SharePartitionAddress, Counted>();
  const ask = async (some: readonly SharePartitionAddress[]): Promise<Counted[]> => {
    const counted = await mapConcurrently(some, MAX_CONCURRENT_CALLS, (one) => countBytes(context, one, wanted, counts.get(one)));
    for (const one of counted) counts.set(one.address, one);
    return counted;
  };
  const isEnough = (): boolean => [...counts.values()].reduce((sum, { bytes }) => sum + bytes, 0) >= wanted;
  const first = await ask(places);
  if (isEnough() || context.now() >= deadlineMs) return;
  await waitForRecords(context, first, { deadlineMs, signal, ask, isOver: isEnough, isCounting: true });
}

/** Up to `wanted` at least, where there are so many. */
async function countBytes(
  context: ShareContext,
  address: SharePartitionAddress,
  wanted: number,
  before: Counted | undefined,
): Promise<Counted> {
  const { ports, topics } = context;
  const { groupUuid, topicId, topic, partition, settings } = address;
  const uncountable = { address, fromOffset: null, endOffset: 0, bytes: Number.POSITIVE_INFINITY, isFull: false, nextAtMs: null };
  const next = await ports.sharePartition(groupUuid, topicId, partition).next(address);
  if (isFailure(next)) return uncountable;
  const { offset: fromOffset, nextAtMs } = next;
  if (fromOffset === null) return { address, fromOffset, endOffset: 0, bytes: 0, isFull: true, nextAtMs };
  let { endOffset, bytes } = before?.fromOffset === fromOffset ? before : { endOffset: fromOffset, bytes: 0 };
  for (let isAtEnd = false; bytes < wanted && !isAtEnd; ) {
    const read = { topic, topicId, partition, start: endOffset, maxBytes: wanted - bytes, isolation: settings.isolation };
    const found = await readPartition(ports, topics, read);
    if (isFailure(found)) return uncountable;
    isAtEnd = found.batches.byteLength === 0;
    bytes += found.batches.byteLength;
    endOffset = found.nextOffset;
  }
  return { address, fromOffset, endOffset, bytes, isFull: false, nextAtMs };
}
