// The topic's configs that a batch is held to before it is written.

import { type Failure, failure } from "../common/errors.ts";
import { type BatchHeader, isControl } from "../record/record-batch.ts";
import type { LogConfig } from "./log-config.ts";

/** @returns why the batch may not be written, or null */
export function checkAppendRules(batch: BatchHeader, config: LogConfig, nowMs: number): Failure | null {
  if (isControl(batch)) return failure("INVALID_RECORD", "control batches are the broker's to write");
  if (batch.sizeBytes > config.maxMessageBytes) {
    return failure(
      "MESSAGE_TOO_LARGE",
      `a record batch has ${batch.sizeBytes} bytes, the topic's max.message.bytes is ${config.maxMessageBytes}`,
    );
  }
  if (config.isLogAppendTime) return null;
  return checkTimestamps(batch.baseTimestamp, batch.maxTimestamp, config, nowMs);
}

/** @returns why records from the first timestamp to the second (ms) are out of the topic's bounds, or null */
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
  if (nowMs - earliest > timestampBeforeMaxMs) {
    const detail = `timestamp ${earliest} is more than message.timestamp.before.max.ms = ${timestampBeforeMaxMs} in the past`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  return null;
}
