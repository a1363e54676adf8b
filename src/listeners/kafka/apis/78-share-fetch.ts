// ShareFetch (key 78), versions 1-2 (KIP-932): acknowledges records that the member holds, then acquires others, and waits for them where
// there are none, or less than MinBytes. Stored batches go out as they are; AcquiredRecords says which of their records are the member's.
//
// 2: renewals, in a request that fetches nothing (KIP-1222); ShareAcquireMode (KIP-1206), which is `record_limit` here in any case, since
// records are acquired one by one: never more than MaxRecords.
// Sessions: ../share-session.ts.

import type { ShareFetchedPartition, ShareFetchResult, SharePlace } from "../../../broker/share-fetch.ts";
import { concatBytes } from "../../../common/bytes.ts";
import { type ErrorName, errorCode, type Failure, failure, isFailure, isRetriable } from "../../../common/errors.ts";
import { ANSWER_THROTTLE_MS } from "../../../common/limits/answer-room.ts";
import { MAX_FETCH_BYTES, MAX_WAIT_MS } from "../../../common/limits/fetch.ts";
import { MAX_PULL_RECORDS } from "../../../common/limits/share-groups.ts";
import { waitUnless } from "../../../common/wait.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { type Call, NODE_ID, serve } from "../call.ts";
import {
  type Acknowledged,
  type AskedAcknowledgements,
  acknowledge,
  openShareRequest,
  releaseSession,
  shareRefusal,
} from "../share-requests.ts";
import { isFinal, isInitial, type SharePlaceId, type ShareSession } from "../share-session.ts";
import { topicNames } from "../topic-names.ts";

type ShareFetchRequest = DecodedOf<typeof API.shareFetch.request>;

const NO_RECORDS = new Uint8Array(0);

/** What the client takes for an error of a partition (ShareFetchCollector): any other ends its poll with a bug's exception. */
const TOLD_ERRORS: readonly ErrorName[] = [
  "TOPIC_AUTHORIZATION_FAILED",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "CORRUPT_MESSAGE",
];

export const shareFetch = serve(API.shareFetch, { min: 1, max: 2 }, async (call) => {
  const { request, session, broker } = call;
  const opened = openShareSession(call);
  if (isFailure(opened)) {
    // As Kafka does it: the client would ask again at once.
    if (opened.error === "SHARE_SESSION_LIMIT_REACHED") await waitUnless(session.signal, Math.min(request.maxWaitMs, MAX_WAIT_MS));
    return shareRefusal(opened);
  }
  const asked = acknowledgedTopics(request);
  const acknowledged = asked.length === 0 ? NOTHING : await acknowledge(broker, opened, asked, request.isRenewAck);
  if (isFinal(request)) {
    session.shareSessions.end(opened);
    await releaseSession(broker, opened);
  }
  const isFetching = !isFinal(request) && !request.isRenewAck && request.maxRecords > 0 && request.maxBytes > 0;
  const fetched = isFetching ? await fetch(call, opened) : NOTHING;
  return {
    ...{ throttleTimeMs: call.room.isRefused ? ANSWER_THROTTLE_MS : 0, errorCode: 0, errorMessage: null },
    acquisitionLockTimeoutMs: fetched.leaseMs || acknowledged.leaseMs,
    responses: toResponses(fetched.partitions, acknowledged.partitions),
    nodeEndpoints: [],
  };
});

const NOTHING = { leaseMs: 0, partitions: [] };

function openShareSession({ request, session }: Call<ShareFetchRequest>): ShareSession | Failure {
  const owner = openShareRequest(session, request);
  if (isFailure(owner)) return owner;
  if (isInitial(request) && acknowledgedTopics(request).length > 0) {
    return failure("INVALID_REQUEST", "a request that begins a share session has no acknowledgements");
  }
  const limits = [request.maxBytes, request.minBytes, request.maxRecords, request.maxWaitMs];
  if (request.isRenewAck && limits.some((limit) => limit !== 0)) {
    return failure("INVALID_REQUEST", "a request that renews has MaxBytes, MinBytes, MaxRecords and MaxWaitMs 0");
  }
  const added = request.topics.map(({ topicId, partitions }) => ({
    topicId,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }));
  return session.shareSessions.openFetch(owner, isFinal(request) ? [] : added, request.forgottenTopicsData);
}

