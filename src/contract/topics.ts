// Topics: make, list, describe, change, delete, and what offset a time has.

import { MAX_PARTITIONS_PER_TOPIC } from "../common/limits/topics.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import {
  cursorParam,
  flagParam,
  ISOLATION_LEVELS,
  leaderEpoch,
  limitParam,
  logOffsetFields,
  nextCursor,
  partition,
  partitionParams,
  refusalFields,
  timestamp,
  topicName,
  topicParams,
} from "./fields.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const partitionCount = z.int().min(1).max(MAX_PARTITIONS_PER_TOPIC).meta({ description: "Number of partitions." });

const configValue = z
  .union([z.string(), z.number(), z.boolean()])
  .transform(String)
  .pipe(z.string())
  .meta({ description: "As Kafka writes it; a number or a boolean is taken as its text." });

const setConfigs = z.record(z.string(), configValue).meta({ description: "Kafka's config keys, e.g. `retention.ms`." });

const createTopicRequest = z
  .strictObject({ name: topicName, partitions: partitionCount.optional(), configs: setConfigs.optional() })
  .meta({ id: "CreateTopic" });

const alterTopicRequest = z
  .strictObject({
    partitions: partitionCount.optional().meta({ description: "More than now, never fewer." }),
    configs: z
      .record(z.string(), configValue.nullable())
      .optional()
      .meta({ description: "Configs to set; null resets one to its default." }),
  })
  .meta({ id: "AlterTopic" });

const topic = z
  .strictObject({
    name: topicName,
    topicId: z.string().meta({ description: "UUID. A topic made again under a name has another one." }),
    partitions: partitionCount,
    configs: z.record(z.string(), z.string()).meta({ description: "The configs that were set." }),
    createdAt: timestamp,
  })
  .meta({ id: "Topic" });

export type TopicAnswer = z.infer<typeof topic>;

const topicPage = z
  .strictObject({
    topics: z.array(z.strictObject({ name: topicName, topicId: z.string(), partitions: partitionCount })),
    nextCursor,
  })
  .meta({ id: "TopicPage" });

const topicConfig = z
  .strictObject({
    name: z.string(),
    value: z.string().nullable().meta({ description: "What is in force." }),
    default: z.string().nullable(),
    source: z.enum(["topic", "default"]).meta({ description: "`topic` where it was set on this topic." }),
    type: z.enum(["boolean", "string", "int", "long", "double", "list"]).meta({ description: "Kafka's type of the value." }),
    honoured: z.boolean().meta({ description: "false: checked and kept, but nothing depends on it in this version." }),
    doc: z.string().meta({ description: "What it does." }),
  })
  .meta({ id: "TopicConfig" });

export type TopicConfig = z.infer<typeof topicConfig>;

const describedPartition = z.union([
  z.strictObject({ partition, ...logOffsetFields, sizeBytes: z.int().min(0) }),
  z.strictObject({ partition, ...refusalFields }),
]);

const describedTopic = z
  .strictObject({
    name: topicName,
    topicId: z.string(),
    createdAt: timestamp,
    partitions: z.array(describedPartition).meta({ description: "In order; a partition that could not be asked carries a `code`." }),
    configs: z.array(topicConfig),
  })
  .meta({ id: "DescribedTopic" });

const validateOnly = z.strictObject({ validateOnly: flagParam("Check everything, change nothing.", false) });

const EXAMPLE_TOPIC = {
  name: "orders",
  topicId: "5d9f2c1e-7b0a-4c8d-9d63-0a8e4b1f6c27",
  partitions: 4,
  configs: { "retention.ms": "604800000" },
  createdAt: 1760000000000,
};

/** Of a topic that is made or altered. */
const CHANGE_ERRORS = [
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_PARTITIONS",
  "INVALID_CONFIG",
  "POLICY_VIOLATION",
  "KAFKA_STORAGE_ERROR",
] as const;

export const listTopics = operation({
  id: "listTopics",
  method: "GET",
  path: "/v1/topics",
  tag: "Topics",
  summary: "List topics",
  params: none,
  query: z.strictObject({
    prefix: z.string().max(249).optional().meta({ description: "Only names that start so." }),
    limit: limitParam,
    cursor: cursorParam,
  }),
  answers: {
    200: {
      description: "A page of topics, by name.",
      content: bothTypes(topicPage, { topics: [{ name: "orders", topicId: EXAMPLE_TOPIC.topicId, partitions: 4 }], nextCursor: null }),
    },
  },
  errors: [],
});

