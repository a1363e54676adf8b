// How members of a consumer group go: they leave, for good or to come back under their static name, or they are fenced, because their
// session ended or because they did not do their part in a rebalance in time. What they had is free at once, and the group's epoch rises.

import { type Failure, isFailure } from "../common/errors.ts";
import { type ConsumerHeartbeat, type ConsumerHeartbeatAnswer, STATIC_LEAVE_EPOCH } from "./consumer-messages.ts";
import {
  bumpEpoch,
  type ConsumerMember,
  type ConsumerStep,
  findMember,
  NOTHING_OWNED,
  removeMember,
  setPartitions,
  setRebalanceDeadline,
} from "./consumer-state.ts";

/** A heartbeat whose epoch says that the member leaves. */
export function leaveByHeartbeat(step: ConsumerStep, request: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
  const { memberId, memberEpoch, instanceId } = request;
  const member = findMember(step.group, memberId, instanceId);
  if (isFailure(member)) return member;
  if (memberEpoch === STATIC_LEAVE_EPOCH && instanceId !== null) leaveForNow(step, member);
  else removeMembers(step, [member]);
  return { memberId, memberEpoch, heartbeatIntervalMs: step.options.config().consumerHeartbeatIntervalMs, assignment: null };
}

/** Its partitions wait for it until its session ends. */
function leaveForNow(step: ConsumerStep, member: ConsumerMember): void {
  member.epoch = STATIC_LEAVE_EPOCH;
  setPartitions(step, member, member.assigned, NOTHING_OWNED);
  setRebalanceDeadline(step, member, null);
  step.changes.changed.add(member.memberId);
}

/** Members go for good, and the group's epoch rises once. */
export function removeMembers(step: ConsumerStep, members: readonly ConsumerMember[]): void {
  if (members.length === 0) return;
  for (const member of members) removeMember(step, member);
  bumpEpoch(step);
}

/** Removes everybody whose time is up, and finds the next deadline. */
export function expireMembers(step: ConsumerStep): void {
  const { group, nowMs } = step;
  const members = [...group.members.values()];
  removeMembers(
    step,
    members.filter((member) => deadlineOf(member) <= nowMs),
  );
  group.earliestDeadlineMs = Infinity;
  for (const member of group.members.values()) group.earliestDeadlineMs = Math.min(group.earliestDeadlineMs, deadlineOf(member));
}

function deadlineOf({ sessionDeadlineMs, rebalanceDeadlineMs }: ConsumerMember): number {
  return Math.min(sessionDeadlineMs, rebalanceDeadlineMs ?? Infinity);
}

/** Members by the protocol's word for one that is not there, or was not meant. */
export function resolveLeaving(step: ConsumerStep, memberId: string, instanceId: string | null): ConsumerMember | Failure {
  const { group } = step;
  // An administrator names a static member without knowing its present member id.
  const id = memberId === "" && instanceId !== null ? (group.staticMembers.get(instanceId) ?? "") : memberId;
  return findMember(group, id, instanceId);
}
