// Members of consumer groups over HTTP: one call joins, commits, and reads on. No consumer instance is kept anywhere but in the group.

import { DEFAULT_FETCH_BYTES, DEFAULT_FETCH_RECORDS, MAX_FETCH_BYTES, MAX_FETCH_RECORDS, MAX_WAIT_MS } from "../common/limits/fetch.ts";
import { MAX_MEMBER_ID_LENGTH, MAX_OFFSETS_PER_COMMIT, MAX_TOPIC_PATTERN_LENGTH, MAX_TOPICS_PER_MEMBER } from "../common/limits/groups.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import { groupRecord } from "./fetch.ts";
import { encodingParam, groupId, groupParams, isolation, offset, partition, refusalFields, topicName } from "./fields.ts";
import { GROUP_ERRORS, offsetToCommit, topicPartitions } from "./groups.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

const memberId = z.string().min(1).max(MAX_MEMBER_ID_LENGTH);
const memberEpoch = z.int().min(0).max(2_147_483_647);

export const groupFetchBody = z
  .strictObject({
    topics: z
      .union([
        z.array(topicName).min(1).max(MAX_TOPICS_PER_MEMBER),
        z.strictObject({
          pattern: z
            .string()
            .min(1)
            .max(MAX_TOPIC_PATTERN_LENGTH)
            .meta({ description: "A regular expression (RE2) that the whole name matches." }),
        }),
      ])
      .meta({ description: "What the member subscribes to: names, or a pattern." }),
    memberId: memberId.optional().meta({
      description:
        "From the answer before; absent at first, or an id that the member makes itself, so that a first call may be repeated. One that has expired joins anew.",
    }),
    memberEpoch: memberEpoch.optional().meta({ description: "From the answer whose records are committed." }),
    instanceId: memberId.optional().meta({
      description:
        "A static member's name: who comes with it, and without a memberEpoch, takes its place over. Who had it is refused with `FENCED_INSTANCE_ID`.",
    }),
    commit: z
      .array(offsetToCommit)
      .max(MAX_OFFSETS_PER_COMMIT)
      .optional()
      .meta({ description: "What was processed: `positions` of the answer before. Needs memberId and memberEpoch." }),
    owned: z.array(topicPartitions).max(MAX_TOPICS_PER_MEMBER).optional().meta({
      description:
        "Partitions whose records are processed still, and which this call does not give back. Those that the answer's assignment has no more are to be committed, and left out of the next call.",
    }),
    positions: z
      .array(z.strictObject({ topic: topicName, partition, offset }))
      .max(MAX_OFFSETS_PER_COMMIT)
      .optional()
      .meta({
        description:
          "Where to read on, instead of at the committed offsets: `positions` of the answer before to read ahead of what is committed, others to go elsewhere. Needs memberId and memberEpoch; passed over for partitions that were somebody else's meanwhile.",
      }),
    paused: z.array(topicPartitions).max(MAX_TOPICS_PER_MEMBER).optional().meta({ description: "Partitions not to be read by this call." }),
    autoOffsetReset: z
      .enum(["earliest", "latest", "none"])
      .default("earliest")
      .meta({ description: "Where a partition begins that has no committed offset, or one that is gone." }),
    sessionTimeoutMs: z
      .int()
      .min(1)
      .optional()
      .meta({ description: "The member is out when it has not asked for so long: 6 s to 30 min by default, 45 s where absent." }),
    maxRecords: z
      .int()
      .min(0)
      .max(MAX_FETCH_RECORDS)
      .default(DEFAULT_FETCH_RECORDS)
      .meta({ description: "0: only commit, and stay in the group; answered at once." }),
    maxBytes: z.int().min(1).max(MAX_FETCH_BYTES).default(DEFAULT_FETCH_BYTES),
    maxWaitMs: z
      .int()
      .min(0)
      .max(MAX_WAIT_MS)
      .default(0)
      .meta({ description: "Longest wait for a first record (ms); two thirds of the session at most." }),
    isolation,
  })
  .meta({ id: "GroupFetch" });

