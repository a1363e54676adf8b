// ShareAcknowledge (key 79), versions 1-2 (KIP-932): what became of records that the member holds, of each partition all or nothing; with the
// final epoch it gives back the rest. 2: renewals (KIP-1222). Sessions: ../share-session.ts.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";
import { type Acknowledged, acknowledge, openShareRequest, releaseSession, shareRefusal } from "../share-requests.ts";
import { isFinal } from "../share-session.ts";

export const shareAcknowledge = serve(API.shareAcknowledge, { min: 1, max: 2 }, async ({ request, session, broker }) => {
  const owner = openShareRequest(session, request);
  const opened = isFailure(owner) ? owner : session.shareSessions.openAcknowledge(owner);
  if (isFailure(opened)) return shareRefusal(opened);
  const { leaseMs, partitions } = await acknowledge(broker, opened, request.topics, request.isRenewAck);
  if (isFinal(request)) {
    session.shareSessions.end(opened);
    await releaseSession(broker, opened);
  }
  return {
    ...{ throttleTimeMs: 0, errorCode: 0, errorMessage: null, acquisitionLockTimeoutMs: leaseMs },
    responses: [...Map.groupBy(partitions, ({ topicId }) => topicId)].map(([topicId, ones]) => ({
      topicId,
      partitions: ones.map(answerPartition),
    })),
    nodeEndpoints: [],
  };
});

function answerPartition({ partition, failure: refused }: Acknowledged) {
  return {
    partitionIndex: partition,
    errorCode: refused === null ? 0 : errorCode(refused.error),
    errorMessage: refused?.detail ?? null,
    currentLeader: { leaderId: NODE_ID, leaderEpoch: 0 },
  };
}
