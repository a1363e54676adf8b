// OffsetCommit (key 8), versions 2-9. Partitions succeed and fail one by one. A generation of -1 is a consumer that assigns partitions
// itself, and commits while the group has no members. 9: the generation may be a member epoch, and STALE_MEMBER_EPOCH the answer (KIP-848).
// A topic that was made again under its name: ../remade-topics.ts.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { type CommittedTopic, committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";

export const offsetCommit = serve(API.offsetCommit, { min: 2, max: 9 }, async ({ request, broker, session }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, topics } = request;
  const names = topics.map(({ name }) => name);
  const madeAgain = await session.commitTopics.madeAgain(broker, groupId, names);
  const taken = topics.map((topic) => (madeAgain.has(topic.name) ? withoutPositions(topic) : topic));
  const member = memberOf({ memberId, groupInstanceId, generationId });
  const result = await broker.commitOffsets({ groupId, offsets: offsetsOf(taken), ...member });
  if (isFailure(result)) return { throttleTimeMs: 0, topics: committedTopics(topics, result) };
  const answers = committedTopics(taken, result);
  return { throttleTimeMs: 0, topics: topics.map((topic, index) => withRefused(topic, answers[index]!)) };
});

/** What may be committed of a topic that was made again: 0, and what stands for a reset, are of no log. */
function withoutPositions(topic: CommittedTopic): CommittedTopic {
  return { ...topic, partitions: topic.partitions.filter(({ committedOffset }) => committedOffset <= 0) };
}

function withRefused({ partitions: asked }: CommittedTopic, answered: ReturnType<typeof committedTopics>[number]) {
  if (asked.length === answered.partitions.length) return answered;
  const taken = new Set(answered.partitions.map(({ partitionIndex }) => partitionIndex));
  const refused = asked.filter(({ partitionIndex }) => !taken.has(partitionIndex));
  const code = errorCode("UNKNOWN_TOPIC_OR_PARTITION");
  return {
    ...answered,
    partitions: [...answered.partitions, ...refused.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code }))],
  };
}
