// The assignor `uniform` (UniformAssignor of org.apache.kafka.coordinator.group.assignor): everybody gets as many partitions as everybody
// else, or one more, and keeps of what it had all that this allows.
//
// Where Kafka gives the one more to whoever comes first, here it goes to those who have it already: a member that joins or leaves moves no
// partition that need not move. Members with different subscriptions are the matter of uniform-mixed.ts.

import type { AssignorInput, AssignorMember, AssignorResult } from "./assignor.ts";
import { countOf, NO_PARTITIONS, Share } from "./assignor.ts";
import { assignMixed } from "./uniform-mixed.ts";

export function assignUniform(input: AssignorInput): AssignorResult {
  const [first] = input.members;
  if (first === undefined) return new Map();
  const isSame = input.members.every(({ topicIds }) => topicIds === first.topicIds);
  return isSame ? assignSame(input, first.topicIds) : assignMixed(input);
}

function assignSame({ members, partitionCount }: AssignorInput, topicIds: readonly string[]): AssignorResult {
  const topics = new Set(topicIds);
  const total = topicIds.reduce((sum, topicId) => sum + partitionCount(topicId), 0);
  if (total === 0) return new Map(members.map(({ memberId, target }) => [memberId, target.size === 0 ? target : NO_PARTITIONS]));

  const free = new FreePartitions(topicIds, partitionCount);
  const shares = byCount(members).map((member) => new Share(member, topics));
  for (const share of shares) free.keep(share);
  // Who has most keeps most: the first `extra` may have one more than the others.
  shares.sort((one, other) => other.count - one.count);
  const least = Math.floor(total / members.length);
  const extra = total % members.length;
  const quotas = shares.map((_, index) => (index < extra ? least + 1 : least));
  for (const [index, share] of shares.entries()) free.takeFrom(share, quotas[index]!);
  for (const [index, share] of shares.entries()) free.giveTo(share, quotas[index]!);
  return new Map(shares.map((share) => [share.memberId, share.result()]));
}

/** Of two that claim the same partition the one with more of them is asked first. */
function byCount(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((one, other) => countOf(other.target) - countOf(one.target));
}

/** The partitions that nobody has, in order. */
class FreePartitions {
  readonly #byTopic: Map<string, Set<number>>;

  constructor(topicIds: readonly string[], partitionCount: (topicId: string) => number) {
    this.#byTopic = new Map(
      topicIds.map((topicId) => [topicId, new Set(Array.from({ length: partitionCount(topicId) }, (_, index) => index))]),
    );
  }

  /** Leaves a share what exists, is subscribed to, and nobody else has. */
  keep(share: Share): void {
    for (const [topicId, partitions] of share.partitions) {
      const free = this.#byTopic.get(topicId);
      for (const partition of partitions) {
        if (!free?.delete(partition)) share.remove(topicId, partition);
      }
    }
  }

  takeFrom(share: Share, quota: number): void {
    if (share.count <= quota) return;
    for (const [topicId, partitions] of [...share.partitions].reverse()) {
      for (const partition of [...partitions].reverse()) {
        if (share.count <= quota) return;
        share.remove(topicId, partition);
        this.#byTopic.get(topicId)!.add(partition);
      }
    }
  }

  giveTo(share: Share, quota: number): void {
    for (const [topicId, free] of this.#byTopic) {
      for (const partition of free) {
        if (share.count >= quota) return;
        free.delete(partition);
        share.add(topicId, partition);
      }
      this.#byTopic.delete(topicId);
    }
  }
}
