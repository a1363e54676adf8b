// Share groups: pull with leases, settle, settings, describe, reset, delete.

import { DEFAULT_FETCH_BYTES, MAX_DECODED_BYTES, MAX_WAIT_MS } from "../common/limits/fetch.ts";
import {
  DEFAULT_PULL_RECORDS,
  MAX_PARTITIONS_PER_PULL,
  MAX_PULL_RECORDS,
  MAX_SETTLEMENTS,
  MAX_SHARE_DELAY_MS,
  MAX_SHARE_DELIVERIES,
  MAX_SHARE_IN_FLIGHT,
  MAX_SHARE_LEASE_MS,
  MIN_SHARE_LEASE_MS,
} from "../common/limits/share-groups.ts";
import { DEFAULT_SHARE_SETTINGS, SHARE_ORDERS } from "../common/share-settings.ts";
import { SHARE_STARTS } from "../common/share-start.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { fetchedRecord } from "./fetch.ts";
import {
  cursorParam,
  duration,
  encodingParam,
  groupId,
  groupParams,
  ISOLATION_LEVELS,
  limitParam,
  nextCursor,
  offset,
  partition,
  refusalFields,
  timestamp,
  topicName,
} from "./fields.ts";
import { resetAnswer, resetBody } from "./groups.ts";
import { operation } from "./operation.ts";
import { filter } from "./subscription-shapes.ts";
import { z } from "./zod.ts";

export const leaseMs = z
  .int()
  .min(MIN_SHARE_LEASE_MS)
  .max(MAX_SHARE_LEASE_MS)
  .meta({ description: "How long a record is the worker's own (ms). Then it is delivered again." });

export const order = z.enum(SHARE_ORDERS).meta({
  description:
    "`none`: any record to anybody. `key`: while a record of a key is leased or waits for its retry, no later one of that key is handed out; other keys run in parallel. `partition`: the same for all records of a partition, of which one pull gets several in a row.",
});

const leaseId = z.string().min(1).max(255).meta({ description: "As the pull answered it." });

export const pullBody = z
  .strictObject({
    topics: z
      .array(topicName)
      .min(1)
      .max(MAX_PARTITIONS_PER_PULL)
      .meta({ description: `At most ${MAX_PARTITIONS_PER_PULL} partitions in all.` }),
    maxRecords: z.int().min(1).max(MAX_PULL_RECORDS).default(DEFAULT_PULL_RECORDS),
    maxBytes: z
      .int()
      .min(1)
      .max(MAX_DECODED_BYTES)
      .default(DEFAULT_FETCH_BYTES)
      .meta({ description: "Most bytes of keys, values and headers; the first record comes whole even if it is larger." }),
    maxWaitMs: z.int().min(0).max(MAX_WAIT_MS).default(0).meta({ description: "Longest wait for a record (ms)." }),
    leaseMs: leaseMs.optional(),
    order: order.optional(),
  })
  .meta({ id: "Pull", description: "With `order`, a group of another order refuses the pull, and one that it makes gets it." });

const leasedRecord = fetchedRecord
  .extend({
    topic: topicName,
    partition,
    leaseId,
    deliveryCount: z.int().min(1).meta({ description: "Deliveries of the record, this one included." }),
  })
  .meta({ id: "LeasedRecord" });

const refusedPartition = z.strictObject({ topic: topicName, partition, ...refusalFields });

export const pullAnswer = z
  .strictObject({
    records: z.array(leasedRecord),
    leaseDeadline: timestamp.nullable().meta({ description: "When the first of the leases ends; null without records." }),
    leaseMs: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: "How long that is from the answer on (ms), for workers whose clock is not the broker's." }),
    order: z.enum(SHARE_ORDERS).meta({ description: "The group's. Of `partition`, work off a partition's records one after the other." }),
    errors: z.array(refusedPartition).optional().meta({ description: "Partitions that could not be read." }),
  })
  .meta({ id: "Pulled" });

