// JoinGroup: who may come into a classic group, and what becomes of it then. Follows classicGroupJoin and the methods under it of
// org.apache.kafka.coordinator.group.GroupMetadataManager. A new dynamic member is first told its id and comes a second time with it
// (KIP-394), so that a client that gives up and tries again leaves no member behind. A static member (KIP-345) that comes without an
// id takes the place of the one with its name, and in a Stable group nothing else changes.

import { type ErrorName, type Failure, failure } from "../common/errors.ts";
import { MAX_GROUP_METADATA_BYTES, MIN_REBALANCE_TIMEOUT_MS, NEW_MEMBER_JOIN_TIMEOUT_MS } from "../common/limits/groups.ts";
import type { JoinGroupRequest } from "./classic-messages.ts";
import { hasSameProtocols, joinedMembers, selectProtocol, sizeOfProtocols, supportsProtocols } from "./classic-protocols.ts";
import { completeJoinIfAllJoined, joinedGroup, prepareRebalance, rebalanceOrCompleteJoin } from "./classic-rebalance.ts";
import {
  addMember,
  allMembers,
  answerJoin,
  type ClassicGroupOptions,
  type ClassicMember,
  type ClassicState,
  checkMember,
  isAwaitingJoin,
  NO_BYTES,
  parkJoin,
  removeMember,
  replaceStaticMember,
  resetSession,
  type Step,
  type Waiter,
} from "./classic-state.ts";

/** What can be said of a request without its group, or null. */
export function checkJoin(
  request: JoinGroupRequest,
  options: Pick<ClassicGroupOptions, "minSessionTimeoutMs" | "maxSessionTimeoutMs">,
): Failure | null {
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = options;
  if (request.sessionTimeoutMs >= min && request.sessionTimeoutMs <= max) return null;
  return failure("INVALID_SESSION_TIMEOUT", `The session timeout is ${request.sessionTimeoutMs} ms, and may be from ${min} to ${max}.`);
}

/** The answer is among the effects of this operation or of a later one. */
export function joinGroup(step: Step, request: JoinGroupRequest, waiter: Waiter): void {
  const { group, options } = step;
  const { memberId } = request;
  const invalid = checkJoin(request, options);
  if (invalid !== null) {
    refuse(step, waiter, memberId, invalid);
  } else if (group.phase === "Dead") {
    refuse(step, waiter, memberId, failure("COORDINATOR_NOT_AVAILABLE", "The group is being deleted."));
  } else if (!hasRoom(group, options, request)) {
    removeMember(step, memberId);
    completeJoinIfAllJoined(step);
    refuse(step, waiter, "", failure("GROUP_MAX_SIZE_REACHED", `The group has ${options.maxSize} members, and may not have more.`));
  } else if (!supportsProtocols(group, request)) {
    const detail = `The group's protocol type is '${group.protocolType ?? ""}', and no protocol of the member is one that all others support.`;
    refuse(step, waiter, memberId, failure("INCONSISTENT_GROUP_PROTOCOL", detail));
  } else if (!hasRoomForMetadata(group, request)) {
    const detail = `The metadata of the group's members may have ${MAX_GROUP_METADATA_BYTES} bytes in all.`;
    refuse(step, waiter, memberId, failure("GROUP_MAX_SIZE_REACHED", detail));
  } else if (memberId === "") {
    joinNewMember(step, request, waiter);
  } else {
    joinKnownMember(step, request, waiter);
  }
}

function refuse(step: Step, waiter: Waiter, memberId: string, { error, detail }: { error: ErrorName; detail: string }): void {
  step.effects.joins.push({ waiter, answer: { error, detail, memberId } });
}

/**
 * Whether one more may come in. During a rebalance those count that have joined again, so that the last ones are left out where the
 * group is too large.
 */
function hasRoom(group: ClassicState, { maxSize }: ClassicGroupOptions, request: JoinGroupRequest): boolean {
  if (group.phase === "Empty") return true;
  const member = formerSelf(group, request);
  if (group.phase !== "PreparingRebalance") return member !== undefined || group.members.size < maxSize;
  return (member !== undefined && isAwaitingJoin(member)) || allMembers(group).filter(isAwaitingJoin).length < maxSize;
}

/** The leader gets everybody's metadata in one answer, which must fit one RPC. */
function hasRoomForMetadata(group: ClassicState, request: JoinGroupRequest): boolean {
  const former = formerSelf(group, request);
  const others = allMembers(group).filter((member) => member !== former);
  const bytes = others.reduce((sum, member) => sum + sizeOfProtocols(member.protocols), sizeOfProtocols(request.protocols));
  return bytes <= MAX_GROUP_METADATA_BYTES;
}

/** The member whose place the request is for. */
function formerSelf(group: ClassicState, { memberId, groupInstanceId }: JoinGroupRequest): ClassicMember | undefined {
  return group.members.get(memberId || (group.staticMembers.get(groupInstanceId ?? "") ?? ""));
}

