// The topic's configs that a batch is held to before it is written.

import { type Failure, failure } from "../common/errors.ts";
import type { BatchHeader } from "../record/record-batch.ts";
import type { LogConfig } from "./log-config.ts";

/** @returns why the batch may not be written, or null */
export function checkAppendRules(batch: BatchHeader, config: LogConfig, nowMs: number): Failure | null {
  if (batch.sizeBytes > config.maxMessageBytes) {
    return failure(
      "MESSAGE_TOO_LARGE",
      `a record batch has ${batch.sizeBytes} bytes, the topic's max.message.bytes is ${config.maxMessageBytes}`,
    );
  }
  if (config.isLogAppendTime) return null;
  if (batch.maxTimestamp - nowMs > config.timestampAfterMaxMs) {
    const detail = `timestamp ${batch.maxTimestamp} is more than message.timestamp.after.max.ms = ${config.timestampAfterMaxMs} in the future`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  if (nowMs - batch.baseTimestamp > config.timestampBeforeMaxMs) {
    const detail = `timestamp ${batch.baseTimestamp} is more than message.timestamp.before.max.ms = ${config.timestampBeforeMaxMs} in the past`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  return null;
}
