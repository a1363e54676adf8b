// AlterShareGroupOffsets (key 91), version 0 (KIP-932): where a share group without members goes on. An offset that the log does not have is
// the nearest that it has.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { serve } from "../call.ts";
import { groupErrorCode } from "../group-kinds.ts";

export const alterShareGroupOffsets = serve(API.alterShareGroupOffsets, { min: 0, max: 0 }, async ({ request, broker }) => {
  const offsets = request.topics.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partitionIndex, startOffset }) => ({ topic: topicName, partition: partitionIndex, offset: startOffset })),
  );
  const altered = await broker.shareGroups.alterOffsets({ groupId: request.groupId, offsets });
  if (isFailure(altered)) return { throttleTimeMs: 0, errorCode: groupErrorCode(altered), errorMessage: altered.detail, responses: [] };
  const outcomes = altered.values();
  const responses = [];
  for (const { topicName, partitions } of request.topics) {
    const topic = await broker.topic(topicName);
    const told = partitions.map(({ partitionIndex }) => {
      const refused = outcomes.next().value!;
      return { partitionIndex, errorCode: refused === null ? 0 : errorCode(refused.error), errorMessage: refused?.detail ?? null };
    });
    responses.push({ topicName, topicId: isFailure(topic) ? ZERO_UUID : topic.topicId, partitions: told });
  }
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, responses };
});
