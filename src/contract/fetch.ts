// Fetch: one partition (JSON, MessagePack, stored batches, Server-Sent Events), many partitions, and live tails over WebSocket.

import {
  DEFAULT_FETCH_BYTES,
  DEFAULT_FETCH_RECORDS,
  MAX_DECODED_BYTES,
  MAX_FETCH_BYTES,
  MAX_FETCH_RECORDS,
  MAX_PARTITIONS_PER_FETCH,
  MAX_WAIT_MS,
} from "../common/limits/fetch.ts";
import { bothTypes, requestBody } from "./bodies.ts";
import {
  accessTokenParam,
  encodingParam,
  intParam,
  isolation,
  logOffsetFields,
  offset,
  partition,
  partitionParams,
  refusalFields,
  startParam,
  timestamp,
  topicName,
  topicParams,
} from "./fields.ts";
import { BATCHES_TYPE, EVENT_STREAM_TYPE } from "./media-types.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const bytesOut = z.unknown().meta({ description: "As `encoding` says; null is Kafka's null. In MessagePack: `bin`." });

export const fetchedRecord = z
  .strictObject({
    offset,
    timestamp: z.int().min(-1),
    key: bytesOut,
    value: bytesOut,
    headers: z.array(z.strictObject({ key: z.string(), value: bytesOut })),
    error: z
      .strictObject({ field: z.literal("value"), code: z.string(), errorCode: z.int(), detail: z.string() })
      .optional()
      .meta({ description: "`encoding=json`: the value is not JSON, and given as in `auto`." }),
  })
  .meta({ id: "Record" });

/** A record of one of many partitions. */
export const groupRecord = fetchedRecord.extend({ topic: topicName, partition }).meta({ id: "GroupRecord" });

const { logStartOffset, highWatermark, lastStableOffset, leaderEpoch } = logOffsetFields;

const fetchAnswer = z
  .strictObject({
    records: z.array(fetchedRecord),
    nextOffset: offset.meta({ description: "Where the next fetch goes on." }),
    highWatermark,
    lastStableOffset,
    logStartOffset,
    leaderEpoch,
  })
  .meta({ id: "Fetched" });

const EXAMPLE_FETCHED = {
  records: [{ offset: 41, timestamp: 1760000000000, key: "u1", value: '{"clicks":3}', headers: [] }],
  nextOffset: 42,
  highWatermark: 42,
  lastStableOffset: 42,
  logStartOffset: 0,
  leaderEpoch: 3,
};

const timestampParam = intParam(0, Number.MAX_SAFE_INTEGER)
  .optional()
  .meta({ description: "Start at the first record at or after this time (ms), instead of `offset`." });
const maxBytesParam = intParam(1, MAX_FETCH_BYTES)
  .default(DEFAULT_FETCH_BYTES)
  .meta({
    description: `Most bytes of batches as they are stored; the first batch comes whole even if it is larger. Decoded, an answer ends once its records have ${MAX_DECODED_BYTES} bytes.`,
  });

