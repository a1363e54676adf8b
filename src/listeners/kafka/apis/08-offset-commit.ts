// OffsetCommit (key 8), versions 2-10. Partitions succeed and fail one by one. A generation of -1 is a consumer that assigns partitions
// itself, and commits while the group has no members. 9: the generation may be a member epoch, and STALE_MEMBER_EPOCH the answer (KIP-848).
// 10: topics by id; one that there is not, or not any more, is UNKNOWN_TOPIC_ID in each of its partitions.

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";
import { withNames } from "../topic-names.ts";

const TOPIC_IDS_SINCE = 10;

export const offsetCommit = serve(API.offsetCommit, { min: 2, max: 10 }, async ({ request, version, broker }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  const topics = version >= TOPIC_IDS_SINCE ? await withNames(broker, request.topics) : request.topics;
  const member = memberOf({ memberId, groupInstanceId, generationId });
  const result = await broker.commitOffsets({ groupId, offsets: offsetsOf(topics), ...member });
  return { throttleTimeMs: 0, topics: committedTopics(topics, result) };
});
