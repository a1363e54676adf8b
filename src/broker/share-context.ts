// What the use cases of share groups work with, and how they name a share partition.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ShareGroupView, SharePartitionAddress, ShareTopic } from "./ports.ts";
import type { ShareGroupCache } from "./share-group-cache.ts";
import type { ShareReadContext } from "./share-read.ts";

export interface ShareContext extends ShareReadContext {
  readonly shareGroups: ShareGroupCache;
  /** ms */
  readonly now: () => number;
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
}

/** The group as it is now; GROUP_ID_NOT_FOUND where there is none. */
export async function viewOf({ ports, shareGroups }: ShareContext, groupId: string): Promise<ShareGroupView | Failure> {
  const view = await ports.shareGroup(groupId).view();
  if (view === null) return failure("GROUP_ID_NOT_FOUND", `there is no share group '${groupId}'`);
  if (!isFailure(view)) shareGroups.put(view);
  return view;
}

export function addressOf(view: ShareGroupView, { topicId, topic, topicVersion }: ShareTopic, partition: number): SharePartitionAddress {
  const { groupId, groupUuid, settings, settingsVersion } = view;
  return { groupId, groupUuid, topicId, topic, topicVersion, partition, settings, settingsVersion };
}

/**
 * The topic as the group consumes it. What the edge knows of the group may be older than what it is asked about: a share partition knows
 * its own topic.
 */
export function shareTopicOf({ topics }: ShareGroupView, topicId: string): ShareTopic {
  return topics.find((topic) => topic.topicId === topicId) ?? { topicId, topic: "", topicVersion: 0, partitionCount: 0 };
}

/** Share partitions of the group, from a random one on, so that those at the front are not served before others. */
export function placesFrom(
  { random }: ShareContext,
  view: ShareGroupView,
  isWanted: (topic: ShareTopic, partition: number) => boolean,
): SharePartitionAddress[] {
  const places = view.topics.flatMap((topic) =>
    Array.from({ length: topic.partitionCount }, (_, partition) => partition)
      .filter((partition) => isWanted(topic, partition))
      .map((partition) => addressOf(view, topic, partition)),
  );
  const first = Math.floor(random() * places.length);
  return [...places.slice(first), ...places.slice(0, first)];
}
