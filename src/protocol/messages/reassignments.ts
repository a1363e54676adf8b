// ElectLeaders (key 43), AlterPartitionReassignments (45) and ListPartitionReassignments (46): who leads a partition, and where its replicas
// are (KIP-183, KIP-455, KIP-460).
//
// ElectLeaders   1: unclean elections, an error for the whole answer   2: flexible

import { array, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const electLeadersRequest = message("ElectLeadersRequest", "0-2", "2+", {
  electionType: int8("1+"),
  topicPartitions: array({ topic: string(), partitions: array(int32()) }, { nullable: true }),
  timeoutMs: int32({ default: 60_000 }),
});

export const electLeadersResponse = message("ElectLeadersResponse", "0-2", "2+", {
  throttleTimeMs: int32(),
  errorCode: int16("1+"),
  replicaElectionResults: array({
    topic: string(),
    partitionResult: array({ partitionId: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
  }),
});

export const alterPartitionReassignmentsRequest = message("AlterPartitionReassignmentsRequest", "0", "0+", {
  timeoutMs: int32({ default: 60_000 }),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), replicas: array(int32(), { nullable: true, default: null }) }),
  }),
});

export const alterPartitionReassignmentsResponse = message("AlterPartitionReassignmentsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  responses: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), errorCode: int16(), errorMessage: string({ nullable: true }) }),
  }),
});

export const listPartitionReassignmentsRequest = message("ListPartitionReassignmentsRequest", "0", "0+", {
  timeoutMs: int32({ default: 60_000 }),
  topics: array({ name: string(), partitionIndexes: array(int32()) }, { nullable: true, default: null }),
});

export const listPartitionReassignmentsResponse = message("ListPartitionReassignmentsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      replicas: array(int32()),
      addingReplicas: array(int32()),
      removingReplicas: array(int32()),
    }),
  }),
});
