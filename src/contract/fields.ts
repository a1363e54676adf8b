// The fields that several resources share. Parameters arrive as strings: each `…Param` reads one, and documents what it reads.

import { parseIsoDuration } from "../common/iso-duration.ts";
import { MAX_GROUP_ID_LENGTH } from "../common/limits/groups.ts";
import { MAX_PARTITIONS_PER_TOPIC, MAX_TOPIC_NAME_LENGTH } from "../common/limits/topics.ts";
import { z } from "./zod.ts";

const TOPIC_NAME = new RegExp(`^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,${MAX_TOPIC_NAME_LENGTH}}$`);

/** Kafka's rule (org.apache.kafka.common.internals.Topic). */
export const topicName = z
  .string()
  .regex(TOPIC_NAME, `must be 1 to ${MAX_TOPIC_NAME_LENGTH} of a-z A-Z 0-9 . _ - and not "." or ".."`)
  .meta({ description: "Topic name.", examples: ["orders"] });

export const groupId = z
  .string()
  .min(1)
  .max(MAX_GROUP_ID_LENGTH)
  .meta({ description: "Consumer group id.", examples: ["billing"] });

export const partition = z
  .int()
  .min(0)
  .max(MAX_PARTITIONS_PER_TOPIC - 1)
  .meta({ description: "Partition number." });
export const offset = z.int().min(0).meta({ description: "Log offset, 0 to 2^53-1." });
export const timestamp = z.int().min(0).meta({ description: "Milliseconds since the Unix epoch." });
export const duration = z
  .string()
  .refine((text) => parseIsoDuration(text) !== null, "must be a duration like P1D, PT6H or PT90S")
  .meta({ description: "A length of time as ISO 8601 has it, with days, hours, minutes and seconds.", examples: ["PT24H"] });
export const leaderEpoch = z.int().min(-1).meta({ description: "Rises with each start of the partition; -1 where not known." });

/** An integer in a path or a query. */
export function intParam(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, `must be an integer from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

/** `true` or `false` in a query. */
export function flagParam(description: string, byDefault: boolean) {
  return z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .pipe(z.boolean())
    .default(byDefault)
    .meta({ description });
}

export const partitionParam = intParam(0, MAX_PARTITIONS_PER_TOPIC - 1).meta({ description: "Partition number.", examples: [0] });

export const topicParams = z.strictObject({ topic: topicName });
export const partitionParams = z.strictObject({ topic: topicName, partition: partitionParam });
export const groupParams = z.strictObject({ group: groupId });

const MAX_PAGE = 1000;

export const limitParam = intParam(1, MAX_PAGE).default(100).meta({ description: "Most entries in the answer." });
export const cursorParam = z.string().min(1).max(1024).optional().meta({ description: "`nextCursor` of the page before." });
export const nextCursor = z.string().nullable().meta({ description: "Pass as `cursor` for the next page; null on the last." });

/** Where a fetch starts, in a query and in JSON alike. */
export const startParam = z
  .string()
  .regex(/^(earliest|latest|-?\d{1,15})$/, "must be an offset, earliest, latest, or -K for the last K records")
  .meta({ description: "An offset, `earliest`, `latest`, or `-K`: the last K records.", examples: ["earliest"] });

export const ISOLATION_LEVELS = ["read_committed", "read_uncommitted"] as const;

export const isolation = z
  .enum(ISOLATION_LEVELS)
  .default("read_committed")
  .meta({ description: "`read_committed` gives only what is decided: no record of an open or aborted transaction." });

export const ENCODINGS = ["auto", "string", "json", "base64"] as const;
/** How bytes come out in JSON. */
export type Encoding = (typeof ENCODINGS)[number];

export const encodingParam = z.enum(ENCODINGS).default("auto").meta({
  description:
    'How bytes come out in JSON. `auto`: a string where they are valid UTF-8, else `{"base64": …}`. `string`: always a string. `base64`: always `{"base64": …}`. `json`: values are parsed as JSON, a record whose value does not parse carries an `error`; keys and header values as in `auto`.',
});

export const accessTokenParam = z
  .string()
  .optional()
  .meta({ description: "The token, for a browser's EventSource or WebSocket, which cannot set headers." });

/** What a part of a request that was refused carries, beside what names it. */
export const refusalFields = {
  code: z.string().optional().meta({ description: "Kafka's error name, only where this part was refused." }),
  errorCode: z.int().optional().meta({ description: "Kafka's error code." }),
  detail: z.string().optional().meta({ description: "What was wrong, for people." }),
};

/** The offsets of a partition, as every answer about it carries them. */
export const logOffsetFields = {
  logStartOffset: offset.meta({ description: "First offset that the partition still holds." }),
  highWatermark: offset.meta({ description: "The next offset to be written: everything below is durable." }),
  lastStableOffset: offset.meta({ description: "Everything below is decided: no open transaction." }),
  leaderEpoch,
};