export const EXAMPLE_LEASE = "AQw3aavR5E9qmr3vXF_R58F8Gt9yQpVKgY3UV7rGPZ8AAAAAQESAAAAAAABDMjRWeJq83w";

export const EXAMPLE_PULLED = {
  records: [
    {
      topic: "orders",
      partition: 0,
      leaseId: EXAMPLE_LEASE,
      deliveryCount: 1,
      offset: 41,
      timestamp: 1760000000000,
      key: "u1",
      value: "v",
      headers: [],
    },
  ],
  leaseDeadline: 1760000030000,
  leaseMs: 30000,
  order: "none",
} as const;

const SHARE_ERRORS = ["INVALID_GROUP_ID", "COORDINATOR_NOT_AVAILABLE"] as const;

export const pullRecords = operation({
  id: "pullRecords",
  method: "POST",
  path: "/v1/share-groups/{group}/pull",
  tag: "Share groups",
  summary: "Lease records to work on",
  description: [
    "Any number of workers pull from the same partitions; each record is leased to one of them at a time. Settle it with `ack` before its lease ends, or it is delivered again, with a higher `deliveryCount`, until `maxDeliveries`.",
    "A group that is not there is made, with the default settings. With nothing to hand out the pull waits up to `maxWaitMs`.",
  ].join("\n\n"),
  params: groupParams,
  query: z.strictObject({ encoding: encodingParam }),
  body: requestBody(pullBody, { topics: ["orders"], maxRecords: 10, maxWaitMs: 20000 }),
  answers: {
    200: {
      description: "Records, maybe none, by partition and offset.",
      content: bothTypes(pullAnswer, EXAMPLE_PULLED),
    },
  },
  errors: [...SHARE_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "LEADER_NOT_AVAILABLE", "INCONSISTENT_GROUP_PROTOCOL"],
});

const leases = z.array(leaseId).max(MAX_SETTLEMENTS).default([]);

export const settleBody = z
  .strictObject({
    acks: leases.meta({ description: "Done." }),
    releases: z
      .array(
        z.strictObject({
          leaseId,
          delayMs: z.int().min(0).max(MAX_SHARE_DELAY_MS).default(0).meta({ description: "Not before so long (ms)." }),
        }),
      )
      .max(MAX_SETTLEMENTS)
      .default([])
      .meta({ description: "To be delivered again, unless that was the last delivery. `retries` is the same." }),
    retries: z
      .array(z.strictObject({ leaseId, delayMs: z.int().min(0).max(MAX_SHARE_DELAY_MS).default(0) }))
      .max(MAX_SETTLEMENTS)
      .default([]),
    rejects: leases.meta({ description: "Never to be delivered again: to the dead-letter topic, where the group has one." }),
    renewals: z
      .array(z.strictObject({ leaseId, leaseMs: leaseMs.optional() }))
      .max(MAX_SETTLEMENTS)
      .default([])
      .meta({ description: "The lease ends so long from now; the group's `leaseMs` where absent." }),
  })
  .meta({ id: "Settle", description: `At most ${MAX_SETTLEMENTS} leases in all, each once.` });

export const settleAnswer = z
  .strictObject({
    settled: z.int().min(0).meta({ description: "How many leases were settled." }),
    errors: z
      .array(z.strictObject({ leaseId, ...refusalFields }))
      .optional()
      .meta({ description: "Those that were not." }),
  })
  .meta({ id: "Settled" });

