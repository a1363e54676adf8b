// OffsetCommit (key 8), OffsetFetch (9) and OffsetDelete (47): a group's committed offsets.
//
// OffsetCommit   5: no more retention   6: leader epochs   7: static members   8: flexible   9: member epochs (KIP-848), the same bytes
//                10: topics by id (KIP-848)
// OffsetFetch    2: null for all topics, an error for the whole answer   5: leader epochs   6: flexible   7: stable offsets only (KIP-447)
//                8: several groups   9: member epochs (KIP-848)   10: topics by id

import { array, bool, int16, int32, int64, opaqueInt64, string, uuid } from "../fields.ts";
import { message } from "../message.ts";

export const offsetCommitRequest = message("OffsetCommitRequest", "2-10", "8+", {
  groupId: string(),
  generationIdOrMemberEpoch: int32({ default: -1 }),
  memberId: string(),
  groupInstanceId: string("7+", { nullable: true, default: null }),
  retentionTimeMs: opaqueInt64("2-4", { default: -1n }),
  topics: array({
    name: string("2-9"),
    topicId: uuid("10+"),
    partitions: array({
      partitionIndex: int32(),
      committedOffset: int64(),
      committedLeaderEpoch: int32("6+", { default: -1 }),
      committedMetadata: string({ nullable: true }),
    }),
  }),
});

export const offsetCommitResponse = message("OffsetCommitResponse", "2-10", "8+", {
  throttleTimeMs: int32("3+"),
  topics: array({
    name: string("2-9"),
    topicId: uuid("10+"),
    partitions: array({ partitionIndex: int32(), errorCode: int16() }),
  }),
});

export const offsetFetchRequest = message("OffsetFetchRequest", "1-10", "6+", {
  groupId: string("1-7"),
  topics: array({ name: string(), partitionIndexes: array(int32()) }, "1-7", { nullable: "2-7" }),
  groups: array(
    {
      groupId: string(),
      memberId: string("9+", { nullable: true, default: null }),
      memberEpoch: int32("9+", { default: -1 }),
      topics: array({ name: string("8-9"), topicId: uuid("10+"), partitionIndexes: array(int32()) }, { nullable: true }),
    },
    "8+",
  ),
  requireStable: bool("7+", { default: false }),
});

export const offsetFetchResponse = message("OffsetFetchResponse", "1-10", "6+", {
  throttleTimeMs: int32("3+"),
  topics: array(
    {
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32("5-7", { default: -1 }),
        metadata: string({ nullable: true }),
        errorCode: int16(),
      }),
    },
    "1-7",
  ),
  errorCode: int16("2-7", { default: 0 }),
  groups: array(
    {
      groupId: string(),
      topics: array({
        name: string("8-9"),
        topicId: uuid("10+"),
        partitions: array({
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32({ default: -1 }),
          metadata: string({ nullable: true }),
          errorCode: int16(),
        }),
      }),
      errorCode: int16({ default: 0 }),
    },
    "8+",
  ),
});

export const offsetDeleteRequest = message("OffsetDeleteRequest", "0", "none", {
  groupId: string(),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32() }),
  }),
});

export const offsetDeleteResponse = message("OffsetDeleteResponse", "0", "none", {
  errorCode: int16(),
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), errorCode: int16() }),
  }),
});
