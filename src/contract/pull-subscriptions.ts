// Subscriptions that are pulled from, for those who cannot be called: what one is made of, pull and ack. Under its name it is a share group
// (share-groups.ts), whose pull and ack these are.

import {
  DEFAULT_SHARE_DELIVERIES,
  DEFAULT_SHARE_IN_FLIGHT,
  DEFAULT_SHARE_LEASE_MS,
  MAX_PARTITIONS_PER_PULL,
  MAX_SHARE_DELIVERIES,
  MAX_SHARE_IN_FLIGHT,
} from "../common/limits/share-groups.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { encodingParam, timestamp, topicName } from "./fields.ts";
import { operation } from "./operation.ts";
import {
  describedSharePartition,
  EXAMPLE_LEASE,
  EXAMPLE_PULLED,
  EXAMPLE_SHARE_PARTITION,
  leaseMs,
  order,
  pullAnswer,
  pullBody,
  settleAnswer,
  settleBody,
} from "./share-groups.ts";
import { filter, from, params, subscriptionName } from "./subscription-shapes.ts";
import { z } from "./zod.ts";

const maxAttempts = z.int().min(1).max(MAX_SHARE_DELIVERIES);

const configFields = {
  topics: z
    .array(topicName)
    .min(1)
    .max(MAX_PARTITIONS_PER_PULL)
    .meta({ description: `At most ${MAX_PARTITIONS_PER_PULL} partitions in all.` }),
  order: order.default("partition"),
  maxInFlight: z
    .int()
    .min(1)
    .max(MAX_SHARE_IN_FLIGHT)
    .default(DEFAULT_SHARE_IN_FLIGHT)
    .meta({ description: "Records of a partition that may be under way: leased, or waiting for their time or their turn." }),
  leaseMs: leaseMs.default(DEFAULT_SHARE_LEASE_MS),
  retry: z
    .strictObject({ maxAttempts: maxAttempts.default(DEFAULT_SHARE_DELIVERIES) }, { error: notForPull })
    .prefault({})
    .meta({ description: "`maxAttempts`: deliveries of a record before it is given up. When the next one comes, an `ack` says." }),
  deadLetterTopic: topicName
    .nullable()
    .default(null)
    .meta({ description: "Where records go that are given up; made where it is not there. null: nowhere, they are only counted." }),
  filter: filter.default(null),
};

/** What one that is called has, and this one cannot honour. */
function notForPull(issue: { readonly code?: string | undefined; readonly keys?: readonly string[] }): string | undefined {
  if (issue.code !== "unrecognized_keys") return undefined;
  const keys = (issue.keys ?? []).map((key) => `'${key}'`).join(", ");
  return `a subscription with pull: true makes no calls, and cannot have ${keys}`;
}

export const putPullSubscriptionBody = z
  .strictObject(
    {
      pull: z.literal(true),
      ...configFields,
      from: from.default("latest").meta({ description: "Where partitions begin that the subscription has not seen." }),
      paused: z.boolean().optional().meta({ description: "As it is where absent." }),
    },
    { error: notForPull },
  )
  .meta({ id: "PutPullSubscription" });

export const pullSubscription = z
  .strictObject({
    name: subscriptionName,
    pull: z.literal(true),
    ...configFields,
    createdAt: timestamp,
    paused: z.boolean(),
    pausedReason: z.string().nullable(),
    lag: z.int().min(0).nullable().meta({ description: "Records that are not decided; null where a partition could not be asked." }),
    partitions: z.array(describedSharePartition),
  })
  .meta({ id: "PullSubscription" });

export const PULL_EXAMPLE = {
  name: "billing",
  pull: true,
  topics: ["orders"],
  order: "key",
  maxInFlight: DEFAULT_SHARE_IN_FLIGHT,
  leaseMs: DEFAULT_SHARE_LEASE_MS,
  retry: { maxAttempts: DEFAULT_SHARE_DELIVERIES },
  deadLetterTopic: "orders.dead",
  filter: null,
  createdAt: 1760000000000,
  paused: false,
  pausedReason: null,
  lag: 10,
  partitions: [EXAMPLE_SHARE_PARTITION],
} as const;

const PULL_ERRORS = ["RESOURCE_NOT_FOUND", "GROUP_ID_NOT_FOUND", "INCONSISTENT_GROUP_PROTOCOL", "COORDINATOR_NOT_AVAILABLE"] as const;

export const pullSubscriptionBody = pullBody.omit({ topics: true, order: true }).meta({ id: "PullSubscriptionRecords" });

export const pullFromSubscription = operation({
  id: "pullFromSubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/pull",
  tag: "Webhooks",
  summary: "Lease records of a subscription that is pulled from",
  description: [
    "Any number of workers pull; each record is leased to one of them at a time. Settle it with `ack` before its lease ends, or it is delivered again, with a higher `deliveryCount`, until `retry.maxAttempts`.",
    "With nothing to hand out, or while the subscription is paused, the pull waits up to `maxWaitMs`.",
  ].join("\n\n"),
  params,
  query: z.strictObject({ encoding: encodingParam }),
  body: requestBody(pullSubscriptionBody, { maxRecords: 10, maxWaitMs: 20_000 }),
  answers: { 200: { description: "Records, maybe none, by partition and offset.", content: bothTypes(pullAnswer, EXAMPLE_PULLED) } },
  errors: [...PULL_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"],
});

export const ackBody = settleBody
  .omit({ releases: true })
  .extend({ retries: settleBody.shape.releases.meta({ description: "To be delivered again, unless that was the last delivery." }) })
  .meta({ id: "Ack" });

export const ackOfSubscription = operation({
  id: "ackOfSubscription",
  method: "POST",
  path: "/v1/subscriptions/{subscription}/ack",
  tag: "Webhooks",
  summary: "Acknowledge, retry, reject or renew leased records of a subscription",
  description:
    "A lease that does not count any more is `INVALID_RECORD_STATE` and never fails the others; when all are refused, the answer is a problem that carries `errors` too.",
  params,
  query: none,
  body: requestBody(ackBody, { acks: [EXAMPLE_LEASE], retries: [], rejects: [] }),
  answers: { 200: { description: "What was settled, durable.", content: bothTypes(settleAnswer, { settled: 1 }) } },
  errors: [...PULL_ERRORS, "INVALID_RECORD_STATE"],
});

export type PutPullSubscriptionRequest = z.input<typeof putPullSubscriptionBody>;
export type PullSubscription = z.infer<typeof pullSubscription>;
export type PullRequest = z.input<typeof pullSubscriptionBody>;
export type PullAnswer = z.infer<typeof pullAnswer>;
export type AckRequest = z.input<typeof ackBody>;
export type AckAnswer = z.infer<typeof settleAnswer>;
