// FindCoordinator (key 10), DescribeGroups (15), ListGroups (16) and DeleteGroups (42): groups seen from outside.
//
// FindCoordinator   1: of transactions too   3: flexible   4: several keys (KIP-699)   5: TRANSACTION_ABORTABLE may be answered
//                   6: of share groups (KIP-932)
// DescribeGroups    3: authorized operations   4: static members   5: flexible   6: an error message, GROUP_ID_NOT_FOUND (KIP-1043)
// ListGroups        3: flexible   4: by state (KIP-518)   5: by type (KIP-848)
// DeleteGroups      2: flexible

import { array, bool, bytes, int8, int16, int32, string } from "../fields.ts";
import { message } from "../message.ts";
import { NOT_REQUESTED } from "./shared.ts";

export const findCoordinatorRequest = message("FindCoordinatorRequest", "0-6", "3+", {
  key: string("0-3"),
  keyType: int8("1+", { default: 0 }),
  coordinatorKeys: array(string(), "4+"),
});

export const findCoordinatorResponse = message("FindCoordinatorResponse", "0-6", "3+", {
  throttleTimeMs: int32("1+"),
  errorCode: int16("0-3"),
  errorMessage: string("1-3", { nullable: true }),
  nodeId: int32("0-3"),
  host: string("0-3"),
  port: int32("0-3"),
  coordinators: array(
    {
      key: string(),
      nodeId: int32(),
      host: string(),
      port: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
    },
    "4+",
  ),
});

export const describeGroupsRequest = message("DescribeGroupsRequest", "0-6", "5+", {
  groups: array(string()),
  includeAuthorizedOperations: bool("3+"),
});

export const describeGroupsResponse = message("DescribeGroupsResponse", "0-6", "5+", {
  throttleTimeMs: int32("1+"),
  groups: array({
    errorCode: int16(),
    errorMessage: string("6+", { nullable: true, default: null }),
    groupId: string(),
    groupState: string(),
    protocolType: string(),
    protocolData: string(),
    members: array({
      memberId: string(),
      groupInstanceId: string("4+", { nullable: true, default: null }),
      clientId: string(),
      clientHost: string(),
      memberMetadata: bytes(),
      memberAssignment: bytes(),
    }),
    authorizedOperations: int32("3+", { default: NOT_REQUESTED }),
  }),
});

export const listGroupsRequest = message("ListGroupsRequest", "0-5", "3+", {
  statesFilter: array(string(), "4+"),
  typesFilter: array(string(), "5+"),
});

export const listGroupsResponse = message("ListGroupsResponse", "0-5", "3+", {
  throttleTimeMs: int32("1+"),
  errorCode: int16(),
  groups: array({
    groupId: string(),
    protocolType: string(),
    groupState: string("4+"),
    groupType: string("5+"),
  }),
});

export const deleteGroupsRequest = message("DeleteGroupsRequest", "0-2", "2+", {
  groupsNames: array(string()),
});

export const deleteGroupsResponse = message("DeleteGroupsResponse", "0-2", "2+", {
  throttleTimeMs: int32(),
  results: array({ groupId: string(), errorCode: int16() }),
});