function joinNewMember(step: Step, request: JoinGroupRequest, waiter: Waiter): void {
  const { group, options, nowMs } = step;
  const memberId = `${request.groupInstanceId ?? request.clientId}-${options.randomId()}`;
  if (request.groupInstanceId !== null) {
    if (group.staticMembers.has(request.groupInstanceId)) joinAgainAsStatic(step, request, memberId, waiter);
    else addAndRebalance(step, request, memberId, waiter);
  } else if (!request.requireKnownMemberId) {
    addAndRebalance(step, request, memberId, waiter);
  } else if (group.pendingMembers.size >= options.maxSize) {
    refuse(step, waiter, "", failure("GROUP_MAX_SIZE_REACHED", `${options.maxSize} members are about to join the group already.`));
  } else {
    group.pendingMembers.set(memberId, nowMs + request.sessionTimeoutMs);
    refuse(step, waiter, memberId, failure("MEMBER_ID_REQUIRED", "Join again with the member id of this answer."));
  }
}

function joinKnownMember(step: Step, request: JoinGroupRequest, waiter: Waiter): void {
  const { group } = step;
  if (request.groupInstanceId === null && group.pendingMembers.has(request.memberId)) {
    addAndRebalance(step, request, request.memberId, waiter);
    return;
  }
  const stranger = checkMember(group, request);
  if (stranger !== null) {
    refuse(step, waiter, request.memberId, stranger);
    return;
  }
  const member = group.members.get(request.memberId)!;
  if (needsRebalance(group, member, request)) {
    updateMember(step, member, request, waiter);
    rebalanceOrCompleteJoin(step);
  } else {
    // Its answer was lost, or it has nothing new to say: the present generation is still its own.
    resetSession(step, member);
    step.effects.joins.push({ waiter, answer: joinedGroup(step, member) });
  }
}

/** A leader that joins a Stable group again asks for a rebalance: it saw a change that no member's metadata shows (a new partition). */
function needsRebalance(group: ClassicState, member: ClassicMember, { protocols }: JoinGroupRequest): boolean {
  if (group.phase === "PreparingRebalance") return true;
  return (group.phase === "Stable" && group.leaderId === member.memberId) || !hasSameProtocols(member, protocols);
}

function addAndRebalance(step: Step, request: JoinGroupRequest, memberId: string, waiter: Waiter): void {
  const { group } = step;
  const member: ClassicMember = {
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    ...timeoutsOf(request),
    protocols: request.protocols,
    assignment: NO_BYTES,
    isNew: true,
    sessionDeadlineMs: 0,
    joinWaiter: waiter,
    syncWaiter: null,
  };
  // It does not know its id before the answer and so sends no heartbeats; without a deadline, clients that gave up would pile up.
  resetSession(step, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
  if (group.isInitialRebalance && group.phase === "PreparingRebalance") group.hasNewMember = true;
  addMember(step, request.protocolType, member);
  rebalanceOrCompleteJoin(step);
}

function timeoutsOf({ sessionTimeoutMs, rebalanceTimeoutMs }: JoinGroupRequest) {
  const rebalanceMs = rebalanceTimeoutMs < 0 ? sessionTimeoutMs : Math.max(rebalanceTimeoutMs, MIN_REBALANCE_TIMEOUT_MS);
  return { sessionTimeoutMs, rebalanceTimeoutMs: rebalanceMs };
}

function updateMember(step: Step, member: ClassicMember, request: JoinGroupRequest, waiter: Waiter): void {
  Object.assign(member, timeoutsOf(request), { protocols: request.protocols });
  parkJoin(step, member, waiter);
}

/** The process behind a static member has restarted. */
function joinAgainAsStatic(step: Step, request: JoinGroupRequest, memberId: string, waiter: Waiter): void {
  const { group } = step;
  const formerLeaderId = group.leaderId;
  const member = replaceStaticMember(step, request.groupInstanceId!, memberId);
  updateMember(step, member, request, waiter);
  resetSession(step, member);
  if (group.phase === "Stable" && selectProtocol(group) === group.protocolName) {
    step.effects.isChanged = true;
    answerJoin(step, member, stillStable(step, member, formerLeaderId ?? "", request.canSkipAssignment));
  } else if (group.phase === "PreparingRebalance") {
    completeJoinIfAllJoined(step);
  } else {
    // Stable: the protocol changes. CompletingRebalance: the leader may be dividing the work for the id that is gone.
    prepareRebalance(step);
  }
}

/**
 * The generation goes on. A leader that has come back must not divide the work anew, which nobody else would fetch: it is told to skip
 * that, or, where it does not know the word, that the leader is somebody else, its former self.
 */
function stillStable(step: Step, member: ClassicMember, formerLeaderId: string, canSkipAssignment: boolean) {
  const { group } = step;
  const answer = { ...joinedGroup(step, member), members: [] };
  if (!canSkipAssignment) return { ...answer, leaderId: formerLeaderId };
  const isLeader = group.leaderId === member.memberId;
  return isLeader ? { ...answer, skipAssignment: true, members: joinedMembers(group) } : answer;
}
