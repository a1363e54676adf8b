// Which records go out in one call, decided before it goes and durable before it goes (decision 0018). After a crash the records of a
// plan go out together again, under the same Idempotency-Key, since nobody knows whether the endpoint took them. A plan ends when its
// records are settled, or when the endpoint has said that it did not take them: then they may go out in other calls.

import type { BatchLimits } from "./config.ts";
import type { HeldRecord, RetryState } from "./lane.ts";
import { type OffsetRange, rangesOf } from "./offset-ranges.ts";

/** What one call may carry. */
export type CallLimits = Pick<BatchLimits, "maxRecords" | "maxBytes">;

export interface CallPlan {
  /** In the partition that is read, as they were decided on: they name the call, whatever the log has lost of them since. */
  readonly offsets: readonly OffsetRange[];
  /** In the order of their offsets. Of an earlier life's plan those that were read again so far. */
  readonly records: HeldRecord[];
  /** What names the call (idempotency-key.ts); "" until somebody asks. */
  name: string;
  /** How it failed in an earlier life; null: it did not. */
  retry: RetryState | null;
  /** After a crash it would be known. */
  isStored: boolean;
  /** The endpoint may have got it, or what it is a part of: it does not come to nothing with a change of the config. */
  isSent: boolean;
  /** All of its records are there: only those of an earlier life are waited for. */
  isComplete: boolean;
  /** It is the first in all of its lanes: nothing can come before it any more. */
  hasTurn: boolean;
}

export function newPlan(records: HeldRecord[], isSent = false): CallPlan {
  const offsets = rangesOf(records.map(({ offset }) => offset));
  return { offsets, records, name: "", retry: null, isStored: false, isSent, isComplete: true, hasTurn: false };
}

/** A plan of an earlier life, whose records are still to be read. */
export function restoredPlan(offsets: readonly OffsetRange[], retry: RetryState | null): CallPlan {
  return { offsets, records: [], name: "", retry, isStored: true, isSent: true, isComplete: false, hasTurn: false };
}

/** The plan that begins first goes first where two have records of one lane. */
export function isBefore(plan: CallPlan, other: CallPlan): boolean {
  return plan.offsets[0]!.from < other.offsets[0]!.from;
}