export const settleRecords = operation({
  id: "settleRecords",
  method: "POST",
  path: "/v1/share-groups/{group}/ack",
  tag: "Share groups",
  summary: "Acknowledge, release, reject or renew leased records",
  description:
    "A lease that does not count any more is `INVALID_RECORD_STATE` and never fails the others: it ended, the record was settled (maybe by this request, when it was sent before and its answer was lost), or the group was reset. When all are refused, the answer is a problem that carries `errors` too.",
  params: groupParams,
  query: none,
  body: requestBody(settleBody, { acks: [EXAMPLE_LEASE], releases: [], rejects: [] }),
  answers: { 200: { description: "What was settled, durable.", content: bothTypes(settleAnswer, { settled: 1 }) } },
  errors: [...SHARE_ERRORS, "GROUP_ID_NOT_FOUND", "INVALID_RECORD_STATE"],
});

const settingsFields = {
  maxDeliveries: z.int().min(1).max(MAX_SHARE_DELIVERIES).meta({ description: "Deliveries of a record before it is given up." }),
  leaseMs,
  maxInFlight: z
    .int()
    .min(1)
    .max(MAX_SHARE_IN_FLIGHT)
    .meta({ description: "Records of a partition that may be under way: leased, or waiting for a retry or for their turn." }),
  deadLetterTopic: topicName
    .nullable()
    .meta({ description: "Where records go that are given up, with `__dlq.errors.*` headers; null: nowhere." }),
  order,
  isolation: z.enum(ISOLATION_LEVELS),
  autoOffsetReset: z.union([z.enum(SHARE_STARTS), z.strictObject({ timestamp }), z.strictObject({ duration })]).meta({
    description: "Where the group begins in a partition that it has not seen; with a duration, at what is not older than that by then.",
  }),
  filter: filter.meta({
    description:
      "CEL, as a webhook subscription's: records for which it is not true are passed over. What was passed over stays so under another filter.",
  }),
  delays: z.boolean().meta({ description: "A record with a `notBefore` header (ms since the epoch, or ISO 8601) waits until then." }),
  paused: z.boolean().meta({ description: "Nothing is handed out; leases may still be settled." }),
};

const settings = z.strictObject(settingsFields).meta({ id: "ShareSettings" });

export const settingsBody = settings.partial().meta({ id: "ShareSettingsChange", description: "What is absent stays as it is." });

const shareGroup = z.strictObject({ groupId, settings }).meta({ id: "ShareGroupSettings" });

export const putShareGroup = operation({
  id: "putShareGroup",
  method: "PUT",
  path: "/v1/share-groups/{group}",
  tag: "Share groups",
  summary: "Make a share group, or change its settings",
  description: "A change reaches every pull within two seconds.",
  params: groupParams,
  query: none,
  body: requestBody(settingsBody, { order: "key", maxDeliveries: 5, deadLetterTopic: "orders-dead" }),
  answers: {
    200: { description: "The group.", content: bothTypes(shareGroup, { groupId: "billing", settings: DEFAULT_SHARE_SETTINGS }) },
  },
  errors: [...SHARE_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "NON_EMPTY_GROUP", "INCONSISTENT_GROUP_PROTOCOL"],
});

const count = (description: string) => z.int().min(0).meta({ description });

export const describedSharePartition = z.strictObject({
  topic: topicName,
  partition,
  startOffset: offset.meta({ description: "The first that is not decided." }),
  endOffset: offset.meta({ description: "Nothing from here on was handed out." }),
  highWatermark: offset.nullable(),
  lag: count("Records that are not decided; null where the partition could not be asked.").nullable(),
  acquired: count("Leased to somebody."),
  available: count("Taken from the log and leased to nobody: their turn, or their retry, comes."),
  delayed: count("Of the available, those whose retry is delayed."),
  archiving: count("Given up, on their way to the dead-letter topic."),
  acknowledged: count("Since the group began here."),
  archived: count("Given up, or deleted from the log before they were decided."),
  deadLettered: count("Of the archived, those in a dead-letter topic."),
  deadLetterError: z.string().nullable().meta({ description: "Why dead letters could not be written at the last try." }),
});

