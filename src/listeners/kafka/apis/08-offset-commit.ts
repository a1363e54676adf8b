// OffsetCommit (key 8), versions 2-10. Partitions succeed and fail one by one. A generation of -1 is a consumer that assigns partitions
// itself, and commits while the group has no members. 9: the generation may be a member epoch, and STALE_MEMBER_EPOCH the answer (KIP-848).
// A topic that was made again under its name: ../remade-topics.ts.
// 10: topics by id; one that there is not, or not any more, is UNKNOWN_TOPIC_ID in each of its partitions.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { type CommittedTopic, committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";
import { withNames } from "../topic-names.ts";

const TOPIC_IDS_SINCE = 10;

export const offsetCommit = serve(API.offsetCommit, { min: 2, max: 10 }, async ({ request, version, broker, session }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  const isById = version >= TOPIC_IDS_SINCE;
  const topics: readonly CommittedTopic[] = isById ? await withNames(broker, request.topics) : request.topics;
  const names = isById ? [] : topics.map(({ name }) => name);
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
