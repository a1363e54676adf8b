// Every route of the API, in the order of its documentation.

import * as cluster from "./cluster.ts";
import * as fetch from "./fetch.ts";
import * as groupMembers from "./group-members.ts";
import * as groups from "./groups.ts";
import * as ingest from "./ingest.ts";
import * as kafkaSocket from "./kafka-socket.ts";
import type { Operation } from "./operation.ts";
import * as produce from "./produce.ts";
import * as pullSubscriptions from "./pull-subscriptions.ts";
import * as security from "./security.ts";
import * as segments from "./segments.ts";
import * as shareGroups from "./share-groups.ts";
import * as subscriptions from "./subscriptions.ts";
import * as topics from "./topics.ts";
import * as transactions from "./transactions.ts";

export const OPERATIONS: readonly Operation[] = [
  cluster.getHealth,
  cluster.getCluster,
  topics.listTopics,
  topics.createTopic,
  topics.describeTopic,
  topics.alterTopic,
  topics.deleteTopic,
  topics.getOffset,
  segments.truncatePartition,
  segments.listSegments,
  segments.verifySegments,
  produce.produce,
  produce.produceBatches,
  produce.createProducer,
  fetch.fetchRecords,
  fetch.fetchMany,
  fetch.tailPartition,
  fetch.tailTopic,
  groups.listGroups,
  groups.describeGroup,
  groups.deleteGroup,
  groups.commitOffsets,
  groups.getGroupOffsets,
  groups.resetOffsets,
  groupMembers.groupFetch,
  groupMembers.removeGroupMember,
  ...shareGroups.SHARE_GROUP_OPERATIONS,
  kafkaSocket.openKafka,
  ...security.SECURITY_OPERATIONS,
  transactions.listTransactions,
  transactions.describeTransaction,
  transactions.commitTransactionOffsets,
  transactions.commitTransaction,
  transactions.abortTransaction,
  subscriptions.listSubscriptions,
  subscriptions.putSubscription,
  subscriptions.getSubscription,
  subscriptions.deleteSubscription,
  subscriptions.pauseSubscription,
  subscriptions.resumeSubscription,
  subscriptions.replaySubscription,
  subscriptions.rotateSecret,
  subscriptions.redriveSubscription,
  subscriptions.listDeliveries,
  pullSubscriptions.pullFromSubscription,
  pullSubscriptions.ackOfSubscription,
  ...ingest.INGEST_OPERATIONS,
  cluster.getOpenApi,
  cluster.getDocs,
];
