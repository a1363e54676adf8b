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
  /** segment.ms: the active segment is sealed at this age. */
  readonly segmentMs: number;
  /** index.interval.bytes: bytes of batches between two index entries. */
  readonly indexIntervalBytes: number;
  /** segment.index.bytes: the segment is sealed before an index grows beyond. */
  readonly segmentIndexBytes: number;
  /** cleanup.policy has delete. */
  readonly isDeleted: boolean;
  /** cleanup.policy has compact. */
  readonly isCompacted: boolean;
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
  return {
    maxMessageBytes: config.maxMessageBytes,
    isLogAppendTime: config.messageTimestampType === "LogAppendTime",
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    segmentBytes: config.segmentBytes,
    segmentMs: config.segmentMs,
    indexIntervalBytes: config.indexIntervalBytes,
    segmentIndexBytes: config.segmentIndexBytes,
    isDeleted: config.cleanupPolicy.includes("delete"),
    isCompacted: config.cleanupPolicy.includes("compact"),
    retentionMs: config.retentionMs,
    retentionBytes: config.retentionBytes,
    localRetentionMs: config.localRetentionMs,
    localRetentionBytes: config.localRetentionBytes,
  };
}
