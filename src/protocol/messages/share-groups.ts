// ShareGroupHeartbeat (key 76), ShareGroupDescribe (77), ShareFetch (78) and ShareAcknowledge (79): queues (KIP-932).
//
// Version 0 was early access. 1 of ShareFetch limits records instead of a partition's bytes; 1 of the others is the same bytes as 0.
// 2 of ShareFetch and ShareAcknowledge: acquisitions can be renewed (KIP-1222), and of ShareFetch a strict limit of records (KIP-1206).

import { array, bool, int8, int16, int32, int64, records, string, struct, uuid } from "../fields.ts";
import { message } from "../message.ts";
import { assignedPartitions, describedAssignment, NOT_REQUESTED, nodeEndpoint } from "./shared.ts";

/** Unlike in Produce and Fetch, always sent: no defaults. */
const leaderIdAndEpoch = {
  leaderId: int32(),
  leaderEpoch: int32(),
};

export const shareGroupHeartbeatRequest = message("ShareGroupHeartbeatRequest", "0-1", "0+", {
  groupId: string(),
  memberId: string(),
  memberEpoch: int32(),
  rackId: string({ nullable: true, default: null }),
  subscribedTopicNames: array(string(), { nullable: true, default: null }),
});

export const shareGroupHeartbeatResponse = message("ShareGroupHeartbeatResponse", "0-1", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  memberId: string({ nullable: true, default: null }),
  memberEpoch: int32(),
  heartbeatIntervalMs: int32(),
  assignment: struct(assignedPartitions, { nullable: true, default: null }),
});

export const shareGroupDescribeRequest = message("ShareGroupDescribeRequest", "0-1", "0+", {
  groupIds: array(string()),
  includeAuthorizedOperations: bool(),
});

export const shareGroupDescribeResponse = message("ShareGroupDescribeResponse", "0-1", "0+", {
  throttleTimeMs: int32(),
  groups: array({
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    groupId: string(),
    groupState: string(),
    groupEpoch: int32(),
    assignmentEpoch: int32(),
    assignorName: string(),
    members: array({
      memberId: string(),
      rackId: string({ nullable: true, default: null }),
      memberEpoch: int32(),
      clientId: string(),
      clientHost: string(),
      subscribedTopicNames: array(string()),
      assignment: struct(describedAssignment),
    }),
    authorizedOperations: int32({ default: NOT_REQUESTED }),
  }),
});

export const shareFetchRequest = message("ShareFetchRequest", "0-2", "0+", {
  groupId: string({ nullable: true, default: null }),
  memberId: string({ nullable: true }),
  shareSessionEpoch: int32(),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32({ default: 0x7fff_ffff }),
  maxRecords: int32("1+"),
  batchSize: int32("1+"),
  shareAcquireMode: int8("2+"),
  isRenewAck: bool("2+"),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      partitionMaxBytes: int32("0"),
      acknowledgementBatches: array({ firstOffset: int64(), lastOffset: int64(), acknowledgeTypes: array(int8()) }),
    }),
  }),
  forgottenTopicsData: array({ topicId: uuid(), partitions: array(int32()) }),
});

export const shareFetchResponse = message("ShareFetchResponse", "0-2", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  acquisitionLockTimeoutMs: int32("1+"),
  responses: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      acknowledgeErrorCode: int16(),
      acknowledgeErrorMessage: string({ nullable: true, default: null }),
      currentLeader: struct(leaderIdAndEpoch),
      records: records({ nullable: true }),
      acquiredRecords: array({ firstOffset: int64(), lastOffset: int64(), deliveryCount: int16() }),
    }),
  }),
  nodeEndpoints: array(nodeEndpoint),
});

export const shareAcknowledgeRequest = message("ShareAcknowledgeRequest", "0-2", "0+", {
  groupId: string({ nullable: true, default: null }),
  memberId: string({ nullable: true }),
  shareSessionEpoch: int32(),
  isRenewAck: bool("2+"),
  topics: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      acknowledgementBatches: array({ firstOffset: int64(), lastOffset: int64(), acknowledgeTypes: array(int8()) }),
    }),
  }),
});

export const shareAcknowledgeResponse = message("ShareAcknowledgeResponse", "0-2", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  acquisitionLockTimeoutMs: int32("2+"),
  responses: array({
    topicId: uuid(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      currentLeader: struct(leaderIdAndEpoch),
    }),
  }),
  nodeEndpoints: array(nodeEndpoint),
});
