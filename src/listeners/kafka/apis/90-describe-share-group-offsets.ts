// DescribeShareGroupOffsets (key 90), versions 0-1 (KIP-932): the first offset of each partition that a share group has not decided. A
// partition that it has not begun with has none, -1. 1: how many records it is behind (KIP-1226).

import type { Broker } from "../../../broker/broker.ts";
import type { DescribedSharePartition } from "../../../broker/share-groups.ts";
import { errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { serve } from "../call.ts";

type AskedGroup = DecodedOf<typeof API.describeShareGroupOffsets.request>["groups"][number];

const NONE = -1;

export const describeShareGroupOffsets = serve(API.describeShareGroupOffsets, { min: 0, max: 1 }, async ({ request, broker }) => {
  const groups = [];
  for (const asked of request.groups) groups.push(await describeGroup(broker, asked));
  return { throttleTimeMs: 0, groups };
});

async function describeGroup(broker: Broker, { groupId, topics }: AskedGroup) {
  const group = await broker.shareGroups.describe(groupId);
  if (isFailure(group)) return { groupId, topics: [], errorCode: errorCode(group.error), errorMessage: group.detail };
  const byTopic = Map.groupBy(group.partitions, ({ topic }) => topic);
  const described =
    topics === null
      ? [...byTopic].map(([topicName, partitions]) => ({
          ...{ topicName, topicId: partitions[0]!.topicId },
          partitions: partitions.map(describePartition),
        }))
      : await Promise.all(
          topics.map(({ topicName, partitions }) => describeAsked(broker, topicName, partitions, byTopic.get(topicName) ?? [])),
        );
  return { groupId, topics: described, errorCode: 0, errorMessage: null };
}

async function describeAsked(broker: Broker, topicName: string, asked: readonly number[], begun: readonly DescribedSharePartition[]) {
  const topic = await broker.topic(topicName);
  const partitions = asked.map((partitionIndex) => {
    const known = begun.find(({ partition }) => partition === partitionIndex);
    if (known !== undefined) return describePartition(known);
    return noPartition(partitionIndex, isFailure(topic) ? topic : null);
  });
  return { topicName, topicId: isFailure(topic) ? ZERO_UUID : topic.topicId, partitions };
}

/** There are no leader epochs that a client could use: see Metadata. */
function describePartition({ partition, startOffset, lag }: DescribedSharePartition) {
  return { partitionIndex: partition, startOffset, leaderEpoch: 0, lag: lag ?? NONE, errorCode: 0, errorMessage: null };
}

function noPartition(partitionIndex: number, failed: Failure | null) {
  const told = { errorCode: failed === null ? 0 : errorCode(failed.error), errorMessage: failed?.detail ?? null };
  return { partitionIndex, startOffset: NONE, leaderEpoch: 0, lag: NONE, ...told };
}
