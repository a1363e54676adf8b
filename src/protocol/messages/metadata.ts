// Metadata (key 3), DescribeCluster (60) and DescribeTopicPartitions (75): brokers, topics and partitions.
//
// Metadata   1: null for all topics, controller   2: cluster id   4: may create topics   5: offline replicas   7: leader epochs
//            8: authorized operations   9: flexible   10: topic ids   11: no more of the cluster's operations   12: asked by topic id
//            13: an error for the whole answer (KIP-1102)
// DescribeCluster   1: brokers or controllers (KIP-919)   2: fenced brokers (KIP-1073)

import { array, bool, int8, int16, int32, string, struct, uuid } from "../fields.ts";
import { message } from "../message.ts";
import { NOT_REQUESTED } from "./shared.ts";

export const metadataRequest = message("MetadataRequest", "0-13", "9+", {
  topics: array({ topicId: uuid("10+"), name: string({ nullable: "10+" }) }, { nullable: "1+" }),
  allowAutoTopicCreation: bool("4+", { default: true }),
  includeClusterAuthorizedOperations: bool("8-10"),
  includeTopicAuthorizedOperations: bool("8+"),
});

export const metadataResponse = message("MetadataResponse", "0-13", "9+", {
  throttleTimeMs: int32("3+"),
  brokers: array({
    nodeId: int32(),
    host: string(),
    port: int32(),
    rack: string("1+", { nullable: true, default: null }),
  }),
  clusterId: string("2+", { nullable: true, default: null }),
  controllerId: int32("1+", { default: -1 }),
  topics: array({
    errorCode: int16(),
    name: string({ nullable: "12+" }),
    topicId: uuid("10+"),
    isInternal: bool("1+", { default: false }),
    partitions: array({
      errorCode: int16(),
      partitionIndex: int32(),
      leaderId: int32(),
      leaderEpoch: int32("7+", { default: -1 }),
      replicaNodes: array(int32()),
      isrNodes: array(int32()),
      offlineReplicas: array(int32(), "5+"),
    }),
    topicAuthorizedOperations: int32("8+", { default: NOT_REQUESTED }),
  }),
  clusterAuthorizedOperations: int32("8-10", { default: NOT_REQUESTED }),
  errorCode: int16("13+"),
});

export const describeClusterRequest = message("DescribeClusterRequest", "0-2", "0+", {
  includeClusterAuthorizedOperations: bool(),
  endpointType: int8("1+", { default: 1 }),
  includeFencedBrokers: bool("2+"),
});

export const describeClusterResponse = message("DescribeClusterResponse", "0-2", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  endpointType: int8("1+", { default: 1 }),
  clusterId: string(),
  controllerId: int32({ default: -1 }),
  brokers: array({
    brokerId: int32(),
    host: string(),
    port: int32(),
    rack: string({ nullable: true, default: null }),
    isFenced: bool("2+"),
  }),
  clusterAuthorizedOperations: int32({ default: NOT_REQUESTED }),
});

export const describeTopicPartitionsRequest = message("DescribeTopicPartitionsRequest", "0", "0+", {
  topics: array({ name: string() }),
  responsePartitionLimit: int32({ default: 2000 }),
  cursor: struct({ topicName: string(), partitionIndex: int32() }, { nullable: true, default: null }),
});

export const describeTopicPartitionsResponse = message("DescribeTopicPartitionsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  topics: array({
    errorCode: int16(),
    name: string({ nullable: true }),
    topicId: uuid(),
    isInternal: bool({ default: false }),
    partitions: array({
      errorCode: int16(),
      partitionIndex: int32(),
      leaderId: int32(),
      leaderEpoch: int32({ default: -1 }),
      replicaNodes: array(int32()),
      isrNodes: array(int32()),
      eligibleLeaderReplicas: array(int32(), { nullable: true, default: null }),
      lastKnownElr: array(int32(), { nullable: true, default: null }),
      offlineReplicas: array(int32()),
    }),
    topicAuthorizedOperations: int32({ default: NOT_REQUESTED }),
  }),
  nextCursor: struct({ topicName: string(), partitionIndex: int32() }, { nullable: true, default: null }),
});
