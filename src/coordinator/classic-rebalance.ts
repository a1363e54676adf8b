// A rebalance of a classic group, in two halves. PreparingRebalance: everybody joins again, until all are there or the time is up.
// CompletingRebalance: a new generation; the leader divides the work and everybody fetches their part (classic-sync.ts). It follows
// prepareRebalance and completeClassicGroupJoin of org.apache.kafka.coordinator.group.GroupMetadataManager.
//
// The first rebalance of an empty group waits a moment for more members instead of beginning anew for each (KIP-134).

import { failure } from "../common/errors.ts";
import type { JoinedGroup } from "./classic-messages.ts";
import { joinedMembers, selectProtocol } from "./classic-protocols.ts";
import {
  allMembers,
  answerJoin,
  answerSync,
  beginPhase,
  type ClassicMember,
  clearAssignments,
  haveAllJoined,
  isAwaitingJoin,
  rebalanceTimeoutMs,
  removeMember,
  resetSession,
  type Step,
} from "./classic-state.ts";

/** Begins a rebalance, or, where one is under way, ends its first half if nobody is missed any more. */
export function rebalanceOrCompleteJoin(step: Step): void {
  if (step.group.phase === "PreparingRebalance") completeJoinIfAllJoined(step);
  else prepareRebalance(step);
}

export function prepareRebalance(step: Step): void {
  const { group, options, nowMs } = step;
  if (group.phase === "CompletingRebalance") sendBackSyncs(step);
  group.pendingSyncs.clear();
  group.syncDeadlineMs = null;
  group.isInitialRebalance = group.phase === "Empty";
  group.hasNewMember = false;
  beginPhase(step, "PreparingRebalance");
  if (group.isInitialRebalance) {
    const delayMs = options.initialRebalanceDelayMs;
    const remainingMs = Math.max(rebalanceTimeoutMs(group) - delayMs, 0);
    group.joinTimer = { atMs: nowMs + delayMs, initial: { delayMs, remainingMs } };
  } else if (haveAllJoined(group)) {
    completeJoin(step);
  } else {
    setJoinTimer(step);
  }
}

/** An initial rebalance waits for its timer all the same. */
export function completeJoinIfAllJoined(step: Step): void {
  const { group } = step;
  if (group.phase === "PreparingRebalance" && !group.isInitialRebalance && haveAllJoined(group)) completeJoin(step);
}

/** The time to join is up. */
export function expireJoinTimer(step: Step): void {
  const { group, options, nowMs } = step;
  const initial = group.joinTimer?.initial ?? null;
  if (initial === null || !group.hasNewMember || initial.remainingMs === 0) {
    completeJoin(step);
    return;
  }
  group.hasNewMember = false;
  const delayMs = Math.min(options.initialRebalanceDelayMs, initial.remainingMs);
  group.joinTimer = { atMs: nowMs + delayMs, initial: { delayMs, remainingMs: Math.max(initial.remainingMs - initial.delayMs, 0) } };
}

/** Ends the first half: dynamic members that did not join again are out, and the others are the next generation. */
function completeJoin(step: Step): void {
  const { group } = step;
  group.joinTimer = null;
  for (const member of allMembers(group)) {
    if (!isAwaitingJoin(member) && member.groupInstanceId === null) removeMember(step, member.memberId);
  }
  if (group.members.size === 0) {
    becomeEmpty(step);
  } else if (electJoinedLeader(step)) {
    beginGeneration(step);
  } else {
    setJoinTimer(step); // static members alone, and none came: their sessions decide
  }
}

function setJoinTimer({ group, nowMs }: Step): void {
  group.joinTimer = { atMs: nowMs + rebalanceTimeoutMs(group), initial: null };
}

/** The leader must be one that has joined, since it divides the work. false: nobody has. */
function electJoinedLeader({ group }: Step): boolean {
  const leader = group.members.get(group.leaderId ?? "");
  if (leader !== undefined && isAwaitingJoin(leader)) return true;
  const joined = allMembers(group).find(isAwaitingJoin);
  if (joined === undefined) return false;
  group.leaderId = joined.memberId;
  return true;
}

function becomeEmpty(step: Step): void {
  const { group, effects } = step;
  group.generationId += 1;
  group.protocolName = null;
  beginPhase(step, "Empty");
  effects.isChanged = true;
}

function beginGeneration(step: Step): void {
  const { group, nowMs } = step;
  group.generationId += 1;
  group.protocolName = selectProtocol(group);
  beginPhase(step, "CompletingRebalance");
  clearAssignments(group);
  for (const member of allMembers(group)) {
    answerJoin(step, member, joinedGroup(step, member));
    resetSession(step, member);
    member.isNew = false;
    group.pendingSyncs.add(member.memberId);
  }
  group.syncDeadlineMs = nowMs + rebalanceTimeoutMs(group);
}

/** What a member of the present generation is told of it. */
export function joinedGroup({ group }: Step, { memberId }: ClassicMember): JoinedGroup {
  return {
    memberId,
    generationId: group.generationId,
    protocolType: group.protocolType ?? "",
    protocolName: group.protocolName ?? "",
    leaderId: group.leaderId ?? "",
    skipAssignment: false,
    members: group.leaderId === memberId ? joinedMembers(group) : [],
  };
}

/** Whoever waits for its part of a generation that will not be joins again. */
function sendBackSyncs(step: Step): void {
  clearAssignments(step.group);
  for (const member of step.group.members.values()) {
    const answer = failure("REBALANCE_IN_PROGRESS", "The group is rebalancing again: join it again.");
    if (answerSync(step, member, answer)) resetSession(step, member);
  }
}
