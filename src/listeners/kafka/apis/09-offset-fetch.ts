// OffsetFetch (key 9), versions 1-8: committed offsets, of the partitions asked for or (2+, null) of all; of several groups at once (8+).
// A partition without one is answered with -1.

import type { Broker } from "../../../broker/broker.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

interface AskedTopic {
  readonly name: string;
  readonly partitionIndexes: readonly number[];
}

export const offsetFetch = serve(API.offsetFetch, { min: 1, max: 8 }, async ({ request, version, broker }) => {
  if (version >= 8) {
    const groups = await mapConcurrently(request.groups, MAX_CONCURRENT_CALLS, async ({ groupId, topics }) => {
      return { groupId, ...(await committedOffsets(broker, groupId, topics)) };
    });
    return { throttleTimeMs: 0, topics: [], errorCode: 0, groups };
  }
  return { throttleTimeMs: 0, ...(await committedOffsets(broker, request.groupId, request.topics)), groups: [] };
});

async function committedOffsets(broker: Broker, groupId: string, asked: readonly AskedTopic[] | null) {
  const committed = await broker.committedOffsets(groupId);
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
