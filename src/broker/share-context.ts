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
