// The state of a classic consumer group, and the small steps that every operation on it is made of. An operation is a function of the
// state, the request and the time; it leaves behind what its caller has to do: answer parked calls, store the group. It follows
// org.apache.kafka.coordinator.group.classic.ClassicGroup.
//
// Invariants: a call that was parked is either a member's `joinWaiter` or `syncWaiter`, or it is answered; a group with members has one
// of them as its leader; `staticMembers` names exactly the members that have a groupInstanceId.

import { type Failure, failure } from "../common/errors.ts";
import type { ClassicGroupState, GroupProtocol, JoinGroupAnswer, MemberIdentity, SyncGroupAnswer } from "./classic-messages.ts";

/** A call that waits for its answer: a number of the caller's own, never used twice. */
export type Waiter = number;

export interface ClassicMember extends MemberIdentity {
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly GroupProtocol[];
  assignment: ArrayBuffer;
  /** Has never been answered a join: it cannot send heartbeats, and so has only NEW_MEMBER_JOIN_TIMEOUT_MS. */
  isNew: boolean;
  /** Out of the group from then on, unless it is heard before (ms since the epoch). */
  sessionDeadlineMs: number;
  joinWaiter: Waiter | null;
  syncWaiter: Waiter | null;
}

export interface JoinTimer {
  readonly atMs: number;
  /** Of a group that was Empty: how much longer it may wait for more members, after `atMs`. Else null. */
  readonly initial: { readonly delayMs: number; readonly remainingMs: number } | null;
}

export interface ClassicState {
  phase: ClassicGroupState;
  /** When the phase began (ms since the epoch). */
  phaseSinceMs: number;
  generationId: number;
  protocolType: string | null;
  /** Of the present generation. */
  protocolName: string | null;
  leaderId: string | null;
  /** In the order in which they came. */
  readonly members: Map<string, ClassicMember>;
  /** groupInstanceId to member id. */
  readonly staticMembers: Map<string, string>;
  /** Ids that were given out and not used yet (KIP-394), each with the time at which it is forgotten. */
  readonly pendingMembers: Map<string, number>;
  /** Members of this generation that have not sent their SyncGroup. */
  readonly pendingSyncs: Set<string>;
  /** The present rebalance began in Empty: it waits for its timer, not for its members. */
  isInitialRebalance: boolean;
  /** During an initial rebalance: somebody came since its timer was set. */
  hasNewMember: boolean;
  joinTimer: JoinTimer | null;
  syncDeadlineMs: number | null;
}

export interface ClassicGroupOptions {
  /** How long the first rebalance of an empty group waits for more members. */
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** Most members. */
  readonly maxSize: number;
  /** Makes a member id unique: never the same twice. */
  readonly randomId: () => string;
}

/** What is left to do after an operation. Store first, then answer: an answer promises what was stored. */
export interface Effects {
  readonly joins: { readonly waiter: Waiter; readonly answer: JoinGroupAnswer }[];
  readonly syncs: { readonly waiter: Waiter; readonly answer: SyncGroupAnswer }[];
  /** What must outlive a restart has changed. */
  isChanged: boolean;
}

/** One operation under way. */
export interface Step {
  readonly group: ClassicState;
  readonly options: ClassicGroupOptions;
  readonly nowMs: number;
  readonly effects: Effects;
}

export const NO_BYTES = new ArrayBuffer(0);

/** From which phases each may begin. */
const PREDECESSORS: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ["PreparingRebalance"],
  PreparingRebalance: ["Empty", "CompletingRebalance", "Stable"],
  CompletingRebalance: ["PreparingRebalance"],
  Stable: ["CompletingRebalance"],
  Dead: ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"],
};

export function emptyGroup(nowMs: number): ClassicState {
  return {
    phase: "Empty",
    phaseSinceMs: nowMs,
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingMembers: new Map(),
    pendingSyncs: new Set(),
    isInitialRebalance: false,
    hasNewMember: false,
    joinTimer: null,
    syncDeadlineMs: null,
  };
}

export function beginPhase({ group, nowMs }: Step, phase: ClassicGroupState): void {
  if (!PREDECESSORS[phase].includes(group.phase)) throw new Error(`a group cannot go from ${group.phase} to ${phase}`);
  group.phase = phase;
  group.phaseSinceMs = nowMs;
}

/** Why somebody who says so is not a member, or null. A static member whose name was taken over by another is told so. */
export function checkMember(group: ClassicState, { memberId, groupInstanceId }: MemberIdentity): Failure | null {
  if (groupInstanceId !== null) {
    const holder = group.staticMembers.get(groupInstanceId);
    if (holder === undefined) return failure("UNKNOWN_MEMBER_ID", `The group has no static member '${groupInstanceId.slice(0, 300)}'.`);
    if (holder !== memberId) return fenced(groupInstanceId);
  }
  return group.members.has(memberId) ? null : failure("UNKNOWN_MEMBER_ID", `The group has no member '${memberId.slice(0, 300)}'.`);
}

