// How members go: LeaveGroup, one or many at once (KIP-345), and a session that ends unheard. Whatever the number, what is left
// rebalances once.

import { type Failure, failure } from "../common/errors.ts";
import type { LeftMember, MemberIdentity } from "./classic-messages.ts";
import { completeJoinIfAllJoined, rebalanceOrCompleteJoin } from "./classic-rebalance.ts";
import { allMembers, type ClassicState, checkMember, isExcused, removeMember, type Step } from "./classic-state.ts";

/** One answer for each, in order. */
export function leaveGroup(step: Step, members: readonly MemberIdentity[]): LeftMember[] {
  const { group } = step;
  if (group.phase === "Dead") {
    return members.map((member) => ({ ...member, failure: failure("COORDINATOR_NOT_AVAILABLE", "The group is being deleted.") }));
  }
  return removing(step, () =>
    members.map(({ memberId, groupInstanceId }) => {
      const member = { memberId, groupInstanceId };
      return { ...member, failure: leave(step, member) };
    }),
  );
}

function leave(step: Step, identity: MemberIdentity): Failure | null {
  const { group } = step;
  const member = resolve(group, identity);
  const refused = group.pendingMembers.has(member.memberId) && member.groupInstanceId === null ? null : checkMember(group, member);
  if (refused === null) removeMember(step, member.memberId);
  return refused;
}

/** An administrator names a static member without knowing its present member id. */
function resolve(group: ClassicState, identity: MemberIdentity): MemberIdentity {
  const { memberId, groupInstanceId } = identity;
  if (memberId !== "" || groupInstanceId === null) return identity;
  return { memberId: group.staticMembers.get(groupInstanceId) ?? "", groupInstanceId };
}

/** Removes everybody whose session has ended, and forgets ids that were given out and not used. */
export function expireSessions(step: Step): void {
  const { group, nowMs } = step;
  removing(step, () => {
    for (const [memberId, deadlineMs] of [...group.pendingMembers]) {
      if (deadlineMs <= nowMs) removeMember(step, memberId);
    }
    for (const member of allMembers(group)) {
      if (!isExcused(member) && member.sessionDeadlineMs <= nowMs) removeMember(step, member.memberId);
    }
  });
}

/** Does what removes members, and then what follows from it. An id that was never used was no part of a generation. */
function removing<T>(step: Step, remove: () => T): T {
  const { group } = step;
  const memberCount = group.members.size;
  const result = remove();
  if (group.members.size < memberCount) rebalanceOrCompleteJoin(step);
  else completeJoinIfAllJoined(step);
  return result;
}