export const fetchRecords = operation({
  id: "fetchRecords",
  method: "GET",
  path: "/v1/topics/{topic}/partitions/{partition}/records",
  tag: "Fetch",
  summary: "Read a partition",
  description: [
    "Starts at `offset` or `timestamp`, at the earliest record where neither is given. With nothing new it waits up to `maxWaitMs` for `minBytes`, then answers `records: []`.",
    `\`Accept: ${BATCHES_TYPE}\` gives the stored batches as they are, whole: the first may start before the offset. \`Accept: ${EVENT_STREAM_TYPE}\` is a live tail that goes on where \`Last-Event-ID\` says.`,
  ].join("\n\n"),
  tokenInQuery: true,
  params: partitionParams,
  query: z.strictObject({
    offset: startParam.optional(),
    timestamp: timestampParam,
    maxRecords: intParam(1, MAX_FETCH_RECORDS)
      .optional()
      .meta({ description: `Most records in the answer; ${DEFAULT_FETCH_RECORDS} where absent. Batches: a hint, none where absent.` }),
    maxBytes: maxBytesParam,
    minBytes: intParam(0, MAX_FETCH_BYTES).default(1).meta({ description: "Wait for this many bytes." }),
    maxWaitMs: intParam(0, MAX_WAIT_MS).default(0).meta({ description: "Longest wait (ms)." }),
    isolation,
    encoding: encodingParam,
    access_token: accessTokenParam,
  }),
  headers: { "last-event-id": "Live tail: the offset to go on at. Goes before `offset`." },
  answers: {
    200: {
      description: "Records, maybe none.",
      headers: {
        "x-next-offset": "Batches: `nextOffset`.",
        "x-high-watermark": "Batches: `highWatermark`.",
        "x-last-stable-offset": "Batches: `lastStableOffset`.",
        "x-log-start-offset": "Batches: `logStartOffset`.",
        "x-leader-epoch": "Batches: `leaderEpoch`.",
        "x-aborted-transactions":
          "Batches, with `read_committed`: the aborted transactions that have batches here, as `PRODUCER_ID:FIRST-LAST` (offsets, LAST that of the marker), separated by commas. Transactional batches of the producer within these offsets are for the reader to leave out. Absent where there are none.",
      },
      content: {
        ...bothTypes(fetchAnswer, EXAMPLE_FETCHED),
        [BATCHES_TYPE]: { description: "Record batches (v2) as stored." },
        [EVENT_STREAM_TYPE]: {
          description:
            "One event a record: `data` is the record, `id` the offset after it. A comment line comes every 15 s. A failure is a last event of the type `error`, its data a problem.",
          example: 'id: 42\ndata: {"offset":41,"timestamp":1760000000000,"key":"u1","value":"…","headers":[]}\n\n',
        },
      },
    },
  },
  errors: ["OFFSET_OUT_OF_RANGE", "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "KAFKA_STORAGE_ERROR", "LEADER_NOT_AVAILABLE"],
});

const tailQuery = {
  isolation,
  encoding: encodingParam,
  format: z.enum(["json", "msgpack"]).default("json").meta({ description: "JSON text messages, or MessagePack binary ones." }),
  maxBytes: maxBytesParam,
  access_token: accessTokenParam,
};

const TAIL_ANSWER = {
  101: {
    description:
      "A WebSocket. Each message is `{records, partition, nextOffset, highWatermark}`. A failure is a last message, a problem (with `partition`), and the close code 4000 + its status. A client says `taken N` when it has taken N more messages, beginning with `taken 0` once it is open: it is sent at most 2 MiB ahead of that. One that never does is closed after 64 MiB, 16 where there are many such (`THROTTLING_QUOTA_EXCEEDED`), and goes on with a new connection at the last `nextOffset`. The text `ping` is answered by `pong`, once a second at most; other messages are ignored.",
    headers: { upgrade: "websocket" },
  },
};

export const tailPartition = operation({
  id: "tailPartition",
  method: "GET",
  path: "/v1/topics/{topic}/partitions/{partition}/tail",
  tag: "Fetch",
  summary: "Follow a partition over WebSocket",
  description: "Starts at `offset` or `timestamp`, at the latest record where neither is given.",
  tokenInQuery: true,
  params: partitionParams,
  query: z.strictObject({ offset: startParam.optional(), timestamp: timestampParam, ...tailQuery }),
  headers: { upgrade: "websocket" },
  answers: TAIL_ANSWER,
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"],
});

export const tailTopic = operation({
  id: "tailTopic",
  method: "GET",
  path: "/v1/topics/{topic}/tail",
  tag: "Fetch",
  summary: "Follow all partitions of a topic over WebSocket",
  tokenInQuery: true,
  params: topicParams,
  query: z.strictObject({
    offset: z
      .enum(["earliest", "latest"])
      .default("latest")
      .meta({ description: "Where partitions start that `positions` does not name." }),
    positions: z
      .string()
      .regex(/^\d{1,5}:\d{1,15}(,\d{1,5}:\d{1,15})*$/, "must be PARTITION:OFFSET, separated by commas")
      .optional()
      .meta({ description: "Where these partitions start: `PARTITION:OFFSET,…`.", examples: ["0:12,1:55"] }),
    ...tailQuery,
  }),
  headers: { upgrade: "websocket" },
  answers: TAIL_ANSWER,
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"],
});

const maxBytesField = z.int().min(1).max(MAX_FETCH_BYTES);

export const fetchManyBody = z
  .strictObject({
    partitions: z
      .array(
        z.strictObject({
          topic: topicName,
          partition,
          offset: z
            .union([z.int().min(-Number.MAX_SAFE_INTEGER), z.enum(["earliest", "latest"])])
            .optional()
            .meta({
              description: "As in the query of a fetch: an offset, `earliest`, `latest`, or -K. `earliest` where absent.",
            }),
          timestamp: timestamp.optional().meta({ description: "Start at the first record at or after (ms), instead of `offset`." }),
          maxBytes: maxBytesField.optional(),
        }),
      )
      .min(1)
      .max(MAX_PARTITIONS_PER_FETCH),
    maxBytes: maxBytesField.default(DEFAULT_FETCH_BYTES).meta({ description: "Most bytes of batches over all partitions." }),
    maxRecords: z
      .int()
      .min(1)
      .max(MAX_FETCH_RECORDS)
      .default(DEFAULT_FETCH_RECORDS)
      .meta({ description: "Most records over all partitions." }),
    minBytes: z.int().min(0).max(MAX_FETCH_BYTES).default(1),
    maxWaitMs: z.int().min(0).max(MAX_WAIT_MS).default(0),
    isolation,
  })
  .meta({ id: "FetchMany" });

const fetchManyAnswer = z
  .strictObject({
    partitions: z
      .array(
        z.union([
          fetchAnswer.extend({ topic: topicName, partition }),
          z.strictObject({
            topic: topicName,
            partition,
            ...refusalFields,
            logStartOffset: logStartOffset.optional(),
            highWatermark: highWatermark.optional(),
            lastStableOffset: lastStableOffset.optional(),
            leaderEpoch: leaderEpoch.optional(),
          }),
        ]),
      )
      .meta({ description: "In the order of the request; a partition that could not be read carries a `code`." }),
  })
  .meta({ id: "FetchedMany" });

export const fetchMany = operation({
  id: "fetchMany",
  method: "POST",
  path: "/v1/fetch",
  tag: "Fetch",
  summary: "Read many partitions with one wait",
  params: z.strictObject({}),
  query: z.strictObject({ encoding: encodingParam }),
  body: requestBody(fetchManyBody, { partitions: [{ topic: "orders", partition: 0, offset: 41 }], maxWaitMs: 1000 }),
  answers: {
    200: {
      description: "Each partition's records, or why not.",
      content: bothTypes(fetchManyAnswer, { partitions: [{ topic: "orders", partition: 0, ...EXAMPLE_FETCHED }] }),
    },
  },
  errors: ["INVALID_TOPIC_EXCEPTION"],
});
