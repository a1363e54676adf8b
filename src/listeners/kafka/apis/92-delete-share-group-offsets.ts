// DeleteShareGroupOffsets (key 92), version 0 (KIP-932): a share group without members forgets what it knows of some topics, and begins anew
// with them. A topic that it knows nothing of is UNKNOWN_TOPIC_OR_PARTITION, and has no id in the answer.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { serve } from "../call.ts";

export const deleteShareGroupOffsets = serve(API.deleteShareGroupOffsets, { min: 0, max: 0 }, async ({ request, broker }) => {
  const topics = request.topics.map(({ topicName }) => topicName);
  const deleted = await broker.shareGroups.deleteOffsets({ groupId: request.groupId, topics });
  if (isFailure(deleted)) return { throttleTimeMs: 0, errorCode: errorCode(deleted.error), errorMessage: deleted.detail, responses: [] };
  const responses = topics.map((topicName, index) => {
    const outcome = deleted[index]!;
    return isFailure(outcome)
      ? { topicName, topicId: ZERO_UUID, errorCode: errorCode(outcome.error), errorMessage: outcome.detail }
      : { topicName, topicId: outcome.topicId, errorCode: 0, errorMessage: null };
  });
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, responses };
});
