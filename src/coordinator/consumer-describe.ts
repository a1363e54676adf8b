// A consumer group seen from outside: ConsumerGroupDescribe. Partitions of topics that are gone are left out, as Kafka does.

import type { ConsumerGroupDescription, ConsumerGroupState, DescribedConsumer, NamedPartitions } from "./consumer-messages.ts";
import { type ConsumerMember, type ConsumerState, isReconciled, toTopicPartitions } from "./consumer-state.ts";
import { assignorOf } from "./consumer-target.ts";
import type { TopicImage } from "./topic-image.ts";

export function stateOf(group: ConsumerState): ConsumerGroupState {
  if (group.members.size === 0) return "Empty";
  if (group.groupEpoch > group.assignmentEpoch) return "Assigning";
  for (const member of group.members.values()) if (!isReconciled(group, member)) return "Reconciling";
  return "Stable";
}

export function describeConsumerGroup(groupId: string, group: ConsumerState): ConsumerGroupDescription {
  return {
    groupId,
    state: stateOf(group),
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: assignorOf(group),
    members: [...group.members.values()].map((member) => describeMember(member, group.topics)),
  };
}

function describeMember(member: ConsumerMember, topics: TopicImage): DescribedConsumer {
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberEpoch: member.epoch,
    subscribedTopicNames: member.subscription.names,
    subscribedTopicRegex: member.subscription.pattern,
    assignment: namedPartitions(member.assigned, topics),
    targetAssignment: namedPartitions(member.target, topics),
    isClassic: member.classic !== null,
  };
}

/** Those of topics that are there, with their names. */
export function namedPartitions(partitions: Parameters<typeof toTopicPartitions>[0], topics: TopicImage): NamedPartitions[] {
  return toTopicPartitions(partitions).flatMap((one) => {
    const topic = topics.withId(one.topicId);
    return topic === undefined ? [] : { ...one, topic: topic.name };
  });
}
