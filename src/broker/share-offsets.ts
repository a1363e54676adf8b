// Moves the start offsets of a share group as Kafka's AlterShareGroupOffsets does: of a group without members, which is made where it is not
// there, and of partitions that it has not begun with too.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits.ts";
import { resetTarget } from "./groups.ts";
import type { ShareGroupView, TopicMetadata } from "./ports.ts";
import { addressOf, type ShareContext, shareTopicOf } from "./share-context.ts";
import { subscribeShareGroup } from "./share-subscribe.ts";
import { findTopic, unknownPartition } from "./topics.ts";

export interface AlterShareOffsetsRequest {
  readonly groupId: string;
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
}

/** One entry for each offset, in order: null, or why it was not moved. NON_EMPTY_GROUP: nothing was. */
export async function alterShareOffsets(
  context: ShareContext,
  { groupId, offsets }: AlterShareOffsetsRequest,
): Promise<readonly (null | Failure)[] | Failure> {
  const group = await context.ports.shareGroup(groupId).members();
  if (group !== null && isFailure(group)) return group;
  if (group !== null && group.members.length > 0) {
    return failure("NON_EMPTY_GROUP", `share group '${groupId}' has ${group.members.length} members`);
  }
  const topics = new Map<string, TopicMetadata | Failure>();
  for (const { topic } of offsets) topics.set(topic, topics.get(topic) ?? (await findTopic(context.topics, topic)));
  const known = [...topics.values()].filter((topic): topic is TopicMetadata => !isFailure(topic));
  const view = await subscribeShareGroup(context, { groupId, topics: known });
  if (isFailure(view)) return view;
  return mapConcurrently(offsets, MAX_CONCURRENT_CALLS, async ({ topic, partition, offset }) => {
    const found = topics.get(topic)!;
    if (isFailure(found)) return found;
    return partition < found.partitionCount ? moveTo(context, view, found, partition, offset) : unknownPartition(found, partition);
  });
}

/** To the nearest offset that the log has. */
async function moveTo(
  { ports, topics }: ShareContext,
  view: ShareGroupView,
  { name, topicId }: TopicMetadata,
  partition: number,
  offset: number,
): Promise<null | Failure> {
  const target = await resetTarget(ports, topics, name, partition, null, { offset });
  if (isFailure(target)) return target;
  return ports
    .sharePartition(view.groupUuid, topicId, partition)
    .reset(addressOf(view, shareTopicOf(view, topicId), partition), target.offset);
}
