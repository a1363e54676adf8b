// The topic's configs that a batch is held to before it is written.

import { type Failure, failure } from "../common/errors.ts";
import type { BatchHeader } from "../record/batch-header.ts";

export interface AppendLimits {
  /** max.message.bytes: of one batch, compressed as it is. */
  readonly maxMessageBytes: number;
  /** message.timestamp.before.max.ms: how far in the past a record's timestamp may be. */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms: how far in the future. */
  readonly timestampAfterMaxMs: number;
}

/** @returns why the batch may not be written, or null */
export function checkAppendLimits(batch: BatchHeader, limits: AppendLimits, nowMs: number): Failure | null {
  if (batch.sizeBytes > limits.maxMessageBytes) {
    return failure(
      "MESSAGE_TOO_LARGE",
      `a record batch has ${batch.sizeBytes} bytes, the topic's max.message.bytes is ${limits.maxMessageBytes}`,
    );
  }
  if (batch.maxTimestamp - nowMs > limits.timestampAfterMaxMs) {
    const detail = `timestamp ${batch.maxTimestamp} is more than message.timestamp.after.max.ms = ${limits.timestampAfterMaxMs} in the future`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  if (nowMs - batch.baseTimestamp > limits.timestampBeforeMaxMs) {
    const detail = `timestamp ${batch.baseTimestamp} is more than message.timestamp.before.max.ms = ${limits.timestampBeforeMaxMs} in the past`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  return null;
}
