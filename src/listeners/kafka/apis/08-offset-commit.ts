// OffsetCommit (key 8), versions 2-9. Partitions succeed and fail one by one. A generation of -1 is a consumer that assigns partitions
// itself, and commits while the group has no members. 9: the generation may be a member epoch, and STALE_MEMBER_EPOCH the answer (KIP-848).

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

const NO_GENERATION = -1;

export const offsetCommit = serve(API.offsetCommit, { min: 2, max: 9 }, async ({ request, broker }) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: memberEpoch } = request;
  const offsets = request.topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({
      topic: name,
      partition: partition.partitionIndex,
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? "",
    })),
  );
  const isMember = memberEpoch !== NO_GENERATION || memberId !== "";
  const result = await broker.commitOffsets({ groupId, offsets, ...(isMember && { member: { memberId, memberEpoch, groupInstanceId } }) });
  const refused = isFailure(result) ? offsets.map(() => result) : result.offsets.map((offset) => offset.failure);
  const failures = refused.values();
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      const failure = failures.next().value;
      return { partitionIndex, errorCode: failure === undefined ? 0 : errorCode(failure.error) };
    }),
  }));
  return { throttleTimeMs: 0, topics };
});
