// Which committed offsets may be deleted by hand (deleteOffsets of org.apache.kafka.coordinator.group.OffsetMetadataManager): not those of
// topics that a member of the group subscribes to. Of a group whose members are not consumers nobody knows what they need: it must be empty.

import { type Failure, failure } from "../common/errors.ts";
import { CONSUMER_PROTOCOL_TYPE } from "./consumer-subscription.ts";
import type { GroupMembers } from "./group-members.ts";

export interface OffsetDeletion {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
}

/** For each why it may not go, or null. */
export function deletableOffsets(
  members: Pick<GroupMembers, "isEmpty" | "protocolType" | "memberCount" | "isSubscribedTo">,
  offsets: readonly OffsetDeletion[],
): readonly (Failure | null)[] | Failure {
  if (members.isEmpty) return offsets.map(() => null);
  if (members.protocolType !== CONSUMER_PROTOCOL_TYPE) {
    return failure("NON_EMPTY_GROUP", `The group has ${members.memberCount} members, which are not consumers.`);
  }
  const refusals = new Map<string, Failure | null>();
  for (const { topic } of offsets) {
    if (!refusals.has(topic)) refusals.set(topic, members.isSubscribedTo(topic) ? subscribed(topic) : null);
  }
  return offsets.map(({ topic }) => refusals.get(topic)!);
}

function subscribed(topic: string): Failure {
  return failure("GROUP_SUBSCRIBED_TO_TOPIC", `A member of the group subscribes to topic '${topic}'.`);
}
