// When committed offsets are forgotten (offsets.retention.minutes, KIP-211). A group with members keeps all of its offsets. One that has
// lost its members keeps an offset for the retention from that moment, or from its commit where that is later; one that never had
// members, whose consumers assign their own partitions, from its commit. Pure.
//
// An offset that is committed to an Empty group, by a tool that rewinds it, lives a whole retention here; Kafka counts from the moment
// the group became empty alone, and may drop it at once.

import type { StoredOffset } from "../storage/offset-store.ts";

export interface Idleness {
  /** Since when the group has had no members (ms since the epoch), or null: it has some. */
  readonly emptySinceMs: number | null;
  readonly hadMembers: boolean;
}

/** When this offset is to be forgotten (ms since the epoch), or null: not as things are. */
export function offsetExpiryMs(
  { committedAtMs }: StoredOffset,
  { emptySinceMs, hadMembers }: Idleness,
  retentionMs: number,
): number | null {
  if (emptySinceMs === null) return null;
  return retentionMs + (hadMembers ? Math.max(emptySinceMs, committedAtMs) : committedAtMs);
}

/** The offsets whose time has come. */
export function expiredOffsets(offsets: readonly StoredOffset[], idleness: Idleness, retentionMs: number, nowMs: number): StoredOffset[] {
  return offsets.filter((offset) => (offsetExpiryMs(offset, idleness, retentionMs) ?? Infinity) <= nowMs);
}

/** When the next offset is to be forgotten (ms since the epoch), or null: none as things are. */
export function nextOffsetExpiryMs(offsets: readonly StoredOffset[], idleness: Idleness, retentionMs: number): number | null {
  const times = offsets.flatMap((offset) => offsetExpiryMs(offset, idleness, retentionMs) ?? []);
  return times.length === 0 ? null : times.reduce((earliest, time) => Math.min(earliest, time));
}
