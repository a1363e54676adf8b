// Tracks as they are stored, and back.

import type { StoredRange, StoredRetry, StoredTrack } from "../storage/subscription-store.ts";
import { restoredPlan } from "./call-plan.ts";
import type { SubscriptionConfig } from "./config.ts";
import type { Delivery } from "./delivery-machine.ts";
import type { OffsetRange } from "./offset-ranges.ts";
import { Track, type TrackSource } from "./track.ts";

/** A track that begins at an offset, and has delivered nothing yet. */
export function newStoredTrack(source: TrackSource, end: number): StoredTrack {
  return {
    ...source,
    id: trackId(source),
    stopAt: null,
    selection: null,
    owed: [],
    end,
    retries: [],
    planned: [],
    committed: null,
    isArmed: false,
  };
}

export function trackId({ topicId, partition }: Pick<TrackSource, "topicId" | "partition">): string {
  return `${topicId}/${partition}`;
}

/** @param config raw bodies have room for one record: what went out together goes one by one */
export function restoreTrack(stored: StoredTrack, { order, format }: Pick<SubscriptionConfig, "order" | "format">): Track {
  const { id, topicId, topic, partition, owed, end, stopAt } = stored;
  const calls = [
    ...stored.retries.map(({ offsets, ...retry }) => ({ offsets, retry })),
    ...(stored.planned ?? []).map((offsets) => ({ offsets, retry: null })),
  ];
  const plans = calls.flatMap(({ offsets, retry }) => {
    const ranges = offsets.map(toRange);
    return (format === "raw" ? singly(ranges) : [ranges]).map((together) => restoredPlan(together, retry));
  });
  const limits = stopAt === null ? {} : { stopAt };
  return new Track({ id, source: { topicId, topic, partition }, order, owed: owed.map(toRange), end, plans, ...limits });
}

function singly(ranges: readonly OffsetRange[]): OffsetRange[][] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => [{ from: from + i, to: from + i + 1 }]));
}

export interface TrackChanges extends Pick<StoredTrack, "isArmed" | "committed"> {
  /** Under way, or waiting, of this track. */
  readonly deliveries: readonly Delivery[];
  /** Everything below was read, and the partition will wake the subscription for what comes; 0: it will not. */
  readonly caughtUpAt: number;
  /** Leaves out plans that no endpoint has got: what comes next makes its own. */
  readonly isSentOnly: boolean;
}

/** The track as it is to be stored; its plans are, once this is durable. */
export function storeTrack(
  track: Track,
  before: StoredTrack,
  { deliveries, caughtUpAt, isSentOnly, ...changes }: TrackChanges,
): StoredTrack {
  const { owed, end } = track.snapshot(caughtUpAt);
  const retries: StoredRetry[] = [];
  const planned: StoredRange[][] = [];
  const calls = [
    ...deliveries.map((one) => ({ plan: one.plan, retry: one })),
    ...[...track.plans].map((plan) => ({ plan, retry: plan.retry })),
  ];
  for (const { plan, retry } of calls) {
    if (isSentOnly && !plan.isSent) continue;
    plan.isStored = true;
    const offsets = plan.offsets.map(toStored);
    if (retry === null || retry.attempts === 0) planned.push(offsets);
    else retries.push({ offsets, attempts: retry.attempts, dueMs: retry.dueMs, error: retry.error });
  }
  return { ...before, owed: owed.map(toStored), end, retries, planned, ...changes };
}

export function toRange([from, to]: StoredRange): OffsetRange {
  return { from, to };
}

export function toStored({ from, to }: OffsetRange): StoredRange {
  return [from, to];
}