export function fenced(groupInstanceId: string): Failure {
  return failure("FENCED_INSTANCE_ID", `Another member has joined as static member '${groupInstanceId.slice(0, 300)}'.`);
}

export function allMembers(group: ClassicState): ClassicMember[] {
  return [...group.members.values()];
}

export function isAwaitingJoin(member: ClassicMember): boolean {
  return member.joinWaiter !== null;
}

/** Nobody is missed any more: everyone waits for the join to end, and no id is given out and unused. */
export function haveAllJoined(group: ClassicState): boolean {
  return group.pendingMembers.size === 0 && allMembers(group).every(isAwaitingJoin);
}

/** The longest that a member asks for. */
export function rebalanceTimeoutMs(group: ClassicState): number {
  return allMembers(group).reduce((longest, member) => Math.max(longest, member.rebalanceTimeoutMs), 0);
}

/** A member that waits for an answer need not be heard; a new one still has its own deadline. */
export function isExcused(member: ClassicMember): boolean {
  return !member.isNew && (member.joinWaiter !== null || member.syncWaiter !== null);
}

export function resetSession({ nowMs }: Step, member: ClassicMember, timeoutMs: number = member.sessionTimeoutMs): void {
  member.sessionDeadlineMs = nowMs + timeoutMs;
}

export function addMember({ group }: Step, protocolType: string, member: ClassicMember): void {
  if (group.members.size === 0) group.protocolType = protocolType;
  group.members.set(member.memberId, member);
  if (member.groupInstanceId !== null) group.staticMembers.set(member.groupInstanceId, member.memberId);
  group.leaderId ??= member.memberId;
  group.pendingMembers.delete(member.memberId);
}

/** Takes a member, or an id that was given out, off the group; calls of its that are parked learn that it is none any more. */
export function removeMember(step: Step, memberId: string): void {
  const { group } = step;
  group.pendingMembers.delete(memberId);
  const member = group.members.get(memberId);
  if (member === undefined) return;
  const removed = failure("UNKNOWN_MEMBER_ID", "The member has been removed from the group.");
  answerJoin(step, member, { ...removed, memberId: "" });
  answerSync(step, member, removed);
  group.members.delete(memberId);
  group.pendingSyncs.delete(memberId);
  if (member.groupInstanceId !== null) group.staticMembers.delete(member.groupInstanceId);
  if (group.leaderId === memberId) group.leaderId = group.members.keys().next().value ?? null;
}

/** Gives a static member's place to a new member id; whoever has the old one, and its parked calls, is fenced. */
export function replaceStaticMember(step: Step, groupInstanceId: string, newMemberId: string): ClassicMember {
  const { group } = step;
  const oldMemberId = group.staticMembers.get(groupInstanceId)!;
  const old = group.members.get(oldMemberId)!;
  answerJoin(step, old, { ...fenced(groupInstanceId), memberId: oldMemberId });
  answerSync(step, old, fenced(groupInstanceId));
  const member = { ...old, memberId: newMemberId };
  group.members.delete(oldMemberId);
  group.members.set(newMemberId, member);
  group.staticMembers.set(groupInstanceId, newMemberId);
  if (group.pendingSyncs.delete(oldMemberId)) group.pendingSyncs.add(newMemberId);
  if (group.leaderId === oldMemberId) group.leaderId = newMemberId;
  return member;
}

/** A call in the place of an earlier one of the same member (its client gave up and asked again) sends that one back. */
export function parkJoin(step: Step, member: ClassicMember, waiter: Waiter): void {
  answerJoin(step, member, { ...superseded(), memberId: member.memberId });
  member.joinWaiter = waiter;
}

export function parkSync(step: Step, member: ClassicMember, waiter: Waiter): void {
  answerSync(step, member, superseded());
  member.syncWaiter = waiter;
}

function superseded(): Failure {
  return failure("REBALANCE_IN_PROGRESS", "The member has asked again since.");
}

/** false: no join of the member is parked. */
export function answerJoin({ effects }: Step, member: ClassicMember, answer: JoinGroupAnswer): boolean {
  if (member.joinWaiter === null) return false;
  effects.joins.push({ waiter: member.joinWaiter, answer });
  member.joinWaiter = null;
  return true;
}

/** false: no sync of the member is parked. */
export function answerSync({ effects }: Step, member: ClassicMember, answer: SyncGroupAnswer): boolean {
  if (member.syncWaiter === null) return false;
  effects.syncs.push({ waiter: member.syncWaiter, answer });
  member.syncWaiter = null;
  return true;
}

export function clearAssignments(group: ClassicState): void {
  for (const member of group.members.values()) member.assignment = NO_BYTES;
}
