// DescribeShareGroupOffsets (key 90), AlterShareGroupOffsets (91) and DeleteShareGroupOffsets (92): where share groups begin in their
// partitions (KIP-932). 1 of DescribeShareGroupOffsets tells how far a group is behind (KIP-1226).

import { array, int16, int32, int64, string, uuid } from "../fields.ts";
import { message } from "../message.ts";

export const describeShareGroupOffsetsRequest = message("DescribeShareGroupOffsetsRequest", "0-1", "0+", {
  groups: array({
    groupId: string(),
    topics: array({ topicName: string(), partitions: array(int32()) }, { nullable: true }),
  }),
});

const failure = {
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
};

export const describeShareGroupOffsetsResponse = message("DescribeShareGroupOffsetsResponse", "0-1", "0+", {
  throttleTimeMs: int32(),
  groups: array({
    groupId: string(),
    topics: array({
      topicName: string(),
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        startOffset: int64(),
        leaderEpoch: int32(),
        lag: int64("1+", { default: -1 }),
        ...failure,
      }),
    }),
    ...failure,
  }),
});

export const alterShareGroupOffsetsRequest = message("AlterShareGroupOffsetsRequest", "0", "0+", {
  groupId: string(),
  topics: array({
    topicName: string(),
    partitions: array({ partitionIndex: int32(), startOffset: int64() }),
  }),
});

export const alterShareGroupOffsetsResponse = message("AlterShareGroupOffsetsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  ...failure,
  responses: array({
    topicName: string(),
    topicId: uuid(),
    partitions: array({ partitionIndex: int32(), ...failure }),
  }),
});

export const deleteShareGroupOffsetsRequest = message("DeleteShareGroupOffsetsRequest", "0", "0+", {
  groupId: string(),
  topics: array({ topicName: string() }),
});

export const deleteShareGroupOffsetsResponse = message("DeleteShareGroupOffsetsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  ...failure,
  responses: array({ topicName: string(), topicId: uuid(), ...failure }),
});
