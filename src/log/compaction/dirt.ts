// What of a log is dirty, and whether it is dirty enough (org.apache.kafka.storage.internals.log.LogCleanerManager: cleanableOffsets,
// maxCompactionDelay, grabFilthiestCompactedLog). Pure.
//
// The active segment is never touched, nor is anything from a segment on that has batches of an undecided transaction. Kafka measures
// max.compaction.lag.ms from a segment's first timestamp, here it counts from when its first batch was written: what producers put into
// timestamps does not delay it.

import type { LogConfig } from "../log-config.ts";
import type { CleanerState } from "../log-store.ts";
import { type Segment, SegmentPlace } from "../segment.ts";

export interface Dirt {
  /** Exclusive: where the segments end that may be compacted now. */
  readonly endOffset: number;
  /** Whether they are to be. */
  readonly isDue: boolean;
  /** Compacted segments with tombstones whose time is over. */
  readonly expired: readonly Segment[];
  /** When time alone may change any of this (ms), null: never. */
  readonly dueMs: number | null;
}

export interface DirtView {
  readonly config: LogConfig;
  /** Exclusive: a segment beyond it waits until its transactions have ended. */
  readonly lastStableOffset: number;
  readonly nowMs: number;
}

/** @param segments all, in order */
export function findDirt(
  segments: Iterable<Segment>,
  { firstDirtyOffset }: CleanerState,
  { config, lastStableOffset, nowMs }: DirtView,
): Dirt {
  const sealed = [...segments].filter(({ place }) => place !== SegmentPlace.active && place !== SegmentPlace.deleting);
  const clean = sealed.filter((segment) => segment.endOffset <= firstDirtyOffset);
  const dirty = sealed.slice(clean.length);
  const undecidedIndex = dirty.findIndex((segment) => segment.endOffset > lastStableOffset);
  const decided = undecidedIndex === -1 ? dirty : dirty.slice(0, undecidedIndex);
  const youngIndex = decided.findIndex((segment) => cleanableAtMs(segment, config) > nowMs);
  const cleanable = youngIndex === -1 ? decided : decided.slice(0, youngIndex);
  const dirtyBytes = bytesOf(cleanable);
  const lateAtMs = decided.reduce((earliest, { createdAtMs }) => Math.min(earliest, createdAtMs + config.maxCompactionLagMs), FOR_EVER);
  const isFilthy = dirtyBytes > 0 && dirtyBytes / (bytesOf(clean) + dirtyBytes) > config.minCleanableDirtyRatio;
  const horizons = sealed.filter(({ baseOffset, deleteHorizonMs }) => deleteHorizonMs !== null && baseOffset < firstDirtyOffset);
  const dues = [lateAtMs, ...horizons.map((segment) => segment.deleteHorizonMs!)].filter((due) => due > nowMs);
  if (youngIndex !== -1) dues.push(cleanableAtMs(decided[youngIndex]!, config));
  const dueMs = dues.reduce((earliest, due) => Math.min(earliest, due), FOR_EVER);
  return {
    endOffset: cleanable.at(-1)?.endOffset ?? firstDirtyOffset,
    isDue: isFilthy || (dirtyBytes > 0 && lateAtMs <= nowMs),
    expired: horizons.filter((segment) => segment.deleteHorizonMs! <= nowMs),
    dueMs: dueMs === FOR_EVER ? null : dueMs,
  };
}

const FOR_EVER = Number.POSITIVE_INFINITY;

/** When min.compaction.lag.ms lets go of a segment (ms). */
function cleanableAtMs({ maxTimestamp }: Segment, { minCompactionLagMs }: LogConfig): number {
  return minCompactionLagMs === 0 ? 0 : maxTimestamp + minCompactionLagMs;
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}
