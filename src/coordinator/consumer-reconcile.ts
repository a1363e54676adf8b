// How a member is led from what it has to what it is to have, one heartbeat at a time (CurrentAssignmentBuilder of
// org.apache.kafka.coordinator.group.modern.consumer). First it gives back what it is not to have, in the epoch that it is in; then it goes
// to the target's epoch and gets what is free; for the rest it waits until its owners have given it back.

import type { TopicPartitions } from "./consumer-messages.ts";
import {
  type ConsumerMember,
  type ConsumerStep,
  isReconciled,
  NOTHING_OWNED,
  type OwnedPartitions,
  ownerOf,
  setPartitions,
  setRebalanceDeadline,
} from "./consumer-state.ts";

interface NextAssignment {
  readonly kept: Map<string, Map<number, number>>;
  readonly revoking: OwnedPartitions;
  /** Of the target, and free. */
  readonly added: readonly { readonly topicId: string; readonly partition: number }[];
  /** Of the target, and somebody else's still. */
  readonly isWaiting: boolean;
}

/** @param owned what the member says that it has; null: it does not say */
export function reconcile(step: ConsumerStep, member: ConsumerMember, owned: readonly TopicPartitions[] | null): void {
  if (isReconciled(step.group, member)) return;
  if (member.state === "UnrevokedPartitions" && ownsAny(owned, member.revoking)) return;
  const next = nextAssignment(step, member);
  if (next.revoking.size > 0 && ownsAny(owned, next.revoking)) beginRevocation(step, member, next);
  else reachTarget(step, member, next);
}

function ownsAny(owned: readonly TopicPartitions[] | null, partitions: OwnedPartitions): boolean {
  if (owned === null) return true;
  return owned.some(({ topicId, partitions: numbers }) => numbers.some((number) => partitions.get(topicId)?.has(number)));
}

function nextAssignment({ group }: ConsumerStep, member: ConsumerMember): NextAssignment {
  const kept = new Map<string, Map<number, number>>();
  const revoking = new Map<string, Map<number, number>>();
  for (const [topicId, epochs] of member.assigned) {
    const target = member.target.get(topicId);
    for (const [partition, epoch] of epochs) put(target?.has(partition) ? kept : revoking, topicId, partition, epoch);
  }
  const added: { topicId: string; partition: number }[] = [];
  let isWaiting = false;
  for (const [topicId, target] of member.target) {
    for (const partition of target) {
      if (kept.get(topicId)?.has(partition)) continue;
      // What the member itself is giving back it may have again.
      const owner = ownerOf(group, topicId, partition);
      if (owner === null || owner === member.memberId) added.push({ topicId, partition });
      else isWaiting = true;
    }
  }
  return { kept, revoking, added, isWaiting };
}

function put(partitions: Map<string, Map<number, number>>, topicId: string, partition: number, epoch: number): void {
  const epochs = partitions.get(topicId) ?? new Map();
  partitions.set(topicId, epochs.set(partition, epoch));
}

function beginRevocation(step: ConsumerStep, member: ConsumerMember, { kept, revoking }: NextAssignment): void {
  member.state = "UnrevokedPartitions";
  setPartitions(step, member, kept, revoking);
  if (member.classic === null) setRebalanceDeadline(step, member, step.nowMs + member.rebalanceTimeoutMs);
  step.changes.changed.add(member.memberId);
}

function reachTarget(step: ConsumerStep, member: ConsumerMember, { kept, revoking, added, isWaiting }: NextAssignment): void {
  const { group, changes } = step;
  const state = isWaiting ? "UnreleasedPartitions" : "Stable";
  const isChanged = member.state !== state || member.epoch !== group.assignmentEpoch || added.length > 0;
  if (!isChanged) return;
  member.state = state;
  if (member.epoch !== group.assignmentEpoch) {
    member.previousEpoch = member.epoch;
    member.epoch = group.assignmentEpoch;
  }
  for (const { topicId, partition } of added) put(kept, topicId, partition, member.epoch);
  const isSame = added.length === 0 && revoking.size === 0;
  setPartitions(step, member, isSame ? member.assigned : kept, NOTHING_OWNED);
  if (member.classic === null) setRebalanceDeadline(step, member, null);
  changes.changed.add(member.memberId);
}

/** Whether a partition that the member is to have is somebody else's still. */
export function isWaitingForOthers({ group }: ConsumerStep, member: ConsumerMember): boolean {
  for (const [topicId, target] of member.target) {
    for (const partition of target) {
      const owner = ownerOf(group, topicId, partition);
      if (owner !== null && owner !== member.memberId) return true;
    }
  }
  return false;
}