/** The partitions of which something is acknowledged. */
function acknowledgedTopics({ topics }: ShareFetchRequest): AskedAcknowledgements[] {
  return topics
    .map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.filter(({ acknowledgementBatches }) => acknowledgementBatches.length > 0),
    }))
    .filter(({ partitions }) => partitions.length > 0);
}

/** What the session's partitions have, or why not. What is acquired for a client that is gone meanwhile is released with its connection. */
async function fetch({ request, broker, session, room }: Call<ShareFetchRequest>, share: ShareSession): Promise<ShareFetchResult> {
  const { places } = share;
  const names = await topicNames(
    broker,
    places.map(({ topicId }) => topicId),
  );
  const named = places.map(({ topicId, partition }) => ({ topic: names.get(topicId)!, topicId, partition }));
  const known = named.filter((place): place is SharePlace => typeof place.topic === "string");
  const unknown = named.flatMap(({ topic, ...place }) => (typeof topic === "string" ? [] : [failedPartition(place, topic)]));
  const fetched = await broker.shareGroups.fetch({
    ...{ groupId: share.groupId, token: share.token, partitions: known, batchSize: request.batchSize, signal: session.signal, room },
    maxRecords: Math.min(request.maxRecords, MAX_PULL_RECORDS),
    maxBytes: Math.min(request.maxBytes, MAX_FETCH_BYTES),
    minBytes: request.minBytes,
    maxWaitMs: Math.min(Math.max(0, request.maxWaitMs), MAX_WAIT_MS), // with partitions that are unknown too, as Kafka waits
  });
  // What was acknowledged in the same request is done: it is the partitions that failed, not the request.
  if (isFailure(fetched)) return { leaseMs: 0, partitions: [...known.map((place) => failedPartition(place, fetched)), ...unknown] };
  share.hold(fetched.partitions.filter(({ acquired }) => acquired.length > 0));
  return { ...fetched, partitions: [...fetched.partitions, ...unknown] };
}

function failedPartition({ topicId, partition }: SharePlaceId, failed: Failure): ShareFetchedPartition {
  return { topic: "", topicId, partition, batches: [], acquired: [], failure: failed };
}

/** Partitions that have records, or failed, or were acknowledged. */
function toResponses(fetched: readonly ShareFetchedPartition[], acknowledged: readonly Acknowledged[]) {
  const byPlace = new Map<string, ReturnType<typeof answerPartition>>();
  for (const partition of fetched) byPlace.set(keyOf(partition), answerPartition(partition));
  for (const { failure: refused, ...place } of acknowledged) {
    const answer = byPlace.get(keyOf(place)) ?? answerPartition({ ...place, topic: "", batches: [], acquired: [] });
    const told = {
      acknowledgeErrorCode: refused === null ? 0 : errorCode(refused.error),
      acknowledgeErrorMessage: refused?.detail ?? null,
    };
    byPlace.set(keyOf(place), { ...answer, ...told });
  }
  const byTopic = Map.groupBy(byPlace.values(), ({ topicId }) => topicId);
  return [...byTopic].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ topicId: _, ...partition }) => partition),
  }));
}

function answerPartition({ topicId, partition, batches, acquired, failure: failed }: ShareFetchedPartition) {
  return {
    topicId,
    partitionIndex: partition,
    errorCode: failed === undefined ? 0 : errorCode(toldError(failed)),
    errorMessage: failed?.detail ?? null,
    acknowledgeErrorCode: 0,
    acknowledgeErrorMessage: null as string | null,
    currentLeader: { leaderId: NODE_ID, leaderEpoch: 0 },
    records: batches.length === 0 ? NO_RECORDS : concatBytes(batches.map(({ bytes }) => bytes)),
    acquiredRecords: acquired.map((range) => ({ ...range })),
  };
}

/** An object that cannot be reached is a leader that has to be looked for: the client asks again. */
function toldError({ error }: Failure): ErrorName {
  if (TOLD_ERRORS.includes(error)) return error;
  return isRetriable(error) ? "NOT_LEADER_OR_FOLLOWER" : "UNKNOWN_SERVER_ERROR";
}

function keyOf({ topicId, partition }: { readonly topicId: string; readonly partition: number }): string {
  return `${topicId}/${partition}`;
}
