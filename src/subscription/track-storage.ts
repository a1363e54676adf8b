// Tracks as they are stored, and back.

import type { StoredRange, StoredTrack } from "../storage/subscription-store.ts";
import type { DeliveryOrder } from "./config.ts";
import type { Delivery } from "./delivery-machine.ts";
import type { RetryState } from "./lane.ts";
import { type OffsetRange, rangesOf } from "./offset-ranges.ts";
import { Track, type TrackSource } from "./track.ts";

/** A track that begins at an offset, and has delivered nothing yet. */
export function newStoredTrack(source: TrackSource, end: number): StoredTrack {
  return { ...source, id: trackId(source), stopAt: null, selection: null, owed: [], end, retries: [], committed: null, isArmed: false };
}

export function trackId({ topicId, partition }: Pick<TrackSource, "topicId" | "partition">): string {
  return `${topicId}/${partition}`;
}

export function restoreTrack(stored: StoredTrack, order: DeliveryOrder): Track {
  const { id, topicId, topic, partition, owed, end, stopAt } = stored;
  const retries = new Map<number, RetryState>();
  for (const { offsets, attempts, dueMs, error } of stored.retries) {
    for (const [from, to] of offsets) for (let offset = from; offset < to; offset++) retries.set(offset, { attempts, dueMs, error });
  }
  const limits = stopAt === null ? {} : { stopAt };
  return new Track({ id, source: { topicId, topic, partition }, order, owed: owed.map(toRange), end, retries, ...limits });
}

/** @param parked deliveries of this track that failed */
export function storeTrack(
  track: Track,
  before: StoredTrack,
  parked: readonly Delivery[],
  changes: Pick<StoredTrack, "isArmed" | "committed">,
): StoredTrack {
  const { owed, end } = track.snapshot();
  const retries = parked.map(({ records, attempts, dueMs, error }) => {
    return { offsets: rangesOf(records.map(({ offset }) => offset)).map(toStored), attempts, dueMs, error };
  });
  for (const [offset, retry] of track.unreadRetries) retries.push({ offsets: [[offset, offset + 1]], ...retry });
  return { ...before, owed: owed.map(toStored), end, retries, ...changes };
}

export function toRange([from, to]: StoredRange): OffsetRange {
  return { from, to };
}

export function toStored({ from, to }: OffsetRange): StoredRange {
  return [from, to];
}
