// What a webhook subscription is made of: its name, its config with every default and bound, and what it tells of itself.

import { MAX_FILTER_LENGTH } from "../common/limits/filters.ts";
import {
  DEFAULT_HOOK_TIMEOUT_MS,
  MAX_HOOK_BATCH_BYTES,
  MAX_HOOK_BATCH_RECORDS,
  MAX_HOOK_TIMEOUT_MS,
  MAX_HOOKS_IN_FLIGHT,
  MAX_SUBSCRIPTION_NAME_LENGTH,
  MAX_SUBSCRIPTION_TOPICS,
} from "../common/limits/subscriptions.ts";
import { offset, partition, timestamp, topicName } from "./fields.ts";
import { z } from "./zod.ts";

const NAME = new RegExp(`^[a-zA-Z0-9._-]{1,${MAX_SUBSCRIPTION_NAME_LENGTH}}$`);

export const subscriptionName = z
  .string()
  .regex(NAME, `must be 1 to ${MAX_SUBSCRIPTION_NAME_LENGTH} of a-z A-Z 0-9 . _ -`)
  .meta({ description: "Name of the subscription, and of its consumer group.", examples: ["billing"] });

export const params = z.strictObject({ subscription: subscriptionName });

export const DAY_MS = 86_400_000;

/** Headers that the broker sets itself, or that would change how a request is read. */
const RESERVED_HEADER =
  /^(host|content-length|content-type|transfer-encoding|connection|upgrade|te|trailer|expect|idempotency-key|user-agent|webhook-.*|sluice-.*)$/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;

const headerName = z
  .string()
  .regex(HEADER_NAME, "must be the name of an HTTP header")
  .refine((name) => !RESERVED_HEADER.test(name), "is set by the broker");
const headerValue = z
  .string()
  .max(2_000)
  .regex(/^[\x20-\x7e]*$/, "must be visible ASCII");

const batch = z
  .strictObject({
    maxRecords: z.int().min(1).max(MAX_HOOK_BATCH_RECORDS).default(100),
    maxBytes: z
      .int()
      .min(1)
      .max(MAX_HOOK_BATCH_BYTES)
      .default(MAX_HOOK_BATCH_BYTES / 4)
      .meta({ description: "Of keys, values and headers; one record may be larger." }),
    lingerMs: z.int().min(0).max(60_000).default(0).meta({ description: "How long a record waits for others to go with it." }),
  })
  .prefault({});

const retry = z
  .strictObject({
    maxAttempts: z.int().min(1).max(1_000).default(16).meta({ description: "Calls for one record, the first included." }),
    minBackoffMs: z.int().min(1).max(DAY_MS).default(1_000),
    maxBackoffMs: z.int().min(1).max(DAY_MS).default(3_600_000),
  })
  .prefault({})
  .meta({ description: "Exponential backoff with full jitter; `Retry-After` is obeyed." });

export const filter = z
  .string()
  .min(1)
  .max(MAX_FILTER_LENGTH)
  .nullable()
  .meta({
    description:
      "CEL over `headers`, `key`, `value`, `topic`, `partition`, `offset` and `timestamp`: only records where it is true are delivered.",
    examples: ['has(value.amount) && value.amount > 100 && headers["kind"] == "order"'],
  });

