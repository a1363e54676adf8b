// ListOffsets (key 2) and OffsetForLeaderEpoch (23): where in a partition to begin.
//
// ListOffsets    2: isolation level   4: leader epochs   6: flexible   7: timestamp -3 is the largest one's record (KIP-734)
//                8: -4, the local log's start   9: -5, the last in tiered storage (both KIP-405)   10: a timeout for tiered storage
// OffsetForLeaderEpoch   2: the leader epoch of the asking client   3: replicaId   4: flexible

import { array, int8, int16, int32, int64, string } from "../fields.ts";
import { message } from "../message.ts";

export const listOffsetsRequest = message("ListOffsetsRequest", "1-10", "6+", {
  replicaId: int32(),
  isolationLevel: int8("2+"),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      currentLeaderEpoch: int32("4+", { default: -1 }),
      timestamp: int64(),
    }),
  }),
  timeoutMs: int32("10+"),
});

export const listOffsetsResponse = message("ListOffsetsResponse", "1-10", "6+", {
  throttleTimeMs: int32("2+"),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      timestamp: int64({ default: -1 }),
      offset: int64({ default: -1 }),
      leaderEpoch: int32("4+", { default: -1 }),
    }),
  }),
});

export const offsetForLeaderEpochRequest = message("OffsetForLeaderEpochRequest", "2-4", "4+", {
  replicaId: int32("3+", { default: -2 }),
  topics: array({
    topic: string(),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32({ default: -1 }),
      leaderEpoch: int32(),
    }),
  }),
});

export const offsetForLeaderEpochResponse = message("OffsetForLeaderEpochResponse", "2-4", "4+", {
  throttleTimeMs: int32(),
  topics: array({
    topic: string(),
    partitions: array({
      errorCode: int16(),
      partition: int32(),
      leaderEpoch: int32({ default: -1 }),
      endOffset: int64({ default: -1 }),
    }),
  }),
});