export const createTopic = operation({
  id: "createTopic",
  method: "POST",
  path: "/v1/topics",
  tag: "Topics",
  summary: "Make a topic",
  params: none,
  query: validateOnly,
  body: requestBody(createTopicRequest, { name: "orders", partitions: 4, configs: { "retention.ms": "604800000" } }),
  answers: {
    200: { description: "`validateOnly`: it could be made, and would be this.", content: bothTypes(topic, EXAMPLE_TOPIC) },
    201: { description: "Made.", content: bothTypes(topic, EXAMPLE_TOPIC), headers: { location: "Where the topic is." } },
  },
  errors: ["TOPIC_ALREADY_EXISTS", ...CHANGE_ERRORS],
});

export const createTopicBody = createTopicRequest;

export const describeTopic = operation({
  id: "describeTopic",
  method: "GET",
  path: "/v1/topics/{topic}",
  tag: "Topics",
  summary: "Describe a topic, its partitions and its configs",
  params: topicParams,
  query: none,
  answers: {
    200: {
      description: "The topic.",
      content: bothTypes(describedTopic, {
        name: "orders",
        topicId: EXAMPLE_TOPIC.topicId,
        createdAt: 1760000000000,
        partitions: [{ partition: 0, logStartOffset: 0, highWatermark: 42, lastStableOffset: 42, leaderEpoch: 3, sizeBytes: 8120 }],
        configs: [
          {
            name: "retention.ms",
            value: "604800000",
            default: "604800000",
            source: "default",
            type: "long",
            honoured: true,
            doc: "How long records are kept (ms); -1: for ever.",
          },
        ],
      }),
    },
  },
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"],
});

export const alterTopic = operation({
  id: "alterTopic",
  method: "PATCH",
  path: "/v1/topics/{topic}",
  tag: "Topics",
  summary: "Add partitions, set or reset configs",
  params: topicParams,
  query: validateOnly,
  body: requestBody(alterTopicRequest, { partitions: 8, configs: { "retention.ms": "86400000", "segment.ms": null } }),
  answers: { 200: { description: "The topic as it is now (`validateOnly`: as it would be).", content: bothTypes(topic, EXAMPLE_TOPIC) } },
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", ...CHANGE_ERRORS],
});

export const alterTopicBody = alterTopicRequest;

export const deleteTopic = operation({
  id: "deleteTopic",
  method: "DELETE",
  path: "/v1/topics/{topic}",
  tag: "Topics",
  summary: "Delete a topic and its records",
  description: "A topic made again under the name starts at offset 0 with a new id.",
  params: topicParams,
  query: none,
  answers: { 204: { description: "Deleted: no partition of it takes or serves records any more." } },
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "KAFKA_STORAGE_ERROR"],
});

const offsetAnswer = z
  .strictObject({
    offset: z.int().min(-1).meta({ description: "-1: no record at or after the timestamp." }),
    timestamp: z.int().min(-1).meta({ description: "Of the record found (ms); -1 for `earliest`, `latest` and where none was." }),
    leaderEpoch,
    logStartOffset: logOffsetFields.logStartOffset,
    highWatermark: logOffsetFields.highWatermark,
    lastStableOffset: logOffsetFields.lastStableOffset,
  })
  .meta({ id: "Offset" });

export const getOffset = operation({
  id: "getOffset",
  method: "GET",
  path: "/v1/topics/{topic}/partitions/{partition}/offsets",
  tag: "Topics",
  summary: "Which offset has a time",
  description: "Kafka's ListOffsets.",
  params: partitionParams,
  query: z.strictObject({
    timestamp: z
      .string()
      .regex(/^(earliest|latest|maxTimestamp|\d{1,15})$/, "must be earliest, latest, maxTimestamp, or a time in ms")
      .default("latest")
      .meta({
        description: "`earliest`, `latest`, `maxTimestamp` (the record with the largest timestamp), or ms: the first record at or after.",
      }),
    isolation: z.enum(ISOLATION_LEVELS).default("read_uncommitted").meta({
      description: "`read_committed`: `latest` is the last stable offset, and no record from there on is found.",
    }),
  }),
  answers: {
    200: {
      description: "The offset.",
      content: bothTypes(offsetAnswer, {
        offset: 42,
        timestamp: -1,
        leaderEpoch: 3,
        logStartOffset: 0,
        highWatermark: 42,
        lastStableOffset: 42,
      }),
    },
  },
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"],
});

export type CreateTopicRequest = z.input<typeof createTopicRequest>;
export type AlterTopicRequest = z.input<typeof alterTopicRequest>;
export type TopicPage = z.infer<typeof topicPage>;
export type DescribedTopic = z.infer<typeof describedTopic>;
export type OffsetAnswer = z.infer<typeof offsetAnswer>;
