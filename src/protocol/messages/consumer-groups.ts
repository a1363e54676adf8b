// ConsumerGroupHeartbeat (key 68) and ConsumerGroupDescribe (69): groups whose assignment the broker computes (KIP-848).
//
// ConsumerGroupHeartbeat   1: subscriptions by regular expression; the client makes its member id (KIP-1082)
// ConsumerGroupDescribe    1: classic or consumer members (KIP-1099)

import { array, bool, int8, int16, int32, string, struct, uuid } from "../fields.ts";
import { message } from "../message.ts";
import { assignedPartitions, describedAssignment, NOT_REQUESTED } from "./shared.ts";

export const consumerGroupHeartbeatRequest = message("ConsumerGroupHeartbeatRequest", "0-1", "0+", {
  groupId: string(),
  memberId: string(),
  memberEpoch: int32(),
  instanceId: string({ nullable: true, default: null }),
  rackId: string({ nullable: true, default: null }),
  rebalanceTimeoutMs: int32({ default: -1 }),
  subscribedTopicNames: array(string(), { nullable: true, default: null }),
  subscribedTopicRegex: string("1+", { nullable: true, default: null }),
  serverAssignor: string({ nullable: true, default: null }),
  topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }, { nullable: true, default: null }),
});

export const consumerGroupHeartbeatResponse = message("ConsumerGroupHeartbeatResponse", "0-1", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: true, default: null }),
  memberId: string({ nullable: true, default: null }),
  memberEpoch: int32(),
  heartbeatIntervalMs: int32(),
  assignment: struct(assignedPartitions, { nullable: true, default: null }),
});

export const consumerGroupDescribeRequest = message("ConsumerGroupDescribeRequest", "0-1", "0+", {
  groupIds: array(string()),
  includeAuthorizedOperations: bool(),
});

export const consumerGroupDescribeResponse = message("ConsumerGroupDescribeResponse", "0-1", "0+", {
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
      instanceId: string({ nullable: true, default: null }),
      rackId: string({ nullable: true, default: null }),
      memberEpoch: int32(),
      clientId: string(),
      clientHost: string(),
      subscribedTopicNames: array(string()),
      subscribedTopicRegex: string({ nullable: true, default: null }),
      assignment: struct(describedAssignment),
      targetAssignment: struct(describedAssignment),
      memberType: int8("1+", { default: -1 }),
    }),
    authorizedOperations: int32({ default: NOT_REQUESTED }),
  }),
});
