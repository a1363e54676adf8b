// The topic's configs as the log obeys them.

import type { TopicConfig } from "../common/configs.ts";

export interface LogConfig {
  /** max.message.bytes: of one batch, compressed as it is. */
  readonly maxMessageBytes: number;
  /** message.timestamp.type: the time of the append replaces the records' own. */
  readonly isLogAppendTime: boolean;
  /** message.timestamp.before.max.ms: how far in the past a record's timestamp may be. */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms: how far in the future. */
  readonly timestampAfterMaxMs: number;
  /** segment.bytes: the active segment is sealed before it grows beyond. */
  readonly segmentBytes: number;
  /** segment.ms: the active segment is sealed at this age; at max.compaction.lag.ms at the latest where the log is compacted. */
  readonly segmentMs: number;
  /** segment.jitter.ms: the most by which a segment is sealed earlier than at segmentMs (segment-jitter.ts). */
  readonly segmentJitterMs: number;
  /** index.interval.bytes: bytes of batches between two index entries. */
  readonly indexIntervalBytes: number;
  /** segment.index.bytes: the segment is sealed before an index grows beyond. */
  readonly segmentIndexBytes: number;
  /** cleanup.policy has delete. */
  readonly isDeleted: boolean;
  /** cleanup.policy has compact. */
  readonly isCompacted: boolean;
  /** min.cleanable.dirty.ratio: how much of the log must be dirty, from 0 to 1, before it is compacted. */
  readonly minCleanableDirtyRatio: number;
  /** min.compaction.lag.ms: a segment is left alone while it has a record that is younger. */
  readonly minCompactionLagMs: number;
  /** max.compaction.lag.ms: a segment that waited for so long is compacted, whatever the ratio; Infinity: never for its age. */
  readonly maxCompactionLagMs: number;
  /** delete.retention.ms: how long a tombstone is kept after it was first compacted. */
  readonly deleteRetentionMs: number;
  /** retention.ms; -1: for ever */
  readonly retentionMs: number;
  /** retention.bytes; -1: no limit */
  readonly retentionBytes: number;
  /** local.retention.ms; -2: not beyond the upload */
  readonly localRetentionMs: number;
  /** local.retention.bytes; -2: not beyond the upload */
  readonly localRetentionBytes: number;
}

export function toLogConfig(config: TopicConfig): LogConfig {
  const isCompacted = config.cleanupPolicy.includes("compact");
  const maxCompactionLagMs = config.maxCompactionLagMs >= Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : config.maxCompactionLagMs;
  return {
    maxMessageBytes: config.maxMessageBytes,
    isLogAppendTime: config.messageTimestampType === "LogAppendTime",
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    segmentBytes: config.segmentBytes,
    segmentMs: isCompacted ? Math.min(config.segmentMs, maxCompactionLagMs) : config.segmentMs,
    segmentJitterMs: config.segmentJitterMs,
    indexIntervalBytes: config.indexIntervalBytes,
    segmentIndexBytes: config.segmentIndexBytes,
    isDeleted: config.cleanupPolicy.includes("delete"),
    isCompacted,
    minCleanableDirtyRatio: config.minCleanableDirtyRatio,
    minCompactionLagMs: config.minCompactionLagMs,
    maxCompactionLagMs,
    deleteRetentionMs: config.deleteRetentionMs,
    retentionMs: config.retentionMs,
    retentionBytes: config.retentionBytes,
    localRetentionMs: config.localRetentionMs,
    localRetentionBytes: config.localRetentionBytes,
  };
}

const OFFSET_INDEX_ENTRY_BYTES = 8;

/** The most bytes that the offset index of a segment of this size takes. */
export function offsetIndexBytes(sizeBytes: number, { indexIntervalBytes }: LogConfig): number {
  return Math.ceil(sizeBytes / Math.max(indexIntervalBytes, 1)) * OFFSET_INDEX_ENTRY_BYTES;
}
