// The APIs that are served. The dispatch, the ApiVersions answer and docs/protocol-support.md all come from this list.

import { produce } from "./apis/00-produce.ts";
import { fetch } from "./apis/01-fetch.ts";
import { listOffsets } from "./apis/02-list-offsets.ts";
import { metadata } from "./apis/03-metadata.ts";
import { offsetCommit } from "./apis/08-offset-commit.ts";
import { offsetFetch } from "./apis/09-offset-fetch.ts";
import { findCoordinator } from "./apis/10-find-coordinator.ts";
import { joinGroup } from "./apis/11-join-group.ts";
import { heartbeat } from "./apis/12-heartbeat.ts";
import { leaveGroup } from "./apis/13-leave-group.ts";
import { syncGroup } from "./apis/14-sync-group.ts";
import { describeGroups } from "./apis/15-describe-groups.ts";
import { listGroups } from "./apis/16-list-groups.ts";
import { saslAuthenticate, saslHandshake } from "./apis/17-sasl.ts";
import { apiVersions } from "./apis/18-api-versions.ts";
import { createTopics } from "./apis/19-create-topics.ts";
import { deleteTopics } from "./apis/20-delete-topics.ts";
import { deleteRecords } from "./apis/21-delete-records.ts";
import { initProducerId } from "./apis/22-init-producer-id.ts";
import { offsetForLeaderEpoch } from "./apis/23-offset-for-leader-epoch.ts";
import { addPartitionsToTxn } from "./apis/24-add-partitions-to-txn.ts";
import { addOffsetsToTxn } from "./apis/25-add-offsets-to-txn.ts";
import { endTxn } from "./apis/26-end-txn.ts";
import { writeTxnMarkers } from "./apis/27-write-txn-markers.ts";
import { txnOffsetCommit } from "./apis/28-txn-offset-commit.ts";
import { createAcls, deleteAcls, describeAcls } from "./apis/29-acls.ts";
import { describeConfigs } from "./apis/32-describe-configs.ts";
import { alterConfigs, incrementalAlterConfigs } from "./apis/33-alter-configs.ts";
import { describeLogDirs } from "./apis/35-describe-log-dirs.ts";
import { createPartitions } from "./apis/37-create-partitions.ts";
import { deleteGroups } from "./apis/42-delete-groups.ts";
import { electLeaders } from "./apis/43-elect-leaders.ts";
import { alterPartitionReassignments, listPartitionReassignments } from "./apis/45-partition-reassignments.ts";
import { offsetDelete } from "./apis/47-offset-delete.ts";
import { alterClientQuotas, describeClientQuotas } from "./apis/48-client-quotas.ts";
import { alterUserScramCredentials, describeUserScramCredentials } from "./apis/50-scram-credentials.ts";
import { describeCluster } from "./apis/60-describe-cluster.ts";
import { describeProducers } from "./apis/61-describe-producers.ts";
import { describeTransactions } from "./apis/65-describe-transactions.ts";
import { listTransactions } from "./apis/66-list-transactions.ts";
import { consumerGroupHeartbeat } from "./apis/68-consumer-group-heartbeat.ts";
import { consumerGroupDescribe } from "./apis/69-consumer-group-describe.ts";
import { describeTopicPartitions } from "./apis/75-describe-topic-partitions.ts";
import { shareGroupHeartbeat } from "./apis/76-share-group-heartbeat.ts";
import { shareGroupDescribe } from "./apis/77-share-group-describe.ts";
import { shareFetch } from "./apis/78-share-fetch.ts";
import { shareAcknowledge } from "./apis/79-share-acknowledge.ts";
import { describeShareGroupOffsets } from "./apis/90-describe-share-group-offsets.ts";
import { alterShareGroupOffsets } from "./apis/91-alter-share-group-offsets.ts";
import { deleteShareGroupOffsets } from "./apis/92-delete-share-group-offsets.ts";
import type { ServedApi } from "./call.ts";

/** By ascending key. */
export const SERVED: readonly ServedApi[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions(() => SERVED),
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeAcls,
  createAcls,
  deleteAcls,
  describeConfigs,
  alterConfigs,
  describeLogDirs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  describeClientQuotas,
  alterClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeCluster,
  describeProducers,
  describeTransactions,
  listTransactions,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  describeTopicPartitions,
  shareGroupHeartbeat,
  shareGroupDescribe,
  shareFetch,
  shareAcknowledge,
  describeShareGroupOffsets,
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
];

const BY_KEY = new Map(SERVED.map((served) => [served.api.key, served]));

export function servedApi(key: number): ServedApi | undefined {
  return BY_KEY.get(key);
}
