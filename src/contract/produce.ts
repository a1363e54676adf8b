// Produce: JSON, MessagePack, a stream of JSON lines, one raw value, and record batches as they are. And producer ids.

import type { ErrorName } from "../common/errors.ts";
import { MAX_HEADERS_PER_RECORD, MAX_RECORDS_PER_REQUEST } from "../common/limits/records.ts";
import { DEFAULT_TRANSACTION_TIMEOUT_MS } from "../common/limits/transactions.ts";
import { bothTypes, none } from "./bodies.ts";
import { flagParam, offset, partition, partitionParam, partitionParams, refusalFields, timestamp, topicParams } from "./fields.ts";
import { BATCHES_TYPE, JSON_TYPE, MSGPACK_TYPE, NDJSON_TYPE } from "./media-types.ts";
import { operation } from "./operation.ts";
import { producerEpoch, producerId, transactionalId } from "./producer-fields.ts";
import { z } from "./zod.ts";

const bytesIn = z.unknown().meta({
  description:
    'A string (stored as UTF-8), `{"base64": "…"}` (stored as those bytes), null or absent (Kafka\'s null), or any other JSON value, stored as its JSON text. In MessagePack: `bin` as it is, a string as UTF-8, other values as their JSON text.',
});

const headerIn = z.strictObject({ key: z.string(), value: bytesIn.optional() });

/**
 * A record to write. The hot path doesn't parse by it: src/listeners/http/record-input.ts reads records in one pass, and a property test
 * holds the two together.
 */
export const produceRecord = z
  .strictObject({
    key: bytesIn.optional(),
    value: bytesIn.optional(),
    headers: z.array(headerIn).max(MAX_HEADERS_PER_RECORD).nullish().meta({ description: "In order; names may repeat." }),
    timestamp: timestamp.nullish().meta({ description: "ms; now where absent." }),
    partition: partition
      .nullish()
      .meta({ description: "Chosen by the key (Kafka's murmur2) where absent; without a key, one for the whole request." }),
  })
  .meta({ id: "ProduceRecord" });

const ACKS = ["all", "leader", "none"] as const;
export const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

const acks = z
  .enum(ACKS)
  .default("all")
  .meta({ description: "`all` and `leader`: answered once the records are durable. `none`: 202 at once, not waited for." });
const compression = z.enum(COMPRESSIONS).default("none").meta({ description: "How the batches are compressed, stored and served." });

/** Everything of a produce request but its records. */
export const produceEnvelope = z.strictObject({
  acks,
  compression,
  producerId: producerId.optional().meta({ description: "From `POST /v1/producers`: a repeated request is written once." }),
  producerEpoch: producerEpoch.optional(),
  baseSequence: z.int().min(0).max(2_147_483_647).optional().meta({ description: "Sequence of the first record." }),
  transactionalId: transactionalId.optional().meta({
    description:
      "The records are part of the open transaction of this id, which begins with them where none is: as yet for nobody who reads committed.",
  }),
});

const produceRequest = produceEnvelope
  .extend({ records: z.array(produceRecord).min(1).max(MAX_RECORDS_PER_REQUEST) })
  .meta({ id: "Produce", dependentRequired: { producerId: ["producerEpoch", "baseSequence"], transactionalId: ["producerId"] } });

const partitionResult = z.strictObject({
  partition: z.int().min(0),
  baseOffset: z.int().min(-1).meta({ description: "Of the first record; -1 where refused." }),
  count: z.int().min(0),
  logAppendTime: timestamp.optional().meta({ description: "ms, where the topic's timestamps are LogAppendTime." }),
  ...refusalFields,
});

export const recordErrors = z
  .array(z.strictObject({ index: z.int().min(0), code: z.string(), errorCode: z.int(), detail: z.string() }))
  .meta({ description: "Records refused on their own account; the others went on without them." });

const produceAnswer = z
  .strictObject({
    results: z.array(partitionResult),
    offsets: z
      .array(z.tuple([z.int().min(-1), z.int().min(-1)]))
      .optional()
      .meta({ description: "[partition, offset] in the order of the records; offset -1 where refused." }),
    errors: recordErrors.optional(),
  })
  .meta({ id: "Produced" });

export type PartitionResult = z.infer<typeof partitionResult>;
export type RecordError = z.infer<typeof recordErrors>[number];

const acceptedAnswer = z.strictObject({ errors: recordErrors.optional() }).meta({ id: "Accepted" });

const producedLine = z
  .strictObject({
    results: z.array(partitionResult).optional(),
    count: z.int().min(0).optional().meta({ description: "Lines that this flush took." }),
    errors: recordErrors.optional(),
    problem: z.unknown().optional().meta({ description: "Last line, where the stream could not be read to its end: a problem." }),
  })
  .meta({ id: "ProducedLine" });

const PRODUCE_ERRORS: readonly ErrorName[] = [
  "UNKNOWN_TOPIC_OR_PARTITION",
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "UNSUPPORTED_COMPRESSION_TYPE",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_ID_MAPPING",
  "PRODUCER_FENCED",
  "INVALID_TXN_STATE",
  "CONCURRENT_TRANSACTIONS",
  "COORDINATOR_NOT_AVAILABLE",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "NOT_ENOUGH_REPLICAS",
  "KAFKA_STORAGE_ERROR",
  "LEADER_NOT_AVAILABLE",
];

const EXAMPLE_RESULT = { partition: 1, baseOffset: 41, count: 1 };

