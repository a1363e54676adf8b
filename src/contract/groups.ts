// Consumer groups: commit, committed offsets with lag, reset, list, describe, delete.

import { MAX_OFFSET_METADATA_BYTES, MAX_OFFSETS_PER_COMMIT } from "../common/limits/groups.ts";
import { bothTypes, none, requestBody } from "./bodies.ts";
import {
  cursorParam,
  flagParam,
  groupId,
  groupParams,
  leaderEpoch,
  limitParam,
  nextCursor,
  offset,
  partition,
  refusalFields,
  timestamp,
  topicName,
} from "./fields.ts";
import { operation } from "./operation.ts";
import { z } from "./zod.ts";

export const topicPartitions = z.strictObject({ topic: topicName, partitions: z.array(partition) });

export const offsetToCommit = z.strictObject({
  topic: topicName,
  partition,
  offset: offset.meta({ description: "The next offset to read." }),
  metadata: z.string().max(MAX_OFFSET_METADATA_BYTES).optional(),
  leaderEpoch: leaderEpoch.optional(),
});

/** Who commits. */
export const committingMember = {
  memberId: z.string().min(1).max(255).optional(),
  memberEpoch: z.int().min(0).max(2_147_483_647).optional(),
};

export const commitBody = z
  .strictObject({ offsets: z.array(offsetToCommit).min(1).max(MAX_OFFSETS_PER_COMMIT), ...committingMember })
  .meta({ id: "Commit", dependentRequired: { memberId: ["memberEpoch"], memberEpoch: ["memberId"] } });

export const commitAnswer = z
  .strictObject({ offsets: z.array(z.strictObject({ topic: topicName, partition, ...refusalFields })) })
  .meta({ id: "Committed" });

const committedOffset = z.strictObject({
  topic: topicName,
  partition,
  offset,
  leaderEpoch,
  metadata: z.string(),
  committedAt: timestamp,
  highWatermark: offset.nullable(),
  lag: z
    .int()
    .min(0)
    .nullable()
    .meta({ description: "Records between the offset and the high watermark; null where the partition could not be asked." }),
});

const offsetsAnswer = z.strictObject({ groupId, offsets: z.array(committedOffset) }).meta({ id: "GroupOffsets" });

const EXAMPLE_OFFSET = {
  topic: "orders",
  partition: 0,
  offset: 41,
  leaderEpoch: 3,
  metadata: "",
  committedAt: 1760000000000,
  highWatermark: 42,
  lag: 1,
};

export const GROUP_ERRORS = ["INVALID_GROUP_ID", "COORDINATOR_NOT_AVAILABLE"] as const;

export const commitOffsets = operation({
  id: "commitOffsets",
  method: "POST",
  path: "/v1/groups/{group}/commit",
  tag: "Groups",
  summary: "Commit offsets",
  description:
    "Without a member: only while the group has none, or with `force=true`. An offset that is refused never fails the others; when all are, the answer is a problem that carries `offsets` too.",
  params: groupParams,
  query: z.strictObject({ force: flagParam("Write even though the group has members.", false) }),
  body: requestBody(commitBody, { offsets: [{ topic: "orders", partition: 0, offset: 42 }] }),
  answers: {
    200: {
      description: "One result an offset, in order.",
      content: bothTypes(commitAnswer, { offsets: [{ topic: "orders", partition: 0 }] }),
    },
  },
  errors: [
    ...GROUP_ERRORS,
    "UNKNOWN_TOPIC_OR_PARTITION",
    "UNKNOWN_MEMBER_ID",
    "FENCED_MEMBER_EPOCH",
    "ILLEGAL_GENERATION",
    "REBALANCE_IN_PROGRESS",
    "STALE_MEMBER_EPOCH",
    "NON_EMPTY_GROUP",
    "INCONSISTENT_GROUP_PROTOCOL",
    "OFFSET_METADATA_TOO_LARGE",
  ],
});

export const getGroupOffsets = operation({
  id: "getGroupOffsets",
  method: "GET",
  path: "/v1/groups/{group}/offsets",
  tag: "Groups",
  summary: "Committed offsets and lag",
  params: groupParams,
  query: z.strictObject({ topic: topicName.optional().meta({ description: "Only this topic." }) }),
  answers: { 200: { description: "The offsets.", content: bothTypes(offsetsAnswer, { groupId: "billing", offsets: [EXAMPLE_OFFSET] }) } },
  errors: [...GROUP_ERRORS, "GROUP_ID_NOT_FOUND", "INVALID_TOPIC_EXCEPTION"],
});

export const resetTarget = z.union([
  z.enum(["earliest", "latest"]),
  z.strictObject({ offset }),
  z.strictObject({ timestamp }),
  z.strictObject({ shiftBy: z.int().meta({ description: "Records forward, or back where negative." }) }),
]);

