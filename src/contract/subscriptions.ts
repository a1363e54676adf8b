// Webhook subscriptions: a subscription is a consumer group that is called.

import {
  DEFAULT_HOOK_TIMEOUT_MS,
  MAX_FILTER_LENGTH,
  MAX_HOOK_BATCH_BYTES,
  MAX_HOOK_BATCH_RECORDS,
  MAX_HOOK_TIMEOUT_MS,
  MAX_HOOKS_IN_FLIGHT,
  MAX_SUBSCRIPTION_NAME_LENGTH,
  MAX_SUBSCRIPTION_TOPICS,
} from "../common/limits.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { cursorParam, intParam, limitParam, nextCursor, offset, partition, refusalFields, timestamp, topicName } from "./fields.ts";
import { resetTarget } from "./groups.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const NAME = new RegExp(`^[a-zA-Z0-9._-]{1,${MAX_SUBSCRIPTION_NAME_LENGTH}}$`);

const subscriptionName = z
  .string()
  .regex(NAME, `must be 1 to ${MAX_SUBSCRIPTION_NAME_LENGTH} of a-z A-Z 0-9 . _ -`)
  .meta({ description: "Name of the subscription, and of its consumer group.", examples: ["billing"] });

const params = z.strictObject({ subscription: subscriptionName });

const DAY_MS = 86_400_000;

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

const configFields = {
  topics: z.array(topicName).min(1).max(MAX_SUBSCRIPTION_TOPICS),
  url: z
    .string()
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
  timeoutMs: z.int().min(100).max(MAX_HOOK_TIMEOUT_MS).default(DEFAULT_HOOK_TIMEOUT_MS).meta({ description: "Time for an answer." }),
  retry,
  maxCallsPerSecond: z.number().min(0.001).max(100_000).nullable().default(null).meta({ description: "null: as many as are answered." }),
  deadLetterTopic: topicName.nullable().default(null).meta({
    description: "Where records go after the last attempt; made where it is not there. null: the subscription is paused instead.",
  }),
  filter: z
    .string()
    .min(1)
    .max(MAX_FILTER_LENGTH)
    .nullable()
    .default(null)
    .meta({
      description:
        "CEL over `headers`, `key`, `value`, `topic`, `partition`, `offset` and `timestamp`: only records where it is true are delivered.",
      examples: ['has(value.amount) && value.amount > 100 && headers["kind"] == "order"'],
    }),
  headers: z.record(headerName, headerValue).default({}).meta({ description: "Sent with each call." }),
};

const from = z.union([z.enum(["earliest", "latest"]), z.strictObject({ timestamp })]);

