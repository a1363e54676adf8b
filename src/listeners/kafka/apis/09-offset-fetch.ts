// OffsetFetch (key 9), versions 1-9: committed offsets, of the partitions asked for or (2+, null) of all; of several groups at once (8+); for
// a member in its epoch (9+, KIP-848). A partition without one is answered with -1. 7+: a consumer that requires stable offsets is told
// UNSTABLE_OFFSET_COMMIT where an open transaction may commit another (KIP-447), and asks again.

import type { Broker } from "../../../broker/broker.ts";
import type { GroupMember } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

interface AskedTopic {
  readonly name: string;
  readonly partitionIndexes: readonly number[];
}

export const offsetFetch = serve(API.offsetFetch, { min: 1, max: 9 }, async ({ request, version, broker, session }) => {
  const find = async (asked: AskedGroup) => {
    const found = await committedOffsets(broker, asked);
    const names = found.topics.map(({ name }) => name);
    await session.commitTopics.told(broker, asked.groupId, names);
    return found;
  };
  if (version >= 8) {
    const groups = await mapConcurrently(request.groups, MAX_CONCURRENT_CALLS, async ({ groupId, topics, memberId, memberEpoch }) => {
      const member = memberId === null || memberEpoch < 0 ? undefined : { memberId, memberEpoch };
      return { groupId, ...(await find({ groupId, member, topics, isStableRequired: request.requireStable })) };
    });
    return { throttleTimeMs: 0, topics: [], errorCode: 0, groups };
  }
  const { groupId, topics, requireStable: isStableRequired } = request;
  return { throttleTimeMs: 0, ...(await find({ groupId, topics, isStableRequired })), groups: [] };
});

interface AskedGroup {
  readonly groupId: string;
  readonly member?: GroupMember | undefined;
  /** null: all. */
  readonly topics: readonly AskedTopic[] | null;
  readonly isStableRequired: boolean;
}

async function committedOffsets(broker: Broker, { groupId, member, topics: asked, isStableRequired }: AskedGroup) {
  const found = await broker.committedOffsets(groupId, member);
  if (isFailure(found)) return { errorCode: errorCode(found.error), topics: [] };
  const unstable = isStableRequired ? byPartition(found.unstable) : NO_PARTITIONS;
  const committed = byPartition(found.offsets);
  const wanted = asked ?? allTopics([...found.offsets, ...(isStableRequired ? found.unstable : [])]);
  const topics = wanted.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      const none = { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "" };
      if (unstable.get(name)?.has(partitionIndex)) return { ...none, errorCode: errorCode("UNSTABLE_OFFSET_COMMIT") };
      const known = committed.get(name)?.get(partitionIndex);
      if (known === undefined) return { ...none, errorCode: 0 };
      const { offset, leaderEpoch, metadata } = known;
      return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: 0 };
    }),
  }));
  return { errorCode: 0, topics };
}

const NO_PARTITIONS: ReadonlyMap<string, ReadonlyMap<number, unknown>> = new Map();

interface OfPartition {
  readonly topic: string;
  readonly partition: number;
}

function byPartition<T extends OfPartition>(items: readonly T[]): ReadonlyMap<string, ReadonlyMap<number, T>> {
  const byTopic = new Map<string, Map<number, T>>();
  for (const item of items) {
    const partitions = byTopic.get(item.topic) ?? new Map();
    byTopic.set(item.topic, partitions.set(item.partition, item));
  }
  return byTopic;
}

function allTopics(items: readonly OfPartition[]): AskedTopic[] {
  return [...byPartition(items)].map(([name, partitions]) => ({ name, partitionIndexes: [...partitions.keys()] }));
}
