// Which sealed segments go, by age and by size (org.apache.kafka.storage.internals.log.UnifiedLog: deleteRetentionMsBreachedSegments,
// deleteRetentionSizeBreachedSegments). Pure.

import type { LogConfig } from "./log-config.ts";
import { type Segment, SegmentPlace } from "./segment.ts";

/** When a sealed segment is too old to be kept (ms), null: never. */
export function expiresAtMs(segment: Segment, config: LogConfig): number | null {
  if (!config.isDeleted || config.retentionMs < 0) return null;
  return (segment.maxTimestamp < 0 ? segment.sealedAtMs : segment.maxTimestamp) + config.retentionMs;
}

/**
 * The log start offset that retention asks for: after the oldest segments that are too old, or that the log is too large with.
 * @param segments in order; @param totalBytes of the whole log
 * @returns null where nothing has to go
 */
export function retentionStartOffset(segments: Iterable<Segment>, totalBytes: number, config: LogConfig, nowMs: number): number | null {
  let start: number | null = null;
  const hasSizeLimit = config.isDeleted && config.retentionBytes >= 0;
  let excessBytes = hasSizeLimit ? totalBytes - config.retentionBytes : Number.NEGATIVE_INFINITY;
  for (const segment of segments) {
    if (segment.place === SegmentPlace.active) break;
    if (segment.place === SegmentPlace.deleting) continue;
    const expires = expiresAtMs(segment, config);
    const isExpired = expires !== null && expires <= nowMs;
    if (!isExpired && excessBytes < segment.sizeBytes) break;
    excessBytes -= segment.sizeBytes;
    start = segment.endOffset;
  }
  return start;
}

/** Bytes and times that decide whether an archived segment's rows are kept as well. */
export interface LocalRetention {
  /** ms; 0: gone once archived */
  readonly ms: number;
  /** 0: gone once archived */
  readonly bytes: number;
}

/** local.retention.ms and local.retention.bytes; -2 for both means that rows go once the archive has them. */
export function localRetention({ localRetentionMs, localRetentionBytes }: LogConfig): LocalRetention {
  const isUnset = localRetentionMs === -2 && localRetentionBytes === -2;
  if (isUnset) return { ms: 0, bytes: 0 };
  const unlimited = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
  return { ms: unlimited(localRetentionMs), bytes: unlimited(localRetentionBytes) };
}

/** The archived segments whose rows are not to be kept any longer, oldest first. */
export function rowsToDrop(segments: Iterable<Segment>, config: LogConfig, nowMs: number): Segment[] {
  const keep = localRetention(config);
  const local = [...segments].filter(({ place }) => place === SegmentPlace.local || place === SegmentPlace.both);
  let bytes = local.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const drop: Segment[] = [];
  for (const segment of local) {
    if (segment.place !== SegmentPlace.both) break;
    if (nowMs - segment.sealedAtMs < keep.ms && bytes <= keep.bytes) break;
    bytes -= segment.sizeBytes;
    drop.push(segment);
  }
  return drop;
}
