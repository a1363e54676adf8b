// OffsetFetch (key 9), versions 1-10: committed offsets, of the partitions asked for or (2+, null) of all; of several groups at once (8+);
// for a member in its epoch (9+, KIP-848). A partition without one is answered with -1. 7+: a consumer that requires stable offsets is told
// UNSTABLE_OFFSET_COMMIT where an open transaction may commit another (KIP-447), and asks again. 10: topics by id; one that there is not, or
// not any more, is UNKNOWN_TOPIC_ID in each of its partitions.

import type { Broker } from "../../../broker/broker.ts";
import type { GroupMember } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { type ErrorName, errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { withNames } from "../topic-names.ts";

const TOPIC_IDS_SINCE = 10;

interface AskedTopic {
  readonly name: string;
  readonly topicId?: string;
  readonly partitionIndexes: readonly number[];
  /** There is no such topic. */
  readonly refused?: Failure;
}

export const offsetFetch = serve(API.offsetFetch, { min: 1, max: 10 }, async ({ request, version, broker, session }) => {
  const { requireStable: isStableRequired } = request;
  const find = async (asked: AskedGroup) => {
    const found = await committedOffsets(broker, asked);
    const names = found.topics.map(({ name }) => name);
    await session.commitTopics.told(broker, asked.groupId, names);
    return found;
  };
  if (version < 8) {
    const { groupId, topics } = request;
    return { throttleTimeMs: 0, ...(await find({ groupId, topics, isStableRequired })), groups: [] };
  }
  const groups = await mapConcurrently(request.groups, MAX_CONCURRENT_CALLS, async ({ groupId, topics, memberId, memberEpoch }) => {
    const member = memberId === null || memberEpoch < 0 ? undefined : { memberId, memberEpoch };
    const named = topics !== null && version >= TOPIC_IDS_SINCE ? await withNames(broker, topics) : topics;
    return { groupId, ...(await find({ groupId, member, topics: named, isStableRequired })) };
  });
  return { throttleTimeMs: 0, topics: [], errorCode: 0, groups };
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
  const topics = wanted.map(({ name, topicId, partitionIndexes, refused }) => ({
    ...{ name, topicId },
    partitions: partitionIndexes.map((partitionIndex) => {
      if (refused !== undefined) return noOffset(partitionIndex, refused.error);
      if (unstable.get(name)?.has(partitionIndex)) return noOffset(partitionIndex, "UNSTABLE_OFFSET_COMMIT");
      const known = committed.get(name)?.get(partitionIndex);
      if (known === undefined) return noOffset(partitionIndex, "NONE");
      const { offset, leaderEpoch, metadata } = known;
      return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: 0 };
    }),
  }));
  return { errorCode: 0, topics };
}

function noOffset(partitionIndex: number, error: ErrorName) {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode: errorCode(error) };
}

const NO_PARTITIONS: ReadonlyMap<string, ReadonlyMap<number, unknown>> = new Map();

interface OfPartition {
  readonly topic: string;
  readonly topicId: string;
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

/** A group's offsets are of topics that there are: of one under a name. */
function allTopics(items: readonly OfPartition[]): AskedTopic[] {
  return Array.from(byPartition(items), ([name, partitions]) => {
    const { topicId } = partitions.values().next().value!;
    return { name, topicId, partitionIndexes: [...partitions.keys()] };
  });
}
