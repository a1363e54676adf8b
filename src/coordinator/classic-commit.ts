// Who may commit offsets to a classic group (validateOffsetCommit of org.apache.kafka.coordinator.group.classic.ClassicGroup): a member,
// in the present generation and not while the group divides its work; or, while the group is Empty, anybody: a consumer that assigns
// its own partitions, a tool. Fetching offsets asks for nothing.

import { type Failure, failure } from "../common/errors.ts";
import { type ClassicState, checkMember, resetSession, type Step } from "./classic-state.ts";
import { illegalGeneration } from "./classic-sync.ts";

export interface Committer {
  readonly memberId: string;
  /** A classic member's generation id, -1 where it has none. */
  readonly memberEpoch: number;
  /** A static member's name. */
  readonly groupInstanceId?: string | null;
}

export interface CommitRights {
  readonly member?: Committer;
  /** Somebody who names no member may commit all the same. */
  readonly force?: boolean;
  /** Inside a transaction: clients of before KIP-447 name no member, and a transaction may end while the group divides its work. */
  readonly isTransactional?: boolean;
  /** A member of a consumer group commits only what it has, in its present epoch too: Kafka does not ask that of its own clients. */
  readonly isOwnerOnly?: boolean;
}

/** Why the commit is refused, or null. A member that commits has been heard. */
export function allowCommit(step: Step, commit: CommitRights): Failure | null {
  const refused = checkCommit(step.group, commit);
  const member = step.group.members.get(commit.member?.memberId ?? "");
  if (refused === null && member !== undefined) resetSession(step, member);
  return refused;
}

function checkCommit(group: ClassicState, { member, force = false, isTransactional = false }: CommitRights): Failure | null {
  if (group.phase === "Dead") return failure("COORDINATOR_NOT_AVAILABLE", "The group is being deleted.");
  if (member === undefined) {
    if (force || isTransactional || group.phase === "Empty") return null;
    return failure("UNKNOWN_MEMBER_ID", `The group has ${group.members.size} members, and the commit names none of them.`);
  }
  if (member.memberEpoch < 0 && group.phase === "Empty") return null;
  const stranger = checkMember(group, { memberId: member.memberId, groupInstanceId: member.groupInstanceId ?? null });
  if (stranger !== null) return stranger;
  if (member.memberEpoch !== group.generationId) return illegalGeneration(group, member.memberEpoch);
  if (isTransactional || group.phase !== "CompletingRebalance") return null;
  return failure("REBALANCE_IN_PROGRESS", "The group is dividing its work: fetch your part of it first.");
}
