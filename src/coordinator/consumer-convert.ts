// How a group changes its kind without losing its place (group.consumer.migration.policy=bidirectional): a classic group of consumers
// becomes a consumer group when a member with the consumer protocol joins it, and a classic one again when the last such member is gone. It
// follows convertToConsumerGroup and convertToClassicGroup of org.apache.kafka.coordinator.group.GroupMetadataManager.
//
// Epochs and generations go on as one sequence, so that nobody's old number is ever good again.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { StoredClassicGroup, StoredMember } from "../storage/group-store.ts";
import type { Partitions } from "./assignors/assignor.ts";
import { newMember } from "./consumer-heartbeat.ts";
import {
  addMember,
  type ConsumerMember,
  type ConsumerState,
  type ConsumerStep,
  type OwnedPartitions,
  ownerOf,
  resetSession,
  toTopicPartitions,
} from "./consumer-state.ts";
import { CONSUMER_PROTOCOL_TYPE, readAssignment, readSubscription, withTopicIds, writeAssignment } from "./consumer-subscription.ts";
import { type Subscription, toSubscription } from "./group-interest.ts";
import type { Interest } from "./topic-image.ts";

/** Why a classic group cannot become a consumer group, or null. */
export function checkUpgrade({ protocolType, members }: StoredClassicGroup, maxSize: number): Failure | null {
  if (members.length === 0) return null;
  const isConsumers = protocolType === CONSUMER_PROTOCOL_TYPE && members.every((member) => !isFailure(readSubscription(member.protocols)));
  if (!isConsumers) {
    return failure("GROUP_ID_NOT_FOUND", `The group is not one of consumers: its protocol type is '${protocolType ?? ""}'.`);
  }
  if (members.length < maxSize) return null;
  return failure("GROUP_MAX_SIZE_REACHED", `The group has ${members.length} members, and may not have more.`);
}

/** The topics that the members of a classic group know by name. */
export function interestOf({ members }: StoredClassicGroup, more: Subscription): Interest {
  const named = members.flatMap((member) => [
    ...subscriptionOf(member).names,
    ...readAssignment(member.assignment).map(({ topic }) => topic),
  ]);
  return { names: new Set([...more.names, ...named]), patterns: new Set(more.pattern === null ? [] : [more.pattern]) };
}

/** Takes the members of a classic group over, each with what it has, which is what it is to have. The topics must be those of `interestOf`. */
export function takeOver(step: ConsumerStep, { members, generationId }: StoredClassicGroup): void {
  for (const stored of members) {
    const assigned = ownedOf(step.group, stored, generationId);
    const member: ConsumerMember = {
      ...newMember(step, stored.memberId, stored.groupInstanceId),
      clientId: stored.clientId,
      clientHost: stored.clientHost,
      sessionTimeoutMs: stored.sessionTimeoutMs,
      rebalanceTimeoutMs: stored.rebalanceTimeoutMs,
      subscription: subscriptionOf(stored),
      classic: { protocols: stored.protocols },
      epoch: generationId,
      previousEpoch: generationId,
      assigned,
      target: toTarget(assigned),
    };
    addMember(step, member);
    resetSession(step, member);
  }
}

/** What a member of the classic protocol subscribes to: nothing, where it is no consumer. */
export function subscriptionOf({ protocols }: Pick<StoredMember, "protocols">): Subscription {
  const said = readSubscription(protocols);
  return toSubscription(isFailure(said) ? [] : said.topics, null);
}

/** What two members claim, the first has. */
function ownedOf(group: ConsumerState, { assignment }: StoredMember, epoch: number): OwnedPartitions {
  const partitions = withTopicIds(readAssignment(assignment), group.topics).map(({ topicId, partitions: numbers }) => {
    const free = numbers.filter((partition) => ownerOf(group, topicId, partition) === null);
    return [topicId, new Map(free.map((partition) => [partition, epoch]))] as const;
  });
  return new Map(partitions.filter(([, epochs]) => epochs.size > 0));
}

function toTarget(owned: OwnedPartitions): Partitions {
  return new Map([...owned].map(([topicId, epochs]) => [topicId, new Set(epochs.keys())]));
}

/** Whether nobody is left who needs the consumer protocol. */
export function isDowngradable({ members, classicCount }: ConsumerState, maxSize: number): boolean {
  return members.size > 0 && members.size === classicCount && members.size <= maxSize;
}

/** The classic members as a Stable group, whose next generation is after every epoch that anybody had. */
export function toClassicGroup({ members, assignmentEpoch, topics }: ConsumerState, nowMs: number): StoredClassicGroup {
  const stored = [...members.values()].map((member): StoredMember => {
    const { protocols } = member.classic!;
    return {
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      sessionTimeoutMs: member.sessionTimeoutMs,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      protocols,
      assignment: writeAssignment(protocols, toTopicPartitions(member.assigned), topics),
    };
  });
  return {
    generationId: assignmentEpoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: commonProtocol(stored),
    leaderId: stored[0]?.memberId ?? null,
    sinceMs: nowMs,
    members: stored,
  };
}

/** Joins see to it that there is one. */
function commonProtocol([first, ...others]: readonly StoredMember[]): string | null {
  const common = first?.protocols.find(({ name }) => others.every(({ protocols }) => protocols.some((other) => other.name === name)));
  return common?.name ?? null;
}
