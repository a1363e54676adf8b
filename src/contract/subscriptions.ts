// Webhook subscriptions: a subscription is a consumer group that is called; or, with `pull: true`, a share group that is pulled from
// (pull-subscriptions.ts).

import { MAX_SUBSCRIPTION_NAME_LENGTH } from "../common/limits/subscriptions.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { cursorParam, intParam, limitParam, nextCursor, offset, partition, refusalFields, timestamp, topicName } from "./fields.ts";
import { resetTarget } from "./groups.ts";
import { operation } from "./operation.ts";
import { PULL_EXAMPLE, pullSubscription, putPullSubscriptionBody } from "./pull-subscriptions.ts";
import { DAY_MS, EXAMPLE, params, putSubscriptionBody as putCalledBody, subscription, subscriptionName } from "./subscription-shapes.ts";
import { z } from "./zod.ts";

/** `pull` says which kind it is; one that is called where it says nothing. */
export const putSubscriptionBody = z
  .discriminatedUnion("pull", [putCalledBody, putPullSubscriptionBody], {
    error: ({ code }) => (code === "invalid_union" ? "must be true (it is pulled from) or false (it is called)" : undefined),
  })
  .meta({ id: "PutAnySubscription" });

const anySubscription = z.discriminatedUnion("pull", [subscription, pullSubscription]).meta({ id: "AnySubscription" });

const SUBSCRIPTION_ERRORS = ["RESOURCE_NOT_FOUND", "COORDINATOR_NOT_AVAILABLE"] as const;

const described = { description: "The subscription.", content: bothTypes(anySubscription, EXAMPLE) };
const pulledFrom = { description: "The subscription.", content: bothTypes(anySubscription, PULL_EXAMPLE) };

export const putSubscription = operation({
  id: "putSubscription",
  method: "PUT",
  path: "/v1/subscriptions/{subscription}",
  tag: "Webhooks",
  summary: "Make or change a subscription",
  description:
    "With `pull: true` it is pulled from, else it is called; a name stays of its kind until it is deleted. The body is the whole of it: what it leaves out has its default. Each record is delivered at least once; its place is the committed offset of the consumer group of the same name. An answer of 2xx takes a call, nothing else does.",
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
    "INCONSISTENT_GROUP_PROTOCOL",
    "GROUP_ID_NOT_FOUND",
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
  description:
    "The lag of one that is called is that of the group of its name: `GET /v1/groups/{group}`. One that is pulled from tells what is leased and what is behind.",
  params,
  query: none,
  answers: { 200: pulledFrom },
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
  summary: "Make no further calls, hand out nothing more",
  description: "Calls under way are finished, and count; what is leased may still be settled.",
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
  description:
    "The same as moving the group of its name (`POST /v1/groups/{group}/reset`), in all of its topics. One that is pulled from loses its leases there.",
  params,
  query: none,
  body: requestBody(replayBody, { to: { timestamp: 1760000000000 } }),
  answers: {
    200: {
      description: "What was moved.",
      content: bothTypes(replayAnswer, { dryRun: false, offsets: [{ topic: "orders", partition: 0, from: 41, to: 12 }] }),
    },
  },
  errors: [...SUBSCRIPTION_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE", "GROUP_ID_NOT_FOUND"],
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
  errors: [...SUBSCRIPTION_ERRORS, "UNACCEPTABLE_CREDENTIAL", "INCONSISTENT_GROUP_PROTOCOL"],
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
    "To this subscription alone, as the records that they were; the `Idempotency-Key` is made of the places that they had. What fails again is a dead letter again. One redrive looks at 100,000 offsets; `toOffset` says where the next goes on.",
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
  errors: [...SUBSCRIPTION_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE", "INCONSISTENT_GROUP_PROTOCOL"],
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
  errors: [...SUBSCRIPTION_ERRORS, "LEADER_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR", "INCONSISTENT_GROUP_PROTOCOL"],
});

export type AnySubscription = z.infer<typeof anySubscription>;
export type SubscriptionPage = z.infer<typeof subscriptionPage>;
export type ReplayRequest = z.input<typeof replayBody>;
export type ReplayAnswer = z.infer<typeof replayAnswer>;
export type RotateSecretRequest = z.input<typeof rotateSecretBody>;
export type RotatedSecret = z.infer<typeof rotatedSecret>;
export type RedriveRequest = z.input<typeof redriveBody>;
export type RedriveAnswer = z.infer<typeof redriveAnswer>;
export type Deliveries = z.infer<typeof deliveries>;
