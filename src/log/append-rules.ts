// The topic's configs that a batch is held to before it is written.

import { type Failure, failure } from "../common/errors.ts";
import type { BatchHeader } from "../record/record-batch.ts";

export interface AppendRules {
  /** message.timestamp.type: the time of the append replaces the records' own. */
  readonly isLogAppendTime: boolean;
  /** max.message.bytes: of one batch, compressed as it is. */
  readonly maxMessageBytes: number;
  /** message.timestamp.before.max.ms: how far in the past a record's timestamp may be. */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms: how far in the future. */
  readonly timestampAfterMaxMs: number;
}

/** @returns why the batch may not be written, or null */
export function checkAppendRules(batch: BatchHeader, rules: AppendRules, nowMs: number): Failure | null {
  if (batch.sizeBytes > rules.maxMessageBytes) {
    return failure(
      "MESSAGE_TOO_LARGE",
      `a record batch has ${batch.sizeBytes} bytes, the topic's max.message.bytes is ${rules.maxMessageBytes}`,
    );
  }
  if (rules.isLogAppendTime) return null;
  if (batch.maxTimestamp - nowMs > rules.timestampAfterMaxMs) {
    const detail = `timestamp ${batch.maxTimestamp} is more than message.timestamp.after.max.ms = ${rules.timestampAfterMaxMs} in the future`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  if (nowMs - batch.baseTimestamp > rules.timestampBeforeMaxMs) {
    const detail = `timestamp ${batch.baseTimestamp} is more than message.timestamp.before.max.ms = ${rules.timestampBeforeMaxMs} in the past`;
    return failure("INVALID_TIMESTAMP", detail);
  }
  return null;
}
