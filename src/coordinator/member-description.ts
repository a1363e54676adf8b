// A group's members as they are told to people, whichever protocol they speak.

import type { StoredClassicGroup } from "../storage/group-store.ts";
import type { ConsumerGroupDescription } from "./consumer-messages.ts";
import { CONSUMER_PROTOCOL_TYPE, type NamedTopicPartitions, readAssignment } from "./consumer-subscription.ts";

export interface GroupMemberDescription {
  readonly memberId: string;
  /** A classic member's generation. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly protocol: "classic" | "consumer";
  readonly assignment: readonly NamedTopicPartitions[];
}

export function describeMembers(group: ConsumerGroupDescription | StoredClassicGroup): GroupMemberDescription[] {
  return "generationId" in group ? classicMembers(group) : consumerMembers(group);
}

function consumerMembers({ members }: ConsumerGroupDescription): GroupMemberDescription[] {
  return members.map(({ memberId, memberEpoch, groupInstanceId, clientId, isClassic, assignment }) => ({
    memberId,
    memberEpoch,
    instanceId: groupInstanceId,
    clientId,
    protocol: isClassic ? "classic" : "consumer",
    assignment: assignment.map(({ topic, partitions }) => ({ topic, partitions })),
  }));
}

/** What members of another protocol type than consumers have is their own matter. */
function classicMembers({ generationId, protocolType, members }: StoredClassicGroup): GroupMemberDescription[] {
  return members.map(({ memberId, groupInstanceId, clientId, assignment }) => ({
    memberId,
    memberEpoch: generationId,
    instanceId: groupInstanceId,
    clientId,
    protocol: "classic",
    assignment: protocolType === CONSUMER_PROTOCOL_TYPE ? readAssignment(assignment) : [],
  }));
}
