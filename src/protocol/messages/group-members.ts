// JoinGroup (key 11), Heartbeat (12), LeaveGroup (13) and SyncGroup (14): how a consumer is a member of a classic group.
//
// JoinGroup    1: rebalance timeout   4: MEMBER_ID_REQUIRED may be answered (KIP-394)   5: static members (KIP-345)   6: flexible
//              7: the protocol's type is answered   8: a reason (KIP-800)   9: the leader may skip the assignment (KIP-814)
// Heartbeat    3: static members   4: flexible
// LeaveGroup   3: several members at once   4: flexible   5: a reason
// SyncGroup    3: static members   4: flexible   5: protocol type and name

import { array, bool, bytes, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";

export const joinGroupRequest = message("JoinGroupRequest", "0-9", "6+", {
  groupId: string(),
  sessionTimeoutMs: int32(),
  rebalanceTimeoutMs: int32("1+", { default: -1 }),
  memberId: string(),
  groupInstanceId: string("5+", { nullable: true, default: null }),
  protocolType: string(),
  protocols: array({ name: string(), metadata: bytes() }),
  reason: string("8+", { nullable: true, default: null }),
});

export const joinGroupResponse = message("JoinGroupResponse", "0-9", "6+", {
  throttleTimeMs: int32("2+"),
  errorCode: int16(),
  generationId: int32({ default: -1 }),
  protocolType: string("7+", { nullable: true, default: null }),
  protocolName: string({ nullable: "7+" }),
  leader: string(),
  skipAssignment: bool("9+", { default: false }),
  memberId: string(),
  members: array({
    memberId: string(),
    groupInstanceId: string("5+", { nullable: true, default: null }),
    metadata: bytes(),
  }),
});

export const heartbeatRequest = message("HeartbeatRequest", "0-4", "4+", {
  groupId: string(),
  generationId: int32(),
  memberId: string(),
  groupInstanceId: string("3+", { nullable: true, default: null }),
});

export const heartbeatResponse = message("HeartbeatResponse", "0-4", "4+", {
  throttleTimeMs: int32("1+"),
  errorCode: int16(),
});

export const leaveGroupRequest = message("LeaveGroupRequest", "0-5", "4+", {
  groupId: string(),
  memberId: string("0-2"),
  members: array(
    {
      memberId: string(),
      groupInstanceId: string({ nullable: true, default: null }),
      reason: string("5+", { nullable: true, default: null }),
    },
    "3+",
  ),
});

export const leaveGroupResponse = message("LeaveGroupResponse", "0-5", "4+", {
  throttleTimeMs: int32("1+"),
  errorCode: int16(),
  members: array(
    {
      memberId: string(),
      groupInstanceId: string({ nullable: true }),
      errorCode: int16(),
    },
    "3+",
  ),
});

export const syncGroupRequest = message("SyncGroupRequest", "0-5", "4+", {
  groupId: string(),
  generationId: int32(),
  memberId: string(),
  groupInstanceId: string("3+", { nullable: true, default: null }),
  protocolType: string("5+", { nullable: true, default: null }),
  protocolName: string("5+", { nullable: true, default: null }),
  assignments: array({ memberId: string(), assignment: bytes() }),
});

export const syncGroupResponse = message("SyncGroupResponse", "0-5", "4+", {
  throttleTimeMs: int32("1+"),
  errorCode: int16(),
  protocolType: string("5+", { nullable: true, default: null }),
  protocolName: string("5+", { nullable: true, default: null }),
  assignment: bytes(),
});