const groupFetchAnswer = z
  .strictObject({
    memberId: z.string(),
    memberEpoch: z.int(),
    assignment: z.array(topicPartitions),
    records: z.array(groupRecord),
    positions: z
      .array(z.strictObject({ topic: topicName, partition, offset }))
      .meta({ description: "Where each partition goes on after these records: to be sent as `commit` once they are processed." }),
    endOffsets: z
      .array(z.strictObject({ topic: topicName, partition, offset }))
      .meta({ description: "The end of what may be read of each partition: less the offset that is to be processed next, it is the lag." }),
    hasMore: z.boolean().meta({ description: "A call for more would not have to wait: worth reading ahead while these are processed." }),
    commits: z
      .array(z.strictObject({ topic: topicName, partition, ...refusalFields }))
      .meta({ description: "What became of `commit`, in order." }),
    failures: z
      .array(z.strictObject({ topic: topicName, partition, ...refusalFields }))
      .meta({ description: "Partitions of the assignment that could not be read." }),
  })
  .meta({ id: "GroupFetched" });

export const groupFetch = operation({
  id: "groupFetch",
  method: "POST",
  path: "/v1/groups/{group}/fetch",
  tag: "Groups",
  summary: "Read as a member of a group",
  description: [
    "Joins the group if the member is new, keeps it in the group, commits what `commit` lists, and gives records of the partitions that are the member's now, from their committed offsets on. What is not committed comes again.",
    "A member shares its group with all others, also with those that speak Kafka's protocol. What the group wants back is given back by the next call; commits of a partition that is lost are refused with `FENCED_MEMBER_EPOCH`.",
  ].join("\n\n"),
  params: groupParams,
  query: z.strictObject({ encoding: encodingParam }),
  body: requestBody(groupFetchBody, { topics: ["orders"], maxWaitMs: 1000 }),
  answers: {
    200: {
      description: "Records, maybe none.",
      content: bothTypes(groupFetchAnswer, {
        memberId: "5f0c6a52-6a2e-4a0e-9d57-3c0f8d0f2f7b",
        memberEpoch: 1,
        assignment: [{ topic: "orders", partitions: [0] }],
        records: [{ topic: "orders", partition: 0, offset: 41, timestamp: 1760000000000, key: "u1", value: '{"clicks":3}', headers: [] }],
        positions: [{ topic: "orders", partition: 0, offset: 42 }],
        endOffsets: [{ topic: "orders", partition: 0, offset: 42 }],
        hasMore: false,
        commits: [],
        failures: [],
      }),
    },
  },
  errors: [
    ...GROUP_ERRORS,
    "INVALID_REGULAR_EXPRESSION",
    "INVALID_SESSION_TIMEOUT",
    "INVALID_TOPIC_EXCEPTION",
    "GROUP_ID_NOT_FOUND",
    "INCONSISTENT_GROUP_PROTOCOL",
    "GROUP_MAX_SIZE_REACHED",
    "FENCED_INSTANCE_ID",
    "FENCED_MEMBER_EPOCH",
    "UNKNOWN_MEMBER_ID",
  ],
});

export const removeGroupMember = operation({
  id: "removeGroupMember",
  method: "DELETE",
  path: "/v1/groups/{group}/members/{memberId}",
  tag: "Groups",
  summary: "Leave a group at once",
  description:
    "Its partitions go to the others. Puts out any member, also one that speaks Kafka's protocol. A call of the member that comes late does not bring it back: its id is refused with `UNKNOWN_MEMBER_ID` for a minute.",
  params: z.strictObject({
    group: groupId,
    memberId: memberId.meta({ description: "From an answer of a fetch, or of the group's description." }),
  }),
  query: none,
  answers: { 204: { description: "It has left." } },
  errors: [...GROUP_ERRORS, "UNKNOWN_MEMBER_ID", "GROUP_ID_NOT_FOUND"],
});

export type GroupFetchRequest = z.input<typeof groupFetchBody>;
export type GroupFetchAnswer = z.infer<typeof groupFetchAnswer>;
