// OffsetFetch (key 9), versions 1-9: committed offsets, of the partitions asked for or (2+, null) of all; of several groups at once (8+); for
// a member in its epoch (9+, KIP-848). A partition without one is answered with -1.

import type { Broker } from "../../../broker/broker.ts";
import type { GroupMember } from "../../../broker/ports.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

interface AskedTopic {
  readonly name: string;
  readonly partitionIndexes: readonly number[];
}

export const offsetFetch = serve(API.offsetFetch, { min: 1, max: 9 }, async ({ request, version, broker }) => {
  if (version >= 8) {
    const groups = await Promise.all(
      request.groups.map(async ({ groupId, topics, memberId, memberEpoch }) => {
        const member = memberId === null || memberEpoch < 0 ? undefined : { memberId, memberEpoch };
        return { groupId, ...(await committedOffsets(broker, groupId, topics, member)) };
      }),
    );
    return { throttleTimeMs: 0, topics: [], errorCode: 0, groups };
  }
  return { throttleTimeMs: 0, ...(await committedOffsets(broker, request.groupId, request.topics)), groups: [] };
});

async function committedOffsets(broker: Broker, groupId: string, asked: readonly AskedTopic[] | null, member?: GroupMember) {
  const committed = await broker.committedOffsets(groupId, member);
  if (isFailure(committed)) return { errorCode: errorCode(committed.error), topics: [] };
  const byTopic = new Map<string, Map<number, (typeof committed)[number]>>();
  for (const offset of committed) {
    const partitions = byTopic.get(offset.topic) ?? new Map();
    byTopic.set(offset.topic, partitions.set(offset.partition, offset));
  }
  const wanted = asked ?? [...byTopic].map(([name, partitions]) => ({ name, partitionIndexes: [...partitions.keys()] }));
  const topics = wanted.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      const { offset = -1, leaderEpoch = -1, metadata = "" } = byTopic.get(name)?.get(partitionIndex) ?? {};
      return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: 0 };
    }),
  }));
  return { errorCode: 0, topics };
}