export const EXAMPLE_SHARE_PARTITION = {
  topic: "orders",
  partition: 0,
  startOffset: 40,
  endOffset: 42,
  highWatermark: 50,
  lag: 10,
  acquired: 1,
  available: 1,
  delayed: 0,
  archiving: 0,
  acknowledged: 40,
  archived: 0,
  deadLettered: 0,
  deadLetterError: null,
} as const;

const describedShareGroup = z.strictObject({ groupId, settings, partitions: z.array(describedSharePartition) }).meta({ id: "ShareGroup" });

export const describeShareGroup = operation({
  id: "describeShareGroup",
  method: "GET",
  path: "/v1/share-groups/{group}",
  tag: "Share groups",
  summary: "Describe a share group: settings, offsets, what is under way, lag",
  params: groupParams,
  query: none,
  answers: {
    200: {
      description: "The group.",
      content: bothTypes(describedShareGroup, {
        groupId: "billing",
        settings: DEFAULT_SHARE_SETTINGS,
        partitions: [EXAMPLE_SHARE_PARTITION],
      }),
    },
  },
  errors: [...SHARE_ERRORS, "GROUP_ID_NOT_FOUND"],
});

const shareGroupPage = z.strictObject({ groups: z.array(z.strictObject({ groupId })), nextCursor }).meta({ id: "ShareGroupPage" });

export const listShareGroups = operation({
  id: "listShareGroups",
  method: "GET",
  path: "/v1/share-groups",
  tag: "Share groups",
  summary: "List share groups",
  params: none,
  query: z.strictObject({
    prefix: z.string().max(255).optional().meta({ description: "Only ids that start so." }),
    limit: limitParam,
    cursor: cursorParam,
  }),
  answers: {
    200: {
      description: "A page of groups, by id.",
      content: bothTypes(shareGroupPage, { groups: [{ groupId: "billing" }], nextCursor: null }),
    },
  },
  errors: [],
});

export const resetShareGroup = operation({
  id: "resetShareGroup",
  method: "POST",
  path: "/v1/share-groups/{group}/reset",
  tag: "Share groups",
  summary: "Move a share group's start offsets",
  description:
    "Of a topic that the group has begun to consume. Every lease on what is moved is void, and what was acknowledged behind is delivered again.",
  params: groupParams,
  query: none,
  body: requestBody(resetBody, { topic: "orders", to: "earliest", dryRun: true }),
  answers: {
    200: {
      description: "What was moved.",
      content: bothTypes(resetAnswer, { dryRun: true, offsets: [{ topic: "orders", partition: 0, from: 41, to: 0 }] }),
    },
  },
  errors: [...SHARE_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "GROUP_ID_NOT_FOUND"],
});

export const deleteShareGroup = operation({
  id: "deleteShareGroup",
  method: "DELETE",
  path: "/v1/share-groups/{group}",
  tag: "Share groups",
  summary: "Delete a share group and all that it knows",
  description: "Not while it has members by Kafka's protocol, which would make it anew. Who pulls is no member.",
  params: groupParams,
  query: none,
  answers: { 204: { description: "Deleted: every lease is void. The next pull makes the group anew." } },
  errors: [...SHARE_ERRORS, "GROUP_ID_NOT_FOUND", "NON_EMPTY_GROUP"],
});

export const SHARE_GROUP_OPERATIONS = [
  listShareGroups,
  describeShareGroup,
  putShareGroup,
  deleteShareGroup,
  pullRecords,
  settleRecords,
  resetShareGroup,
] as const;

export type PullAnswer = z.infer<typeof pullAnswer>;
export type SettleRequest = z.input<typeof settleBody>;
export type SettleAnswer = z.infer<typeof settleAnswer>;
export type ShareSettingsChange = z.input<typeof settingsBody>;
export type ShareGroupAnswer = z.infer<typeof shareGroup>;
export type ShareGroupPage = z.infer<typeof shareGroupPage>;
export type DescribedShareGroup = z.infer<typeof describedShareGroup>;