export const produce = operation({
  id: "produce",
  method: "POST",
  path: "/v1/topics/{topic}/records",
  tag: "Produce",
  summary: "Write records",
  description: [
    "A bad record, or a partition that refuses, never fails the others: see `errors` and each result's `code`. When nothing at all was written the answer is a problem that carries `results` and `errors` too. With `producerId` any bad record refuses the request, since the sequence would break.",
    "As JSON lines the body has no length limit: lines are flushed as they come, in order, and each flush is answered by a line while the request is still being sent.",
    "Any other content type, or none: the body is the value of one record, and `key`, `partition`, `timestamp` and `x-header-NAME` are the rest of it.",
    "A parameter that the body's form does not use is refused, not ignored.",
    "A record may have 16 MiB where the topic's `max.message.bytes` allows it, in any form; as a raw value or a batch it takes the least memory. The topic's `compression.type`, unless it is `producer`, goes before `compression`.",
  ].join("\n\n"),
  params: topicParams,
  query: z.strictObject({
    offsets: flagParam("false leaves `offsets` out of the answer.", true),
    acks: z.enum(ACKS).optional().meta({ description: "Raw value: as `acks` in a JSON body." }),
    compression: z.enum(COMPRESSIONS).optional().meta({ description: "JSON lines and raw values: as `compression` in a JSON body." }),
    key: z.string().optional().meta({ description: "Raw value: the record's key, stored as UTF-8." }),
    partition: partitionParam.optional().meta({ description: "Raw value: the record's partition." }),
    timestamp: z
      .string()
      .regex(/^\d{1,15}$/, "must be a time in ms")
      .transform(Number)
      .pipe(timestamp)
      .optional()
      .meta({ description: "Raw value: the record's time (ms)." }),
    tombstone: flagParam("Raw value: with an empty body, write Kafka's null rather than an empty value.", false),
  }),
  headers: { "x-header-NAME": "Raw value: a header NAME of the record (lower case, as HTTP has it)." },
  body: {
    required: true,
    content: {
      [JSON_TYPE]: { schema: produceRequest, example: { records: [{ key: "u1", value: { clicks: 3 } }] } },
      [MSGPACK_TYPE]: { schema: produceRequest },
      [NDJSON_TYPE]: {
        description: "One record a line.",
        example: '{"key":"u1","value":{"clicks":3}}\n{"key":"u2","value":{"clicks":5}}\n',
      },
      "*/*": { description: "The value of one record." },
    },
  },
  answers: {
    200: {
      description: "Written and durable, as the results say.",
      content: {
        ...bothTypes(produceAnswer, { results: [EXAMPLE_RESULT], offsets: [[1, 41]] }),
        [NDJSON_TYPE]: {
          schema: producedLine,
          description: "One such object a flush.",
          example: { results: [EXAMPLE_RESULT], count: 1, errors: [] },
        },
      },
    },
    202: { description: "`acks: none`: taken, not waited for.", content: bothTypes(acceptedAnswer, {}) },
  },
  errors: PRODUCE_ERRORS,
});

const producedBatches = z
  .strictObject({
    baseOffset: offset.meta({ description: "Of the first record; of the first write where a producer repeated itself." }),
    count: z.int().min(0),
    logStartOffset: offset,
    logAppendTime: timestamp.optional(),
  })
  .meta({ id: "ProducedBatches" });

export const produceBatches = operation({
  id: "produceBatches",
  method: "POST",
  path: "/v1/topics/{topic}/partitions/{partition}/batches",
  tag: "Produce",
  summary: "Write Kafka record batches as they are",
  description:
    "One or more record batches (v2), end to end: checked (magic, length, CRC, count, sizes, sequence), appended without being unpacked, all or none. Base offset and leader epoch are set, and a maxTimestamp that is not the records' largest is corrected; every other bit stays as it is.",
  params: partitionParams,
  query: z.strictObject({
    transactionalId: transactionalId
      .optional()
      .meta({ description: "Whose transaction the transactional batches belong to; needed where there are any." }),
  }),
  body: { required: true, content: { [BATCHES_TYPE]: { description: "Record batches (v2)." } } },
  answers: {
    200: { description: "Written and durable.", content: bothTypes(producedBatches, { baseOffset: 41, count: 100, logStartOffset: 0 }) },
  },
  errors: [...PRODUCE_ERRORS, "CORRUPT_MESSAGE"],
});

export const createProducerBody = z
  .strictObject({
    transactionalId: transactionalId.optional(),
    transactionTimeoutMs: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .optional()
      .meta({ description: `A transaction that is open for so long is aborted (ms): ${DEFAULT_TRANSACTION_TIMEOUT_MS} where absent.` }),
  })
  .meta({ id: "CreateProducer", dependentRequired: { transactionTimeoutMs: ["transactionalId"] } });

const producer = z.strictObject({ producerId, producerEpoch }).meta({ id: "Producer" });

export const createProducer = operation({
  id: "createProducer",
  method: "POST",
  path: "/v1/producers",
  tag: "Produce",
  summary: "Get a producer id",
  description: [
    "With `producerId`, `producerEpoch` and `baseSequence` a repeated produce is answered with its first offset and written once.",
    "With `transactionalId` the producer may also write in transactions: every earlier producer of the same id is fenced, and what it left open is aborted. Records join a transaction by `transactionalId` in the produce, offsets by `POST /v1/transactions/{transactionalId}/offsets`.",
  ].join("\n\n"),
  params: none,
  query: none,
  body: { required: false, content: bothTypes(createProducerBody, {}) },
  answers: { 200: { description: "A new producer id, or epoch.", content: bothTypes(producer, { producerId: 12, producerEpoch: 0 }) } },
  errors: ["INVALID_REQUEST", "INVALID_TRANSACTION_TIMEOUT", "CONCURRENT_TRANSACTIONS", "COORDINATOR_NOT_AVAILABLE"],
});
