// ShareGroupHeartbeat (key 76), version 1 (KIP-932): joins a share group, keeps a member in it and tells it what to read, leaves it.

import { isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { groupErrorCode } from "../group-kinds.ts";

export const shareGroupHeartbeat = serve(API.shareGroupHeartbeat, { min: 1, max: 1 }, async ({ request, clientId, broker }) => {
  const answer = await broker.shareGroups.heartbeat({ ...request, clientId, clientHost: "/" });
  if (isFailure(answer)) {
    const nobody = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
    return { throttleTimeMs: 0, errorCode: groupErrorCode(answer), errorMessage: answer.detail, ...nobody };
  }
  const assignment = answer.assignment && {
    topicPartitions: answer.assignment.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] })),
  };
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, ...answer, assignment };
});
