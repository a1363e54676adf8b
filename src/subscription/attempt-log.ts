// Attempts, as records of the topic __deliveries: one for each call, keyed by the subscription's name, so that those of one subscription are
// in one partition, in order. Written some at a time beside the deliveries; those of the last moment before a crash may be missing, the
// deliveries themselves never are.

import type { Delivery } from "./delivery-machine.ts";
import { nameOf } from "./idempotency-key.ts";
import type { CallOutcome } from "./send.ts";

export const DELIVERIES_TOPIC = "__deliveries";

/** What the topic is made with. Three days are enough to find out what happened, and the records are small. */
export const DELIVERIES_TOPIC_CONFIGS: Readonly<Record<string, string>> = { "retention.ms": "259200000", "compression.type": "gzip" };
export const DELIVERIES_TOPIC_PARTITIONS = 4;

const MAX_ANSWER_LENGTH = 500;

/** The value of a record of the topic, as JSON. Stored; fields may be added, never renamed or given another meaning. */
export interface Attempt {
  readonly subscription: string;
  /** `topic/partition/offsets`, as the call's Idempotency-Key has it where that is short enough. */
  readonly records: string;
  readonly recordCount: number;
  /** From 1. */
  readonly attempt: number;
  readonly outcome: "delivered" | "failed" | "deadLettered" | "deadLetterFailed";
  /** The endpoint's; null: no answer came, or none was asked for. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly error?: string;
  /** Beginning of the endpoint's answer, where it failed. */
  readonly answer?: string;
}

export function attemptOf(subscription: string, delivery: Delivery, outcome: CallOutcome, durationMs: number): Attempt {
  const { failure, status, answer } = outcome;
  return {
    ...placeOf(subscription, delivery),
    attempt: delivery.attempts + 1,
    outcome: failure === null ? "delivered" : "failed",
    status,
    durationMs,
    ...(failure === null ? {} : { error: failure.error }),
    ...(answer === "" ? {} : { answer: answer.slice(0, MAX_ANSWER_LENGTH) }),
  };
}

/** @param problem why the dead-letter topic did not take it; null: it did */
export function deadLetterAttemptOf(subscription: string, delivery: Delivery, problem: string | null): Attempt {
  const outcome = problem === null ? ("deadLettered" as const) : ("deadLetterFailed" as const);
  const error = problem ?? delivery.error;
  return { ...placeOf(subscription, delivery), attempt: delivery.attempts, outcome, status: null, durationMs: 0, error };
}

function placeOf(subscription: string, delivery: Delivery): Pick<Attempt, "subscription" | "records" | "recordCount"> {
  const { records } = delivery;
  return { subscription, records: nameOf(delivery).slice(0, MAX_ANSWER_LENGTH), recordCount: records.length };
}
