// A consumer group as it is stored and comes back. All that Kafka writes to __consumer_offsets of it is stored: epochs, members, target and
// current assignments. Sessions are not: as for classic members, they are written down only before the group sleeps.

import type { ConsumerStore, ConsumerWrite, StoredConsumer, StoredOwned } from "../storage/consumer-store.ts";
import type { SessionDeadlines } from "./classic-snapshot.ts";
import {
  addMember,
  type ConsumerChanges,
  type ConsumerGroupOptions,
  type ConsumerMember,
  type ConsumerState,
  emptyConsumerGroup,
  noChanges,
  type OwnedPartitions,
  resetSession,
  setRebalanceDeadline,
  toTopicPartitions,
} from "./consumer-state.ts";
import { TopicImage } from "./topic-image.ts";

type StoredGroup = NonNullable<ReturnType<ConsumerStore["load"]>>;

/** What of the group is to be written. */
export function toWrite(group: ConsumerState, { isGroupChanged, isImageChanged, changed, removed }: ConsumerChanges): ConsumerWrite {
  const { groupEpoch, assignmentEpoch, emptySinceMs, topics } = group;
  const { names, patterns } = topics.interest;
  return {
    ...(isGroupChanged && { group: { groupEpoch, assignmentEpoch, emptySinceMs } }),
    ...(isImageChanged && { topics: { names: [...names], patterns: [...patterns], topics: topics.topics } }),
    members: [...changed].map((memberId) => toStored(group.members.get(memberId)!)),
    removed: [...removed],
  };
}

function toStored(member: ConsumerMember): StoredConsumer {
  const { subscription, classic, sessionDeadlineMs: _, ...rest } = member;
  return {
    ...rest,
    names: subscription.names,
    pattern: subscription.pattern,
    protocols: classic?.protocols ?? null,
    // That of a classic member comes and goes with its calls, which write nothing: after a restart its session decides, as in Kafka.
    rebalanceDeadlineMs: classic === null ? member.rebalanceDeadlineMs : null,
    assigned: toStoredOwned(member.assigned),
    revoking: toStoredOwned(member.revoking),
    target: toTopicPartitions(member.target).map(({ topicId, partitions }) => [topicId, partitions] as const),
  };
}

function toStoredOwned(owned: OwnedPartitions): StoredOwned {
  return [...owned].map(([topicId, epochs]) => [topicId, [...epochs]] as const);
}

/**
 * A member that is not among the `sessions` had left; where there are none, the memory was lost: everybody has a whole session to be heard,
 * and a rebalance that was under way has as long at least.
 */
export function restoreConsumerGroup(
  { group, topics, members }: StoredGroup,
  options: ConsumerGroupOptions,
  nowMs: number,
  sessions?: SessionDeadlines,
): ConsumerState {
  const { names, patterns } = topics;
  const state: ConsumerState = {
    ...emptyConsumerGroup(group.groupEpoch, nowMs),
    assignmentEpoch: group.assignmentEpoch,
    topics: new TopicImage({ names: new Set(names), patterns: new Set(patterns) }, topics.topics),
  };
  const step = { group: state, options, nowMs, changes: noChanges() };
  for (const stored of members) {
    const member = fromStored(stored);
    addMember(step, member);
    resetSession(step, member);
    if (sessions !== undefined) member.sessionDeadlineMs = sessions.get(member.memberId) ?? nowMs;
    const rebalanceMs = stored.rebalanceDeadlineMs;
    const isExtended = rebalanceMs !== null && sessions === undefined;
    setRebalanceDeadline(step, member, isExtended ? Math.max(rebalanceMs, member.sessionDeadlineMs) : rebalanceMs);
    state.earliestDeadlineMs = Math.min(state.earliestDeadlineMs, member.sessionDeadlineMs);
  }
  state.emptySinceMs = group.emptySinceMs;
  return state;
}

function fromStored({ names, pattern, protocols, ...stored }: StoredConsumer): ConsumerMember {
  return {
    ...stored,
    subscription: { names, pattern },
    classic: protocols && { protocols },
    assigned: fromStoredOwned(stored.assigned),
    revoking: fromStoredOwned(stored.revoking),
    target: new Map(stored.target.map(([topicId, partitions]) => [topicId, new Set(partitions)])),
    sessionDeadlineMs: 0,
  };
}

function fromStoredOwned(owned: StoredOwned): OwnedPartitions {
  return new Map(owned.map(([topicId, epochs]) => [topicId, new Map(epochs)]));
}
