// Who may commit and fetch offsets in a consumer group (validateOffsetCommit and validateOffsetFetch of
// org.apache.kafka.coordinator.group.modern.consumer.ConsumerGroup): a member in its present epoch; in an earlier one, for the partitions
// that it has had since then without a break (KIP-1251); or, while the group has no members, anybody.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { CommitRights } from "./classic-commit.ts";
import { type ConsumerMember, type ConsumerState, type ConsumerStep, findMember, resetSession } from "./consumer-state.ts";

/** Why the commit is refused, or null. A member that commits has been heard. */
export function allowConsumerCommit(step: ConsumerStep, { member: committer, force = false }: CommitRights): Failure | null {
  const { group } = step;
  const isAnybodys = group.members.size === 0 || force;
  if (committer === undefined) {
    if (isAnybodys) return null;
    return failure("UNKNOWN_MEMBER_ID", `The group has ${group.members.size} members, and the commit names none of them.`);
  }
  if (committer.memberEpoch < 0 && group.members.size === 0) return null;
  const member = findMember(group, committer.memberId, committer.groupInstanceId ?? null);
  if (isFailure(member)) return member;
  const stale = checkEpoch(member, committer.memberEpoch);
  if (stale === null) resetSession(step, member);
  return stale;
}

/** A classic member's generation is exact; of a consumer's earlier epochs each partition decides. */
function checkEpoch(member: ConsumerMember, epoch: number): Failure | null {
  const detail = `The member is in epoch ${member.epoch}, and the request in ${epoch}.`;
  if (member.classic !== null) return epoch === member.epoch ? null : failure("ILLEGAL_GENERATION", detail);
  return epoch <= member.epoch ? null : failure("STALE_MEMBER_EPOCH", detail);
}

/** Why a member whose commit is allowed may not commit this partition, or null. */
export function checkPartitionCommit(
  group: ConsumerState,
  { member: committer, isOwnerOnly = false }: CommitRights,
  topicId: string,
  partition: number,
): Failure | null {
  const member = group.members.get(committer?.memberId ?? "");
  if (committer === undefined || member === undefined) return null;
  if (committer.memberEpoch === member.epoch && !isOwnerOnly) return null;
  const sinceEpoch = member.assigned.get(topicId)?.get(partition) ?? member.revoking.get(topicId)?.get(partition);
  if (sinceEpoch !== undefined && sinceEpoch <= committer.memberEpoch) return null;
  const detail = `Partition ${partition} is not the member's, or not since epoch ${committer.memberEpoch}: the member is in epoch ${member.epoch}.`;
  return failure("STALE_MEMBER_EPOCH", detail);
}

/** Why a member may not fetch the group's offsets, or null. */
export function allowConsumerOffsetFetch(group: ConsumerState, memberId: string, memberEpoch: number): Failure | null {
  const member = findMember(group, memberId, null);
  if (isFailure(member)) return member;
  if (member.epoch === memberEpoch) return null;
  const detail = `The member is in epoch ${member.epoch}, and the request in ${memberEpoch}.`;
  return failure(member.classic === null ? "STALE_MEMBER_EPOCH" : "ILLEGAL_GENERATION", detail);
}
