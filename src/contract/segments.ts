// What a partition is made of: delete its oldest records, list its segments, prove them whole.

import { DEFAULT_VERIFY_BYTES, DEFAULT_VERIFY_MS, MAX_VERIFY_BYTES, MAX_VERIFY_MS } from "../common/limits/verification.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { cursorParam, limitParam, logOffsetFields, nextCursor, offset, partitionParams, refusalFields, timestamp } from "./fields.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const EXAMPLE_OFFSETS = { logStartOffset: 1000, highWatermark: 4200, lastStableOffset: 4200, leaderEpoch: 3 };

export const truncateBody = z
  .strictObject({ beforeOffset: z.int().min(-1).meta({ description: "The first offset that is kept; -1: the high watermark." }) })
  .meta({ id: "Truncate" });

const truncated = z.strictObject(logOffsetFields).meta({ id: "Truncated" });

export const truncatePartition = operation({
  id: "truncatePartition",
  method: "POST",
  path: "/v1/topics/{topic}/partitions/{partition}/truncate",
  tag: "Topics",
  summary: "Delete the records before an offset",
  description:
    "Kafka's DeleteRecords. An offset at or below the log start changes nothing; one above the high watermark is refused with the range. A topic whose `cleanup.policy` is `compact` alone refuses.",
  params: partitionParams,
  query: none,
  body: requestBody(truncateBody, { beforeOffset: 1000 }),
  answers: { 200: { description: "The offsets as they are now.", content: bothTypes(truncated, EXAMPLE_OFFSETS) } },
  errors: ["OFFSET_OUT_OF_RANGE", "POLICY_VIOLATION", "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "LEADER_NOT_AVAILABLE"],
});

const endOffset = offset.meta({ description: "Exclusive." });
const place = z.enum(["active", "local", "both", "archived", "deleting"]).meta({
  description:
    "`active`: growing, on the partition. `local`: sealed, on the partition. `both`: in the archive too. `archived`: in the archive alone. `deleting`: before the log start, on its way out.",
});

const segment = z
  .strictObject({
    name: z.string().meta({ description: "Kafka's name of the log file: the base offset in 20 digits." }),
    baseOffset: offset,
    endOffset,
    sizeBytes: z.int().min(0),
    maxTimestamp: z.int().min(-1).meta({ description: "Largest timestamp of its records (ms), -1 where they have none." }),
    createdAt: timestamp.meta({ description: "When its first batch was written (ms)." }),
    sealedAt: timestamp.nullable().meta({ description: "ms; null while it is active." }),
    place,
    crc32c: z
      .string()
      .regex(/^[0-9a-f]{8}$/)
      .nullable()
      .meta({ description: "CRC-32C of all its bytes, 8 hex digits; null until it is archived." }),
    key: z.string().nullable().meta({ description: "Key of its log object in the archive; null where it is not there." }),
  })
  .meta({ id: "Segment" });

export type SegmentAnswer = z.infer<typeof segment>;

const segmentPage = z.strictObject({ segments: z.array(segment), nextCursor, ...logOffsetFields }).meta({ id: "SegmentPage" });

const EXAMPLE_SEGMENT = {
  name: "00000000000000001000.log",
  baseOffset: 1000,
  endOffset: 2000,
  sizeBytes: 104857600,
  maxTimestamp: 1760000000000,
  createdAt: 1760000000000,
  sealedAt: 1760003600000,
  place: "archived",
  crc32c: "1a2b3c4d",
  key: "topics/5d9f2c1e-7b0a-4c8d-9d63-0a8e4b1f6c27/0/00000000000000001000.3.0.log",
};

export const listSegments = operation({
  id: "listSegments",
  method: "GET",
  path: "/v1/topics/{topic}/partitions/{partition}/segments",
  tag: "Topics",
  summary: "List the segments of a partition",
  description: "The manifest, by offset.",
  params: partitionParams,
  query: z.strictObject({ limit: limitParam, cursor: cursorParam }),
  answers: {
    200: {
      description: "A page of segments.",
      content: bothTypes(segmentPage, { segments: [EXAMPLE_SEGMENT], nextCursor: null, ...EXAMPLE_OFFSETS }),
    },
  },
  errors: ["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "LEADER_NOT_AVAILABLE"],
});

export const verifySegmentsBody = z
  .strictObject({
    fromOffset: offset.optional().meta({ description: "Begin with the segment that holds this offset; the first where absent." }),
    cursor: cursorParam.meta({ description: "`nextCursor` of the call before; goes before `fromOffset`." }),
    maxBytes: z
      .int()
      .min(1)
      .max(MAX_VERIFY_BYTES)
      .default(DEFAULT_VERIFY_BYTES)
      .meta({ description: "No further read after this many bytes." }),
    maxMs: z.int().min(1).max(MAX_VERIFY_MS).default(DEFAULT_VERIFY_MS).meta({ description: "No further read after this time (ms)." }),
  })
  .meta({ id: "VerifySegments" });

const verifiedSegment = z
  .strictObject({
    baseOffset: offset,
    endOffset,
    sizeBytes: z.int().min(0),
    place: z.union([place, z.literal("missing")]).meta({ description: "As in the manifest; `missing`: offsets that no segment has." }),
    copy: z.enum(["archive", "local"]).nullable().meta({ description: "Which copy was read; a segment in `both` places has two." }),
    ok: z.boolean(),
    ...refusalFields,
  })
  .meta({ id: "VerifiedSegment" });

const verified = z
  .strictObject({
    ok: z.boolean().meta({ description: "Every segment listed here is whole." }),
    segments: z
      .array(verifiedSegment)
      .meta({ description: "Copies whose check was finished, by offset. `code` and `detail` say what is wrong." }),
    checkedBytes: z.int().min(0),
    nextCursor: z.string().nullable().meta({ description: "Send it as `cursor` to go on; null once the high watermark is reached." }),
  })
  .meta({ id: "VerifiedSegments" });

export const verifySegments = operation({
  id: "verifySegments",
  method: "POST",
  path: "/v1/topics/{topic}/partitions/{partition}/segments/verify",
  tag: "Topics",
  summary: "Read every segment and prove it whole",
  description: [
    "Reads each copy of each segment from its first byte to its last: archived ones straight from the archive, past any cache. Each batch's CRC, the contiguity of the offsets, the size, the end and the CRC-32C of the whole segment must match the manifest, and the segments must follow one another without a hole. Changes nothing.",
    "A segment that is damaged or missing is told in its entry, and the others are checked all the same: the answer is 200 either way, `ok` sums it up. Of a segment on the partition that begins before the log start only what is left is read, without size and CRC of the whole.",
    "One call reads at most `maxBytes`, for `maxMs`, a few megabytes at a time. Where that was not enough, `nextCursor` goes on where it stopped, in the middle of a segment too: repeat until it is null. The partition is whole where every answer was `ok`.",
  ].join("\n\n"),
  params: partitionParams,
  query: none,
  body: { required: false, content: bothTypes(verifySegmentsBody, { maxBytes: 104857600 }) },
  answers: {
    200: {
      description: "What became of the segments that were checked.",
      content: bothTypes(verified, {
        ok: false,
        segments: [
          { baseOffset: 1000, endOffset: 2000, sizeBytes: 104857600, place: "archived", copy: "archive", ok: true },
          {
            baseOffset: 2000,
            endOffset: 3000,
            sizeBytes: 104850000,
            place: "archived",
            copy: "archive",
            ok: false,
            code: "KAFKA_STORAGE_ERROR",
            errorCode: 56,
            detail: "the archive does not have topics/…/00000000000000002000.3.0.log, though the manifest lists it",
          },
        ],
        checkedBytes: 104857600,
        nextCursor: null,
      }),
    },
  },
  errors: ["OFFSET_OUT_OF_RANGE", "UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION", "LEADER_NOT_AVAILABLE"],
});

export type TruncatedAnswer = z.infer<typeof truncated>;
export type SegmentPage = z.infer<typeof segmentPage>;
export type VerifySegmentsRequest = z.input<typeof verifySegmentsBody>;
export type VerifiedSegments = z.infer<typeof verified>;
