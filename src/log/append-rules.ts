// The topic's configs that a batch is held to before it is written.

import { type Failure, failure } from "../common/errors.ts";
import { type BatchHeader, isControl, NO_TIMESTAMP } from "../record/record-batch.ts";
import type { LogConfig } from "./log-config.ts";

/**
 * The header tells the time of the latest record alone, which must be within both bounds. That the others are is for those to see who
 * walk the records (src/broker/timestamp-rules.ts).
 * @returns why the batch may not be written, or null
 */
export function checkAppendRules(batch: BatchHeader, config: LogConfig, nowMs: number): Failure | null {
  if (isControl(batch)) return failure("INVALID_RECORD", "control batches are the broker's to write");
  if (batch.sizeBytes > config.maxMessageBytes) {
    return failure(
      "MESSAGE_TOO_LARGE",
      `a record batch has ${batch.sizeBytes} bytes, the topic's max.message.bytes is ${config.maxMessageBytes}`,
    );
  }
  if (config.isLogAppendTime) return null;
  return checkTimestamps(batch.maxTimestamp, batch.maxTimestamp, config, nowMs);
}

/**
 * @param earliest of some records (ms), NO_TIMESTAMP where none has a time, which nothing is held against; @param latest likewise
 * @returns why they are out of the topic's bounds, or null
 */
export function checkTimestamps(
  earliest: number,
  latest: number,
  { timestampBeforeMaxMs, timestampAfterMaxMs }: Pick<LogConfig, "timestampBeforeMaxMs" | "timestampAfterMaxMs">,
  nowMs: number,
): Failure | null {
  if (latest - nowMs > timestampAfterMaxMs) {
    const detail = `timestamp ${latest} is more than message.timestamp.after.max.ms = ${timestampAfterMaxMs} in the future`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  if (earliest !== NO_TIMESTAMP && nowMs - earliest > timestampBeforeMaxMs) {
    const detail = `timestamp ${earliest} is more than message.timestamp.before.max.ms = ${timestampBeforeMaxMs} in the past`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  return null;
}
