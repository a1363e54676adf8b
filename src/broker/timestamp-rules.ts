// message.timestamp.before.max.ms and message.timestamp.after.max.ms, held against every record, as Kafka's broker does
// (org.apache.kafka.storage.internals.log.LogValidator.recordHasInvalidTimestamp).
//
// The edge is where records are walked, so it judges them all; a partition sees headers, and judges what those tell
// (src/log/append-rules.ts). A batch's baseTimestamp is only what its deltas count from: no record needs to have it.

import type { TopicConfig } from "../common/configs.ts";
import type { Failure } from "../common/errors.ts";
import { checkTimestamps } from "../log/append-rules.ts";
import type { BatchInfo } from "../wasm/record-batches.ts";

/**
 * @param nowMs the broker's clock
 * @returns INVALID_TIMESTAMP where a record of a validated run is out of the topic's bounds, or null
 */
export function checkBatchTimestamps(batches: readonly BatchInfo[], config: TopicConfig, nowMs: number): Failure | null {
  for (const { recordsMinTimestamp, recordsMaxTimestamp } of batches) {
    const refused = checkRecordTimestamps(recordsMinTimestamp, recordsMaxTimestamp, config, nowMs);
    if (refused !== null) return refused;
  }
  return null;
}

/** The same of one record that is not in a batch yet. */
export function checkRecordTimestamp(timestamp: number, config: TopicConfig, nowMs: number): Failure | null {
  return checkRecordTimestamps(timestamp, timestamp, config, nowMs);
}

function checkRecordTimestamps(earliest: number, latest: number, config: TopicConfig, nowMs: number): Failure | null {
  if (config.messageTimestampType === "LogAppendTime") return null; // it replaces whatever they say
  const { messageTimestampBeforeMaxMs: timestampBeforeMaxMs, messageTimestampAfterMaxMs: timestampAfterMaxMs } = config;
  return checkTimestamps(earliest, latest, { timestampBeforeMaxMs, timestampAfterMaxMs }, nowMs);
}
