// The route table: every operation of the contract with its handler. The app is built from it and from nothing else, so what is served and
// what is documented are the same.

import * as clusterContract from "../../contract/cluster.ts";
import * as fetchContract from "../../contract/fetch.ts";
import * as groupMembersContract from "../../contract/group-members.ts";
import * as groupsContract from "../../contract/groups.ts";
import * as ingestContract from "../../contract/ingest.ts";
import * as kafkaContract from "../../contract/kafka-socket.ts";
import type { Operation } from "../../contract/operation.ts";
import * as produceContract from "../../contract/produce.ts";
import * as pullContract from "../../contract/pull-subscriptions.ts";
import * as securityContract from "../../contract/security.ts";
import * as segmentsContract from "../../contract/segments.ts";
import * as shareContract from "../../contract/share-groups.ts";
import * as subscriptionsContract from "../../contract/subscriptions.ts";
import * as topicsContract from "../../contract/topics.ts";
import * as transactionsContract from "../../contract/transactions.ts";
import type { z } from "../../contract/zod.ts";
import type { Call } from "./call.ts";
import { getCluster, getHealth } from "./cluster.ts";
import { getDocs, getOpenApi } from "./documentation.ts";
import { fetchMany, fetchRecords } from "./fetch.ts";
import { groupFetch, removeGroupMember } from "./group-members.ts";
import { commitOffsets, deleteGroup, describeGroup, getGroupOffsets, listGroups, resetOffsets } from "./groups.ts";
import { ingest } from "./ingest.ts";
import * as ingestSources from "./ingest-sources.ts";
import { openKafka } from "./kafka-socket.ts";
import { createProducer, produce, produceBatches } from "./produce.ts";
import { ackOfSubscription, pullFromSubscription } from "./pull-subscriptions.ts";
import * as security from "./security.ts";
import { listSegments, truncatePartition, verifySegments } from "./segments.ts";
import * as shareGroups from "./share-groups.ts";
import {
  deleteSubscription,
  getSubscription,
  listDeliveries,
  listSubscriptions,
  pauseSubscription,
  putSubscription,
  redriveSubscription,
  replaySubscription,
  resumeSubscription,
  rotateSecret,
} from "./subscriptions.ts";
import { tailPartition, tailTopic } from "./tail-socket.ts";
import { alterTopic, createTopic, deleteTopic, describeTopic, getOffset, listTopics } from "./topics.ts";
import { abortTransaction, commitTransaction, commitTransactionOffsets, describeTransaction, listTransactions } from "./transactions.ts";

type Handler<Params, Query> = (call: Call<Params, Query>) => Response | Promise<Response>;

export interface Route {
  readonly operation: Operation;
  /** Gets the parameters that the operation's schemas gave. */
  readonly handler: Handler<never, never>;
}

function route<Params extends z.ZodObject, Query extends z.ZodObject>(
  operation: Operation<Params, Query>,
  handler: Handler<z.output<Params>, z.output<Query>>,
): Route {
  return { operation, handler };
}

export const ROUTES: readonly Route[] = [
  route(clusterContract.getHealth, getHealth),
  route(clusterContract.getCluster, getCluster),
  route(topicsContract.listTopics, listTopics),
  route(topicsContract.createTopic, createTopic),
  route(topicsContract.describeTopic, describeTopic),
  route(topicsContract.alterTopic, alterTopic),
  route(topicsContract.deleteTopic, deleteTopic),
  route(topicsContract.getOffset, getOffset),
  route(segmentsContract.truncatePartition, truncatePartition),
  route(segmentsContract.listSegments, listSegments),
  route(segmentsContract.verifySegments, verifySegments),
  route(produceContract.produce, produce),
  route(produceContract.produceBatches, produceBatches),
  route(produceContract.createProducer, createProducer),
  route(fetchContract.fetchRecords, fetchRecords),
  route(fetchContract.fetchMany, fetchMany),
  route(fetchContract.tailPartition, tailPartition),
  route(fetchContract.tailTopic, tailTopic),
  route(groupsContract.listGroups, listGroups),
  route(groupsContract.describeGroup, describeGroup),
  route(groupsContract.deleteGroup, deleteGroup),
  route(groupsContract.commitOffsets, commitOffsets),
  route(groupsContract.getGroupOffsets, getGroupOffsets),
  route(groupsContract.resetOffsets, resetOffsets),
  route(groupMembersContract.groupFetch, groupFetch),
  route(groupMembersContract.removeGroupMember, removeGroupMember),
  route(shareContract.listShareGroups, shareGroups.listShareGroups),
  route(shareContract.describeShareGroup, shareGroups.describeShareGroup),
  route(shareContract.putShareGroup, shareGroups.putShareGroup),
  route(shareContract.deleteShareGroup, shareGroups.deleteShareGroup),
  route(shareContract.pullRecords, shareGroups.pullRecords),
  route(shareContract.settleRecords, shareGroups.settleRecords),
  route(shareContract.resetShareGroup, shareGroups.resetShareGroup),
  route(kafkaContract.openKafka, openKafka),
  route(securityContract.listUsers, security.listUsers),
  route(securityContract.putUser, security.putUser),
  route(securityContract.describeUser, security.describeUser),
  route(securityContract.deleteUser, security.deleteUser),
  route(securityContract.listTokens, security.listTokens),
  route(securityContract.createToken, security.createToken),
  route(securityContract.deleteToken, security.deleteToken),
  route(securityContract.listAcls, security.listAcls),
  route(securityContract.createAcls, security.createAcls),
  route(securityContract.deleteAcls, security.deleteAcls),
  route(securityContract.listQuotas, security.listQuotas),
  route(securityContract.setQuota, security.setQuota),
  route(transactionsContract.listTransactions, listTransactions),
  route(transactionsContract.describeTransaction, describeTransaction),
  route(transactionsContract.commitTransactionOffsets, commitTransactionOffsets),
  route(transactionsContract.commitTransaction, commitTransaction),
  route(transactionsContract.abortTransaction, abortTransaction),
  route(subscriptionsContract.listSubscriptions, listSubscriptions),
  route(subscriptionsContract.putSubscription, putSubscription),
  route(subscriptionsContract.getSubscription, getSubscription),
  route(subscriptionsContract.deleteSubscription, deleteSubscription),
  route(subscriptionsContract.pauseSubscription, pauseSubscription),
  route(subscriptionsContract.resumeSubscription, resumeSubscription),
  route(subscriptionsContract.replaySubscription, replaySubscription),
  route(subscriptionsContract.rotateSecret, rotateSecret),
  route(subscriptionsContract.redriveSubscription, redriveSubscription),
  route(subscriptionsContract.listDeliveries, listDeliveries),
  route(pullContract.pullFromSubscription, pullFromSubscription),
  route(pullContract.ackOfSubscription, ackOfSubscription),
  route(ingestContract.ingest, ingest),
  route(ingestContract.ingestFrom, ingest),
  route(ingestContract.listSources, ingestSources.listSources),
  route(ingestContract.putSource, ingestSources.putSource),
  route(ingestContract.getSource, ingestSources.getSource),
  route(ingestContract.deleteSource, ingestSources.deleteSource),
  route(ingestContract.rotateSourceSecret, ingestSources.rotateSourceSecret),
  route(clusterContract.getOpenApi, getOpenApi),
  route(clusterContract.getDocs, getDocs),
];
