// SyncGroup: the leader brings what each member is to do, the others wait for it. When the leader's comes, everybody who waits is
// answered, the group is Stable and is stored; who comes later gets the same. Follows classicGroupSync of
// org.apache.kafka.coordinator.group.GroupMetadataManager.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_GROUP_METADATA_BYTES } from "../common/limits/groups.ts";
import type { MemberAssignment, SyncedGroup, SyncGroupRequest } from "./classic-messages.ts";
import { prepareRebalance } from "./classic-rebalance.ts";
import {
  answerSync,
  beginPhase,
  type ClassicMember,
  type ClassicState,
  checkMember,
  NO_BYTES,
  parkSync,
  removeMember,
  resetSession,
  type Step,
  type Waiter,
} from "./classic-state.ts";

/** The answer is among the effects of this operation or of a later one. */
export function syncGroup(step: Step, request: SyncGroupRequest, waiter: Waiter): void {
  const { group, effects } = step;
  const refused = checkSync(group, request);
  if (refused !== null) {
    effects.syncs.push({ waiter, answer: refused });
    return;
  }
  const member = group.members.get(request.memberId)!;
  group.pendingSyncs.delete(member.memberId);
  if (group.pendingSyncs.size === 0) group.syncDeadlineMs = null;
  parkSync(step, member, waiter);
  if (group.phase === "Stable") answerWithAssignment(step, member);
  else if (group.leaderId === member.memberId) assign(step, request.assignments);
}

function checkSync(group: ClassicState, request: SyncGroupRequest): Failure | null {
  if (group.phase === "Dead") return failure("COORDINATOR_NOT_AVAILABLE", "The group is being deleted.");
  const stranger = checkMember(group, request);
  if (stranger !== null) return stranger;
  if (request.generationId !== group.generationId) return illegalGeneration(group, request.generationId);
  if (group.phase === "PreparingRebalance") return failure("REBALANCE_IN_PROGRESS", "The group is rebalancing again: join it again.");
  if (
    (request.protocolType ?? group.protocolType) !== group.protocolType ||
    (request.protocolName ?? group.protocolName) !== group.protocolName
  ) {
    return failure("INCONSISTENT_GROUP_PROTOCOL", `The group's protocol is '${group.protocolName}' of type '${group.protocolType}'.`);
  }
  const bytes = request.assignments.reduce((sum, { assignment }) => sum + assignment.byteLength, 0);
  if (bytes <= MAX_GROUP_METADATA_BYTES) return null;
  return failure("INVALID_REQUEST", `The assignments have ${bytes} bytes, and may have ${MAX_GROUP_METADATA_BYTES} in all.`);
}

export function illegalGeneration(group: ClassicState, generationId: number): Failure {
  return failure("ILLEGAL_GENERATION", `The group is in generation ${group.generationId}, and the request in ${generationId}.`);
}

/** A member that the leader left out gets nothing to do. */
function assign(step: Step, assignments: readonly MemberAssignment[]): void {
  const { group, effects } = step;
  const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  for (const member of group.members.values()) member.assignment = byMember.get(member.memberId) ?? NO_BYTES;
  beginPhase(step, "Stable");
  effects.isChanged = true;
  for (const member of group.members.values()) {
    if (member.syncWaiter !== null) answerWithAssignment(step, member);
  }
}

function answerWithAssignment(step: Step, member: ClassicMember): void {
  const { protocolType, protocolName } = step.group;
  const answer: SyncedGroup = { protocolType: protocolType ?? "", protocolName: protocolName ?? "", assignment: member.assignment };
  if (answerSync(step, member, answer)) resetSession(step, member);
}

/** Whoever has not come for its part in time is out, the leader too: the others join again. */
export function expireSyncs(step: Step): void {
  const { group } = step;
  group.syncDeadlineMs = null;
  for (const memberId of [...group.pendingSyncs]) removeMember(step, memberId);
  prepareRebalance(step);
}
