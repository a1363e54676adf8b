// OffsetCommit (key 8), versions 2-9. Partitions succeed and fail one by one. A generation of -1 is a consumer that assigns partitions
// itself, and commits while the group has no members. 9: the generation may be a member epoch, and STALE_MEMBER_EPOCH the answer (KIP-848).

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { committedTopics, memberOf, offsetsOf } from "../offset-commits.ts";

export const offsetCommit = serve(API.offsetCommit, { min: 2, max: 9 }, async ({ request, broker }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, topics } = request;
  const member = memberOf({ memberId, groupInstanceId, generationId });
  const result = await broker.commitOffsets({ groupId, offsets: offsetsOf(topics), ...member });
  return { throttleTimeMs: 0, topics: committedTopics(topics, result) };
});
