// What a subscription is told to do, as it is stored: every default filled in. How it may be asked for is src/contract/subscriptions.ts.
//
// Stored as JSON; fields may be added with a default in `withDefaults`, never renamed or given another meaning.

import { DEFAULT_HOOK_TIMEOUT_MS, MAX_HOOK_BATCH_BYTES } from "../common/limits/subscriptions.ts";

/**
 * What waits for what. `partition`: records of a partition go out one call after the other. `key`: so do records of one key, while keys
 * do not wait for each other; records without a key wait for none. `none`: no record waits for another.
 */
export type DeliveryOrder = "partition" | "key" | "none";

/** The body of a call. `cloudevents` is one event (structured mode) where a batch has one record, else a batch of them. */
export type DeliveryFormat = "json" | "cloudevents" | "raw";

export interface BatchLimits {
  readonly maxRecords: number;
  /** Of keys, values and headers; a single record may be larger. */
  readonly maxBytes: number;
  /** How long a record waits for others to go with it. */
  readonly lingerMs: number;
}

export interface RetryPolicy {
  /** Calls for one record, the first included. */
  readonly maxAttempts: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

export interface SubscriptionConfig {
  readonly topics: readonly string[];
  /** https://…, http://… where that is allowed, or binding:NAME/path for a Worker bound to this one. */
  readonly url: string;
  readonly format: DeliveryFormat;
  readonly order: DeliveryOrder;
  readonly batch: BatchLimits;
  /** Calls under way at a time. */
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Calls per second; null: as fast as they are answered. */
  readonly maxCallsPerSecond: number | null;
  readonly deadLetterTopic: string | null;
  /** CEL (filter.ts); null: every record. */
  readonly filter: string | null;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
}

export const DEFAULT_SUBSCRIPTION: Omit<SubscriptionConfig, "topics" | "url"> = {
  format: "json",
  order: "partition",
  batch: { maxRecords: 100, maxBytes: MAX_HOOK_BATCH_BYTES / 4, lingerMs: 0 },
  maxInFlight: 5, // the platform lets six connections wait for their answer, and one is left for reading
  timeoutMs: DEFAULT_HOOK_TIMEOUT_MS,
  retry: { maxAttempts: 16, minBackoffMs: 1_000, maxBackoffMs: 3_600_000 }, // on average some three hours
  maxCallsPerSecond: null,
  deadLetterTopic: null,
  filter: null,
  headers: {},
};

/** A stored config of any version. */
export function withDefaults(stored: Pick<SubscriptionConfig, "topics" | "url"> & Partial<SubscriptionConfig>): SubscriptionConfig {
  return { ...DEFAULT_SUBSCRIPTION, ...stored };
}

/** Records that one call may carry: a raw body has room for one. */
export function callLimits({ format, batch }: SubscriptionConfig): BatchLimits {
  return format === "raw" ? { ...batch, maxRecords: 1, lingerMs: 0 } : batch;
}