export const resetBody = z
  .strictObject({
    topic: topicName,
    partition: partition.optional().meta({ description: "All partitions where absent." }),
    to: resetTarget,
    dryRun: z.boolean().default(false).meta({ description: "Say what would change, change nothing." }),
  })
  .meta({ id: "Reset" });

export const resetAnswer = z
  .strictObject({
    dryRun: z.boolean(),
    offsets: z.array(
      z.strictObject({
        topic: topicName,
        partition,
        from: offset.nullable().meta({ description: "null: nothing was committed." }),
        to: z.int().min(-1),
        ...refusalFields,
      }),
    ),
  })
  .meta({ id: "ResetResult" });

export const resetOffsets = operation({
  id: "resetOffsets",
  method: "POST",
  path: "/v1/groups/{group}/reset",
  tag: "Groups",
  summary: "Move a group's offsets",
  params: groupParams,
  query: none,
  body: requestBody(resetBody, { topic: "orders", to: "earliest", dryRun: true }),
  answers: {
    200: {
      description: "What was moved.",
      content: bothTypes(resetAnswer, { dryRun: true, offsets: [{ topic: "orders", partition: 0, from: 41, to: 0 }] }),
    },
  },
  errors: [...GROUP_ERRORS, "UNKNOWN_TOPIC_OR_PARTITION", "NON_EMPTY_GROUP", "OFFSET_OUT_OF_RANGE", "GROUP_ID_NOT_FOUND"],
});

const groupPage = z.strictObject({ groups: z.array(z.strictObject({ groupId })), nextCursor }).meta({ id: "GroupPage" });

export const listGroups = operation({
  id: "listGroups",
  method: "GET",
  path: "/v1/groups",
  tag: "Groups",
  summary: "List consumer groups",
  params: none,
  query: z.strictObject({
    prefix: z.string().max(255).optional().meta({ description: "Only ids that start so." }),
    limit: limitParam,
    cursor: cursorParam,
  }),
  answers: {
    200: { description: "A page of groups, by id.", content: bothTypes(groupPage, { groups: [{ groupId: "billing" }], nextCursor: null }) },
  },
  errors: [],
});

const groupMember = z.strictObject({
  memberId: z.string(),
  memberEpoch: z.int().meta({ description: "Of a member by the classic protocol: its generation." }),
  instanceId: z.string().nullable().meta({ description: "A static member's name." }),
  clientId: z.string(),
  protocol: z.enum(["classic", "consumer"]).meta({ description: "Kafka's protocol that it speaks; HTTP members count as `consumer`." }),
  assignment: z.array(topicPartitions),
});

const EXAMPLE_MEMBER = {
  memberId: "5f0c6a52-6a2e-4a0e-9d57-3c0f8d0f2f7b",
  memberEpoch: 3,
  instanceId: null,
  clientId: "http",
  protocol: "consumer",
  assignment: [{ topic: "orders", partitions: [0, 1] }],
};

const describedGroup = z
  .strictObject({
    groupId,
    type: z.enum(["classic", "consumer"]).meta({ description: "Who divides the partitions: the members (`classic`) or the broker." }),
    state: z.string().meta({ description: "Kafka's state: Empty, Stable, …" }),
    members: z.array(groupMember),
    offsets: z.array(committedOffset),
  })
  .meta({ id: "Group" });

export const describeGroup = operation({
  id: "describeGroup",
  method: "GET",
  path: "/v1/groups/{group}",
  tag: "Groups",
  summary: "Describe a group: state, members, offsets and lag",
  params: groupParams,
  query: none,
  answers: {
    200: {
      description: "The group.",
      content: bothTypes(describedGroup, {
        groupId: "billing",
        type: "consumer",
        state: "Stable",
        members: [EXAMPLE_MEMBER],
        offsets: [EXAMPLE_OFFSET],
      }),
    },
  },
  errors: [...GROUP_ERRORS, "GROUP_ID_NOT_FOUND"],
});

export const deleteGroup = operation({
  id: "deleteGroup",
  method: "DELETE",
  path: "/v1/groups/{group}",
  tag: "Groups",
  summary: "Delete an empty group and its offsets",
  params: groupParams,
  query: none,
  answers: { 204: { description: "Deleted." } },
  errors: [...GROUP_ERRORS, "GROUP_ID_NOT_FOUND", "NON_EMPTY_GROUP"],
});

export type CommitRequest = z.input<typeof commitBody>;
export type CommitAnswer = z.infer<typeof commitAnswer>;
export type GroupOffsets = z.infer<typeof offsetsAnswer>;
export type ResetRequest = z.input<typeof resetBody>;
export type ResetAnswer = z.infer<typeof resetAnswer>;
export type GroupPage = z.infer<typeof groupPage>;
export type DescribedGroup = z.infer<typeof describedGroup>;
