// Fetch (key 1).
//
// 4: isolation level and aborted transactions   5: log start offsets   7: sessions (KIP-227)   9: the leader epoch that is fetched from
// 10: zstd may be answered   11: racks and preferred replicas (KIP-392)   12: flexible, divergence and leader changes (KIP-595)
// 13: topic ids for names (KIP-516)   15: replicaState for replicaId (KIP-903)   16: the endpoints of new leaders (KIP-951)
// 17: the directories of replicas (KIP-853)

import { array, hotStruct, int8, int16, int32, int64, records, string, struct, uuid } from "../fields.ts";
import { message } from "../message.ts";
import { leaderIdAndEpoch, nodeEndpoint } from "./shared.ts";

export const fetchRequest = message("FetchRequest", "4-17", "12+", {
  clusterId: string("12+", { nullable: true, default: null, tag: 0 }),
  replicaId: int32("4-14", { default: -1 }),
  replicaState: struct({ replicaId: int32({ default: -1 }), replicaEpoch: int64({ default: -1 }) }, "15+", { tag: 1 }),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32({ default: 0x7fff_ffff }),
  isolationLevel: int8({ default: 0 }),
  sessionId: int32("7+", { default: 0 }),
  sessionEpoch: int32("7+", { default: -1 }),
  topics: array({
    topic: string("4-12"),
    topicId: uuid("13+"),
    partitions: array(
      hotStruct(
        {
          partition: int32(),
          currentLeaderEpoch: int32("9+", { default: -1 }),
          fetchOffset: int64(),
          lastFetchedEpoch: int32("12+", { default: -1 }),
          logStartOffset: int64("5+", { default: -1 }),
          partitionMaxBytes: int32(),
          replicaDirectoryId: uuid("17+", { tag: 0 }),
        },
        (read) => (reader) => ({
          partition: read.partition(reader),
          currentLeaderEpoch: read.currentLeaderEpoch(reader),
          fetchOffset: read.fetchOffset(reader),
          lastFetchedEpoch: read.lastFetchedEpoch(reader),
          logStartOffset: read.logStartOffset(reader),
          partitionMaxBytes: read.partitionMaxBytes(reader),
          replicaDirectoryId: read.replicaDirectoryId(reader),
        }),
      ),
    ),
  }),
  forgottenTopicsData: array({ topic: string("7-12"), topicId: uuid("13+"), partitions: array(int32()) }, "7+"),
  rackId: string("11+", { default: "" }),
});

export const fetchResponse = message("FetchResponse", "4-17", "12+", {
  throttleTimeMs: int32(),
  errorCode: int16("7+"),
  sessionId: int32("7+", { default: 0 }),
  responses: array({
    topic: string("4-12"),
    topicId: uuid("13+"),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      highWatermark: int64(),
      lastStableOffset: int64({ default: -1 }),
      logStartOffset: int64("5+", { default: -1 }),
      divergingEpoch: struct({ epoch: int32({ default: -1 }), endOffset: int64({ default: -1 }) }, "12+", { tag: 0 }),
      currentLeader: struct(leaderIdAndEpoch, "12+", { tag: 1 }),
      snapshotId: struct({ endOffset: int64({ default: -1 }), epoch: int32({ default: -1 }) }, "12+", { tag: 2 }),
      abortedTransactions: array({ producerId: int64(), firstOffset: int64() }, { nullable: true }),
      preferredReadReplica: int32("11+", { default: -1 }),
      records: records({ nullable: true }),
    }),
  }),
  nodeEndpoints: array(nodeEndpoint, "16+", { tag: 0 }),
});
