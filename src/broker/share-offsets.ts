// Moves and deletes the start offsets of a share group as Kafka's AlterShareGroupOffsets and DeleteShareGroupOffsets do: of a group without
// members. The first makes it where it is not there, and moves it in partitions that it has not begun with too.

import { mapConcurrently } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { resetTarget } from "./groups.ts";
import type { ShareGroupView, TopicMetadata } from "./ports.ts";
import { addressOf, type ShareContext, shareTopicOf } from "./share-context.ts";
import { subscribeShareGroup } from "./share-subscribe.ts";
import { checkPartition, findTopic } from "./topics.ts";

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
    return checkPartition(found, partition) ?? moveTo(context, view, found, partition, offset);
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

export interface DeleteShareOffsetsRequest {
  readonly groupId: string;
  /** Their names. */
  readonly topics: readonly string[];
}

/** One entry for each topic, in order: which it was, or why there was nothing to delete. NON_EMPTY_GROUP: nothing was deleted. */
export async function deleteShareOffsets(
  { ports, topics, shareGroups }: ShareContext,
  { groupId, topics: names }: DeleteShareOffsetsRequest,
): Promise<readonly ({ readonly topicId: string } | Failure)[] | Failure> {
  const found = await mapConcurrently(names, MAX_CONCURRENT_CALLS, (name) => findTopic(topics, name));
  const topicIds = found.flatMap((topic) => (isFailure(topic) ? [] : [topic.topicId]));
  const deleted = await ports.shareGroup(groupId).deleteOffsets(groupId, topicIds);
  shareGroups.forget(groupId);
  if (isFailure(deleted)) return deleted;
  const outcomes = deleted.values();
  return found.map((topic) => (isFailure(topic) ? topic : (outcomes.next().value ?? { topicId: topic.topicId })));
}