export const putSubscriptionBody = z
  .strictObject({
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

const subscription = z
  .strictObject({
    name: subscriptionName,
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

const EXAMPLE = {
  name: "billing",
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

const SUBSCRIPTION_ERRORS = ["RESOURCE_NOT_FOUND", "COORDINATOR_NOT_AVAILABLE"] as const;

const described = { description: "The subscription.", content: bothTypes(subscription, EXAMPLE) };

export const putSubscription = operation({
  id: "putSubscription",
  method: "PUT",
  path: "/v1/subscriptions/{subscription}",
  tag: "Webhooks",
  summary: "Make or change a webhook subscription",
  description:
    "The body is the whole of it: what it leaves out has its default. Each record is delivered at least once; its place is the committed offset of the consumer group of the same name. An answer of 2xx takes a call, nothing else does.",
  params,
  query: none,
  body: requestBody(putSubscriptionBody, {
    topics: ["orders"],
    url: "https://example.com/hook",
    order: "key",
    deadLetterTopic: "orders.dead",
  }),
  answers: { 200: { ...described, description: "Changed." }, 201: { ...described, description: "Made." } },
  errors: [
    "INVALID_TOPIC_EXCEPTION",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "UNACCEPTABLE_CREDENTIAL",
    "NON_EMPTY_GROUP",
    "POLICY_VIOLATION",
    "LEADER_NOT_AVAILABLE",
    "COORDINATOR_NOT_AVAILABLE",
  ],
});

export const getSubscription = operation({
  id: "getSubscription",
  method: "GET",
  path: "/v1/subscriptions/{subscription}",
  tag: "Webhooks",
  summary: "A subscription and how it is doing",
  description: "Its lag is that of the group of its name: `GET /v1/groups/{group}`.",
  params,
  query: none,
  answers: { 200: described },
  errors: SUBSCRIPTION_ERRORS,
});

export const deleteSubscription = operation({
  id: "deleteSubscription",
  method: "DELETE",
  path: "/v1/subscriptions/{subscription}",
  tag: "Webhooks",
  summary: "Delete a subscription and its group",
  params,
  query: none,
  answers: { 204: { description: "Deleted." } },
  errors: [...SUBSCRIPTION_ERRORS, "LEADER_NOT_AVAILABLE"],
});

export const pauseSubscription = operation({
  id: "pauseSubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/pause",
  tag: "Webhooks",
  summary: "Make no further calls",
  description: "Calls under way are finished, and count.",
  params,
  query: none,
  answers: { 200: described },
  errors: SUBSCRIPTION_ERRORS,
});

export const resumeSubscription = operation({
  id: "resumeSubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/resume",
  tag: "Webhooks",
  summary: "Go on",
  description: "Also after a pause of its own: 410, or the last attempt without a dead-letter topic. What failed is tried at once.",
  params,
  query: none,
  answers: { 200: described },
  errors: SUBSCRIPTION_ERRORS,
});

export const replayBody = z
  .strictObject({
    to: resetTarget,
    topic: topicName.optional().meta({ description: "All topics of the subscription where absent." }),
    partition: partition.optional().meta({ description: "All partitions where absent; goes with `topic`." }),
    dryRun: z.boolean().default(false).meta({ description: "Say what would change, change nothing." }),
  })
  .refine(({ topic, partition: one }) => one === undefined || topic !== undefined, { path: ["partition"], message: "goes with topic" })
  .meta({ id: "Replay" });

const replayAnswer = z
  .strictObject({
    dryRun: z.boolean(),
    offsets: z.array(z.strictObject({ topic: topicName, partition, from: offset.nullable(), to: z.int().min(-1), ...refusalFields })),
  })
  .meta({ id: "ReplayResult" });

export const replaySubscription = operation({
  id: "replaySubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/replay",
  tag: "Webhooks",
  summary: "Deliver again from an offset or a time",
  description: "The same as moving the group of its name (`POST /v1/groups/{group}/reset`), in all of its topics.",
  params,
  query: none,
  body: requestBody(replayBody, { to: { timestamp: 1760000000000 } }),
  answers: {
    200: {
      description: "What was moved.",
      content: bothTypes(replayAnswer, { dryRun: false, offsets: [{ topic: "orders", partition: 0, from: 41, to: 12 }] }),
    },
  },
  errors: [...SUBSCRIPTION_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"],
});

export const rotateSecretBody = z
  .strictObject({
    secret: z.string().min(1).max(200).optional().meta({ description: "`whsec_…`; made where absent." }),
    overlapMs: z
      .int()
      .min(0)
      .max(30 * DAY_MS)
      .default(DAY_MS)
      .meta({ description: "Calls are signed with the secret before as well for so long." }),
  })
  .meta({ id: "RotateSecret" });

const rotatedSecret = z.strictObject({ secret: z.string(), previousValidUntil: timestamp }).meta({ id: "RotatedSecret" });

export const rotateSecret = operation({
  id: "rotateSecret",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/rotate-secret",
  tag: "Webhooks",
  summary: "Sign with a new secret, and with the old one for a while",
  params,
  query: none,
  body: requestBody(rotateSecretBody, { overlapMs: 3_600_000 }),
  answers: {
    200: {
      description: "The secret that is signed with from now on.",
      content: bothTypes(rotatedSecret, {
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgPxZ0tNM=",
        previousValidUntil: 1760003600000,
      }),
    },
  },
  errors: [...SUBSCRIPTION_ERRORS, "UNACCEPTABLE_CREDENTIAL"],
});

export const redriveBody = z
  .strictObject({
    all: z.literal(true).optional().meta({ description: "Everything that the dead-letter topic has of this subscription." }),
    partition: partition.optional(),
    offsets: z.array(offset).min(1).max(10_000).optional().meta({ description: "These, of `partition`." }),
    fromOffset: offset.optional(),
    toOffset: offset.optional().meta({ description: "Those of `partition` from `fromOffset` to here, exclusive." }),
    dryRun: z.boolean().default(false).meta({ description: "Say how many there are, deliver none." }),
  })
  .meta({ id: "Redrive" });

const redriveAnswer = z
  .strictObject({
    dryRun: z.boolean(),
    topic: topicName,
    records: z.int().min(0).meta({ description: "That are this subscription's." }),
    partitions: z.array(z.strictObject({ partition, fromOffset: offset, toOffset: offset, records: z.int().min(0) })),
  })
  .meta({ id: "RedriveResult" });

export const redriveSubscription = operation({
  id: "redriveSubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/redrive",
  tag: "Webhooks",
  summary: "Deliver dead letters again",
  description:
    "To this subscription alone, as the records that they were, with the same `Idempotency-Key`. What fails again is a dead letter again. One redrive looks at 100,000 offsets; `toOffset` says where the next goes on.",
  params,
  query: none,
  body: requestBody(redriveBody, { all: true, dryRun: true }),
  answers: {
    200: {
      description: "What is delivered.",
      content: bothTypes(redriveAnswer, {
        dryRun: true,
        topic: "orders.dead",
        records: 3,
        partitions: [{ partition: 0, fromOffset: 4, toOffset: 9, records: 3 }],
      }),
    },
  },
  errors: [...SUBSCRIPTION_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"],
});

const subscriptionPage = z
  .strictObject({ subscriptions: z.array(z.strictObject({ name: subscriptionName })), nextCursor })
  .meta({ id: "SubscriptionPage" });

export const listSubscriptions = operation({
  id: "listSubscriptions",
  method: "GET",
  path: "/v1/subscriptions",
  tag: "Webhooks",
  summary: "List subscriptions",
  params: none,
  query: z.strictObject({
    prefix: z.string().max(MAX_SUBSCRIPTION_NAME_LENGTH).optional().meta({ description: "Only names that start so." }),
    limit: limitParam,
    cursor: cursorParam,
  }),
  answers: {
    200: {
      description: "A page of subscriptions, by name.",
      content: bothTypes(subscriptionPage, { subscriptions: [{ name: "billing" }], nextCursor: null }),
    },
  },
  errors: [],
});

const deliveries = z
  .strictObject({
    deliveries: z.array(
      z.strictObject({
        timestamp,
        records: z.string().meta({ description: "topic/partition/offsets." }),
        recordCount: z.int().min(1),
        attempt: z.int().min(0),
        outcome: z.enum(["delivered", "failed", "deadLettered", "deadLetterFailed"]),
        status: z.int().nullable().meta({ description: "Of the endpoint's answer; null: there was none." }),
        durationMs: z.int().min(0),
        error: z.string().optional(),
        answer: z.string().optional().meta({ description: "Beginning of the endpoint's answer, where it failed." }),
      }),
    ),
    nextCursor,
  })
  .meta({ id: "Deliveries" });

export const listDeliveries = operation({
  id: "listDeliveries",
  method: "GET",
  path: "/v1/subscriptions/{subscription}/deliveries",
  tag: "Webhooks",
  summary: "A subscription's calls, the newest first",
  description: "They are records of the topic `__deliveries`, keyed by the subscription's name: any consumer may read them as well.",
  params,
  query: z.strictObject({
    limit: intParam(1, 1_000).default(100).meta({ description: "Most entries in the answer." }),
    cursor: cursorParam,
  }),
  answers: {
    200: {
      description: "A page of calls.",
      content: bothTypes(deliveries, {
        deliveries: [
          {
            timestamp: 1760000000000,
            records: "orders/0/40-41",
            recordCount: 2,
            attempt: 1,
            outcome: "failed",
            status: 500,
            durationMs: 12,
            error: "status 500",
            answer: "out of order",
          },
        ],
        nextCursor: null,
      }),
    },
  },
  errors: [...SUBSCRIPTION_ERRORS, "LEADER_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR"],
});
