// A share group begins to consume topics: it is made where it is not there, and every partition has its start offset before anybody asks it
// for records. What an isolate knows of the group answers where that is enough.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import { refuseOwnDeadLetters } from "../coordinator/share-group.ts";
import type { ShareGroupView, ShareTopic, TopicMetadata } from "./ports.ts";
import { type ShareContext, viewOf } from "./share-context.ts";

export interface ShareSubscription {
  readonly groupId: string;
  readonly topics: readonly TopicMetadata[];
  /** Of a group that is made by this. */
  readonly settings?: Partial<ShareSettings>;
  /** The group is not made: where it is not there, that is GROUP_ID_NOT_FOUND. */
  readonly mustExist?: boolean;
}

export async function subscribeShareGroup(
  context: ShareContext,
  { groupId, topics, settings = {}, mustExist = false }: ShareSubscription,
): Promise<ShareGroupView | Failure> {
  const { ports, shareGroups } = context;
  const wanted = topics.map(
    ({ topicId, name, version, partitionCount }): ShareTopic => ({ topicId, topic: name, topicVersion: version, partitionCount }),
  );
  const names = topics.map(({ name }) => name);
  const known = shareGroups.get(groupId);
  if (known !== null && consumes(known, wanted)) return refuseOwnDeadLetters(known, names) ?? known;

  const group = ports.shareGroup(groupId);
  const made = await (mustExist ? viewOf(context, groupId) : group.ensure(groupId, settings));
  if (isFailure(made)) return made;
  const refused = refuseOwnDeadLetters(made, names);
  if (refused !== null) return refused;
  for (const topic of wanted) {
    const failed = await group.subscribe(made.groupUuid, topic);
    if (failed !== null) return failed;
  }
  const view = await group.view();
  if (view === null) return failure("GROUP_ID_NOT_FOUND", `share group '${groupId}' was deleted`);
  if (!isFailure(view)) shareGroups.put(view);
  return view;
}

function consumes({ topics }: ShareGroupView, wanted: readonly ShareTopic[]): boolean {
  return wanted.every(({ topicId, partitionCount }) =>
    topics.some((one) => one.topicId === topicId && one.partitionCount >= partitionCount),
  );
}
