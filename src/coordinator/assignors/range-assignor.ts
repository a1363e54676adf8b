// The assignor `range` (RangeAssignor of org.apache.kafka.coordinator.group.assignor): each topic is cut into ranges, one for each of its
// subscribers in their order, so that topics with as many partitions are cut alike, and a join of two of them stays in one consumer. Static
// members come first, by their names: they keep their places when they come back.

import { type AssignorInput, type AssignorMember, type AssignorResult, type Partitions, samePartitions } from "./assignor.ts";

interface Topic {
  readonly partitionCount: number;
  subscriberCount: number;
  /** Of the next range. */
  nextPartition: number;
  /** Subscribers that have their range. */
  served: number;
}

export function assignRange({ members, partitionCount }: AssignorInput): AssignorResult {
  const ordered = [...members].sort(compareMembers);
  const topics = new Map<string, Topic>();
  for (const { topicIds } of ordered) {
    for (const topicId of topicIds) {
      let topic = topics.get(topicId);
      if (topic === undefined) {
        topic = { partitionCount: partitionCount(topicId), subscriberCount: 0, nextPartition: 0, served: 0 };
        topics.set(topicId, topic);
      }
      topic.subscriberCount += 1;
    }
  }
  return new Map(ordered.map((member) => [member.memberId, assignRanges(member, topics)]));
}

function assignRanges({ topicIds, target }: AssignorMember, topics: ReadonlyMap<string, Topic>): Partitions {
  const assigned = new Map<string, ReadonlySet<number>>();
  for (const topicId of topicIds) {
    const range = nextRange(topics.get(topicId)!);
    if (range.size > 0) assigned.set(topicId, range);
  }
  return samePartitions(assigned, target) ? target : assigned;
}

/** The first subscribers get one more where the partitions do not come out even. */
function nextRange(topic: Topic): ReadonlySet<number> {
  const least = Math.floor(topic.partitionCount / topic.subscriberCount);
  const length = topic.served < topic.partitionCount % topic.subscriberCount ? least + 1 : least;
  const first = topic.nextPartition;
  topic.served += 1;
  topic.nextPartition += length;
  return new Set(Array.from({ length }, (_, index) => first + index));
}

function compareMembers(one: AssignorMember, other: AssignorMember): number {
  if (one.instanceId !== null && other.instanceId !== null) return compare(one.instanceId, other.instanceId);
  if (one.instanceId !== null) return -1;
  return other.instanceId !== null ? 1 : compare(one.memberId, other.memberId);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
