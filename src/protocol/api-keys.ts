// The APIs of the protocol (org.apache.kafka.common.protocol.ApiKeys): key, name, request, response. Which of their versions are served,
// and advertised, is the listener's choice; this is what can be read and written.

import type { Fields } from "./fields.ts";
import type { Message } from "./message.ts";
import {
  createAclsRequest,
  createAclsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  describeAclsRequest,
  describeAclsResponse,
} from "./messages/acls.ts";
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
} from "./messages/client-quotas.ts";
import {
  alterConfigsRequest,
  alterConfigsResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from "./messages/configs.ts";
import {
  apiVersionsRequest,
  apiVersionsResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from "./messages/connection.ts";
import {
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
} from "./messages/consumer-groups.ts";
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from "./messages/credentials.ts";
import { fetchRequest, fetchResponse } from "./messages/fetch.ts";
import {
  heartbeatRequest,
  heartbeatResponse,
  joinGroupRequest,
  joinGroupResponse,
  leaveGroupRequest,
  leaveGroupResponse,
  syncGroupRequest,
  syncGroupResponse,
} from "./messages/group-members.ts";
import {
  deleteGroupsRequest,
  deleteGroupsResponse,
  describeGroupsRequest,
  describeGroupsResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  listGroupsRequest,
  listGroupsResponse,
} from "./messages/groups.ts";
import {
  listOffsetsRequest,
  listOffsetsResponse,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
} from "./messages/list-offsets.ts";
import {
  describeClusterRequest,
  describeClusterResponse,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  metadataRequest,
  metadataResponse,
} from "./messages/metadata.ts";
import {
  offsetCommitRequest,
  offsetCommitResponse,
  offsetDeleteRequest,
  offsetDeleteResponse,
  offsetFetchRequest,
  offsetFetchResponse,
} from "./messages/offsets.ts";
import { produceRequest, produceResponse } from "./messages/produce.ts";
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  electLeadersRequest,
  electLeadersResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from "./messages/reassignments.ts";
import {
  describeLogDirsRequest,
  describeLogDirsResponse,
  describeProducersRequest,
  describeProducersResponse,
} from "./messages/replicas.ts";
import {
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
} from "./messages/share-group-offsets.ts";
import {
  shareAcknowledgeRequest,
  shareAcknowledgeResponse,
  shareFetchRequest,
  shareFetchResponse,
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
} from "./messages/share-groups.ts";
import {
  createPartitionsRequest,
  createPartitionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteRecordsRequest,
  deleteRecordsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
} from "./messages/topics.ts";
import {
  describeTransactionsRequest,
  describeTransactionsResponse,
  listTransactionsRequest,
  listTransactionsResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
} from "./messages/transaction-admin.ts";
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  endTxnRequest,
  endTxnResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from "./messages/transactions.ts";

export interface Api<Request extends Fields = Fields, Response extends Fields = Fields> {
  readonly key: number;
  /** Kafka's name for it. */
  readonly name: string;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
}

/** An API whose fields do not matter. */
interface AnyApi {
  readonly key: number;
  readonly request: Pick<Message, "isFlexible">;
  readonly response: Pick<Message, "isFlexible">;
}

/** Key and tables of every API, by name. */
export const API = {
  produce: api(0, "Produce", produceRequest, produceResponse),
  fetch: api(1, "Fetch", fetchRequest, fetchResponse),
  listOffsets: api(2, "ListOffsets", listOffsetsRequest, listOffsetsResponse),
  metadata: api(3, "Metadata", metadataRequest, metadataResponse),
  offsetCommit: api(8, "OffsetCommit", offsetCommitRequest, offsetCommitResponse),
  offsetFetch: api(9, "OffsetFetch", offsetFetchRequest, offsetFetchResponse),
  findCoordinator: api(10, "FindCoordinator", findCoordinatorRequest, findCoordinatorResponse),
  joinGroup: api(11, "JoinGroup", joinGroupRequest, joinGroupResponse),
  heartbeat: api(12, "Heartbeat", heartbeatRequest, heartbeatResponse),
  leaveGroup: api(13, "LeaveGroup", leaveGroupRequest, leaveGroupResponse),
  syncGroup: api(14, "SyncGroup", syncGroupRequest, syncGroupResponse),
  describeGroups: api(15, "DescribeGroups", describeGroupsRequest, describeGroupsResponse),
  listGroups: api(16, "ListGroups", listGroupsRequest, listGroupsResponse),
  saslHandshake: api(17, "SaslHandshake", saslHandshakeRequest, saslHandshakeResponse),
  apiVersions: api(18, "ApiVersions", apiVersionsRequest, apiVersionsResponse),
  createTopics: api(19, "CreateTopics", createTopicsRequest, createTopicsResponse),
  deleteTopics: api(20, "DeleteTopics", deleteTopicsRequest, deleteTopicsResponse),
  deleteRecords: api(21, "DeleteRecords", deleteRecordsRequest, deleteRecordsResponse),
  initProducerId: api(22, "InitProducerId", initProducerIdRequest, initProducerIdResponse),
  offsetForLeaderEpoch: api(23, "OffsetForLeaderEpoch", offsetForLeaderEpochRequest, offsetForLeaderEpochResponse),
  addPartitionsToTxn: api(24, "AddPartitionsToTxn", addPartitionsToTxnRequest, addPartitionsToTxnResponse),
  addOffsetsToTxn: api(25, "AddOffsetsToTxn", addOffsetsToTxnRequest, addOffsetsToTxnResponse),
  endTxn: api(26, "EndTxn", endTxnRequest, endTxnResponse),
  writeTxnMarkers: api(27, "WriteTxnMarkers", writeTxnMarkersRequest, writeTxnMarkersResponse),
  txnOffsetCommit: api(28, "TxnOffsetCommit", txnOffsetCommitRequest, txnOffsetCommitResponse),
  describeAcls: api(29, "DescribeAcls", describeAclsRequest, describeAclsResponse),
  createAcls: api(30, "CreateAcls", createAclsRequest, createAclsResponse),
  deleteAcls: api(31, "DeleteAcls", deleteAclsRequest, deleteAclsResponse),
  describeConfigs: api(32, "DescribeConfigs", describeConfigsRequest, describeConfigsResponse),
  alterConfigs: api(33, "AlterConfigs", alterConfigsRequest, alterConfigsResponse),
  describeLogDirs: api(35, "DescribeLogDirs", describeLogDirsRequest, describeLogDirsResponse),
  saslAuthenticate: api(36, "SaslAuthenticate", saslAuthenticateRequest, saslAuthenticateResponse),
  createPartitions: api(37, "CreatePartitions", createPartitionsRequest, createPartitionsResponse),
  deleteGroups: api(42, "DeleteGroups", deleteGroupsRequest, deleteGroupsResponse),
  electLeaders: api(43, "ElectLeaders", electLeadersRequest, electLeadersResponse),
  incrementalAlterConfigs: api(44, "IncrementalAlterConfigs", incrementalAlterConfigsRequest, incrementalAlterConfigsResponse),
  alterPartitionReassignments: api(
    45,
    "AlterPartitionReassignments",
    alterPartitionReassignmentsRequest,
    alterPartitionReassignmentsResponse,
  ),
  listPartitionReassignments: api(46, "ListPartitionReassignments", listPartitionReassignmentsRequest, listPartitionReassignmentsResponse),
  offsetDelete: api(47, "OffsetDelete", offsetDeleteRequest, offsetDeleteResponse),
  describeClientQuotas: api(48, "DescribeClientQuotas", describeClientQuotasRequest, describeClientQuotasResponse),
  alterClientQuotas: api(49, "AlterClientQuotas", alterClientQuotasRequest, alterClientQuotasResponse),
  describeUserScramCredentials: api(
    50,
    "DescribeUserScramCredentials",
    describeUserScramCredentialsRequest,
    describeUserScramCredentialsResponse,
  ),
  alterUserScramCredentials: api(51, "AlterUserScramCredentials", alterUserScramCredentialsRequest, alterUserScramCredentialsResponse),
  describeCluster: api(60, "DescribeCluster", describeClusterRequest, describeClusterResponse),
  describeProducers: api(61, "DescribeProducers", describeProducersRequest, describeProducersResponse),
  describeTransactions: api(65, "DescribeTransactions", describeTransactionsRequest, describeTransactionsResponse),
  listTransactions: api(66, "ListTransactions", listTransactionsRequest, listTransactionsResponse),
  consumerGroupHeartbeat: api(68, "ConsumerGroupHeartbeat", consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse),
  consumerGroupDescribe: api(69, "ConsumerGroupDescribe", consumerGroupDescribeRequest, consumerGroupDescribeResponse),
  describeTopicPartitions: api(75, "DescribeTopicPartitions", describeTopicPartitionsRequest, describeTopicPartitionsResponse),
  shareGroupHeartbeat: api(76, "ShareGroupHeartbeat", shareGroupHeartbeatRequest, shareGroupHeartbeatResponse),
  shareGroupDescribe: api(77, "ShareGroupDescribe", shareGroupDescribeRequest, shareGroupDescribeResponse),
  shareFetch: api(78, "ShareFetch", shareFetchRequest, shareFetchResponse),
  shareAcknowledge: api(79, "ShareAcknowledge", shareAcknowledgeRequest, shareAcknowledgeResponse),
  describeShareGroupOffsets: api(90, "DescribeShareGroupOffsets", describeShareGroupOffsetsRequest, describeShareGroupOffsetsResponse),
  alterShareGroupOffsets: api(91, "AlterShareGroupOffsets", alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse),
  deleteShareGroupOffsets: api(92, "DeleteShareGroupOffsets", deleteShareGroupOffsetsRequest, deleteShareGroupOffsetsResponse),
} as const;

/** All of them, by ascending key. */
export const APIS: readonly Api[] = Object.values(API);

const BY_KEY: readonly (Api | undefined)[] = byKey(APIS);

/** The API of a request, or undefined where there are no tables for the key. */
export function apiOf(key: number): Api | undefined {
  return BY_KEY[key];
}

/** Version of the header before a request, which goes by the API's version even where that is none we know. */
export function requestHeaderVersion(api: AnyApi, version: number): number {
  return api.request.isFlexible(version) ? 2 : 1;
}

/**
 * Version of the header before a response. ApiVersions has none that is flexible: its reader does not know yet what the broker speaks
 * (KIP-511).
 */
export function responseHeaderVersion(api: AnyApi, version: number): number {
  return api.key !== API.apiVersions.key && api.response.isFlexible(version) ? 1 : 0;
}

function api<Request extends Fields, Response extends Fields>(
  key: number,
  name: string,
  request: Message<Request>,
  response: Message<Response>,
): Api<Request, Response> {
  return { key, name, request, response };
}

function byKey(apis: readonly Api[]): (Api | undefined)[] {
  const found: (Api | undefined)[] = [];
  for (const entry of apis) found[entry.key] = entry;
  return found;
}