const configFields = {
  topics: z.array(topicName).min(1).max(MAX_SUBSCRIPTION_TOPICS),
  url: z
    .string({
      error: ({ input }) => (input === undefined ? "is missing: what is to be called; or say `pull: true` to pull from it" : undefined),
    })
    .min(1)
    .max(2_048)
    .meta({
      description: "`https://…`, or `binding:NAME/path` for a Worker that is bound to this one.",
      examples: ["https://example.com/hook"],
    }),
  format: z.enum(["json", "cloudevents", "raw"]).default("json").meta({
    description:
      "`json`: records as a fetch gives them. `cloudevents`: CloudEvents 1.0, one where `batch.maxRecords` is 1, else a batch. `raw`: one record a call, its value the body.",
  }),
  order: z.enum(["partition", "key", "none"]).default("partition").meta({
    description:
      "What waits for what: the records of a partition, those of a key, or none. With `key`, a record that fails holds up those of its key alone.",
  }),
  batch,
  maxInFlight: z.int().min(1).max(MAX_HOOKS_IN_FLIGHT).default(5).meta({ description: "Calls under way at a time." }),
  timeoutMs: z
    .int()
    .min(100)
    .max(MAX_HOOK_TIMEOUT_MS)
    .default(DEFAULT_HOOK_TIMEOUT_MS)
    .meta({ description: "Time for an answer; a call is given up an eighth later at the latest." }),
  retry,
  maxCallsPerSecond: z.number().min(0.001).max(100_000).nullable().default(null).meta({ description: "null: as many as are answered." }),
  deadLetterTopic: topicName.nullable().default(null).meta({
    description: "Where records go after the last attempt; made where it is not there. null: the subscription is paused instead.",
  }),
  filter: filter.default(null),
  headers: z.record(headerName, headerValue).default({}).meta({ description: "Sent with each call." }),
};

export const from = z.union([z.enum(["earliest", "latest"]), z.strictObject({ timestamp })]);

export const putSubscriptionBody = z
  .strictObject({
    pull: z.literal(false).default(false),
    ...configFields,
    secret: z.string().min(1).max(200).optional().meta({ description: "`whsec_…`; made, and told in the answer, where there is none." }),
    from: from.default("latest").meta({ description: "Where partitions begin of which the group has committed nothing." }),
    paused: z.boolean().optional().meta({ description: "As it is where absent." }),
  })
  .refine(({ retry: { minBackoffMs, maxBackoffMs } }) => minBackoffMs <= maxBackoffMs, {
    path: ["retry", "maxBackoffMs"],
    message: "is less than minBackoffMs",
  })
  .meta({ id: "PutSubscription" });

export const subscription = z
  .strictObject({
    name: subscriptionName,
    pull: z.literal(false),
    ...configFields,
    createdAt: timestamp,
    paused: z.boolean(),
    pausedReason: z.string().nullable(),
    endpoint: z
      .enum(["closed", "open", "halfOpen"])
      .meta({ description: "The circuit breaker; `open`: the endpoint fails, and is left alone." }),
    inFlight: z.int().min(0),
    heldRecords: z.int().min(0).meta({ description: "Read, and not delivered yet." }),
    parked: z
      .array(
        z.strictObject({
          topic: topicName,
          partition,
          offset,
          count: z.int().min(1),
          attempts: z.int().min(1),
          dueAt: timestamp,
          error: z.string(),
        }),
      )
      .meta({ description: "Records that failed and are to be tried again: the first hundred." }),
    previousSecretUntil: timestamp.nullable().meta({ description: "Until then calls are signed with the secret before as well." }),
    secret: z.string().optional().meta({ description: "Only in the answer that made it." }),
  })
  .meta({ id: "Subscription" });

export const EXAMPLE = {
  name: "billing",
  pull: false,
  topics: ["orders"],
  url: "https://example.com/hook",
  format: "json",
  order: "key",
  batch: { maxRecords: 100, maxBytes: 262_144, lingerMs: 0 },
  maxInFlight: 5,
  timeoutMs: 15_000,
  retry: { maxAttempts: 16, minBackoffMs: 1_000, maxBackoffMs: 3_600_000 },
  maxCallsPerSecond: null,
  deadLetterTopic: "orders.dead",
  filter: null,
  headers: {},
  createdAt: 1760000000000,
  paused: false,
  pausedReason: null,
  endpoint: "closed",
  inFlight: 0,
  heldRecords: 0,
  parked: [],
  previousSecretUntil: null,
} as const;

export type PutSubscriptionRequest = z.input<typeof putSubscriptionBody>;
export type Subscription = z.infer<typeof subscription>;
