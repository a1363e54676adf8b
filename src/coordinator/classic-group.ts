// A classic consumer group as a pure state machine: no clock, no timers, no storage, no calls of its own. Each operation gets the time,
// and what it leaves to do (calls to answer, a group to store) is fetched with `takeEffects`. `nextDeadlineMs` says when `expire` must
// be called; a call that comes later than that does no harm, it only keeps a silent member for longer.
//
// The rules are Kafka's (org.apache.kafka.coordinator.group.classic.ClassicGroup and GroupMetadataManager). Where we differ: a parked
// call is always answered, also when the same member's next call takes its place; and a static member can be replaced in a full group.
//
//            first join                 all joined, or time is up            the leader's SyncGroup
//   Empty ---------------> Preparing ------------------------> Completing ----------------------> Stable
//     ^                    |   ^  ^                                |                                |
//     |    nobody is left  |   |  |  somebody comes, goes, changes |   somebody comes, goes, changes |
//     +--------------------+   |  +--------------------------------+                                |
//                              +--------------------------------------------------------------------+

import { type Failure, failure } from "../common/errors.ts";
import type { StoredClassicGroup } from "../storage/group-store.ts";
import { allowCommit, type CommitRights } from "./classic-commit.ts";
import { joinGroup } from "./classic-join.ts";
import { expireSessions, leaveGroup } from "./classic-leave.ts";
import type {
  ClassicGroupDescription,
  ClassicGroupState,
  HeartbeatRequest,
  JoinGroupRequest,
  LeftMember,
  MemberIdentity,
  SyncGroupRequest,
} from "./classic-messages.ts";
import { metadataOf } from "./classic-protocols.ts";
import { expireJoinTimer, prepareRebalance } from "./classic-rebalance.ts";
import { asStored, restoreGroup, type SessionDeadlines, snapshotGroup } from "./classic-snapshot.ts";
import {
  allMembers,
  answerJoin,
  answerSync,
  beginPhase,
  type ClassicGroupOptions,
  type ClassicState,
  checkMember,
  type Effects,
  emptyGroup,
  isExcused,
  NO_BYTES,
  resetSession,
  type Step,
  type Waiter,
} from "./classic-state.ts";
import { expireSyncs, illegalGeneration, syncGroup } from "./classic-sync.ts";

export class ClassicGroup {
  readonly #group: ClassicState;
  readonly #options: ClassicGroupOptions;
  #effects: Effects = noEffects();

  private constructor(group: ClassicState, options: ClassicGroupOptions) {
    this.#group = group;
    this.#options = options;
  }

  static empty(options: ClassicGroupOptions, nowMs: number): ClassicGroup {
    return new ClassicGroup(emptyGroup(nowMs), options);
  }

  /** The group as it was stored. Without the deadlines of its sessions, each member has a whole one to be heard. */
  static restore(stored: StoredClassicGroup, options: ClassicGroupOptions, nowMs: number, sessions?: SessionDeadlines): ClassicGroup {
    return new ClassicGroup(restoreGroup(stored, nowMs, sessions), options);
  }

  get state(): ClassicGroupState {
    return this.#group.phase;
  }

  /** Since when it has had no members (ms since the epoch), or null. */
  get emptySinceMs(): number | null {
    return this.#group.phase === "Empty" ? this.#group.phaseSinceMs : null;
  }

  /** Whether it ever had members: offsets of one that had not are kept by another rule. */
  get hadMembers(): boolean {
    return this.#group.protocolType !== null;
  }

  /** "" where it never had members. */
  get protocolType(): string {
    return this.#group.protocolType ?? "";
  }

  /** Of all members, in the order in which they came. */
  get memberIds(): readonly string[] {
    return [...this.#group.members.keys()];
  }

  /** The id of the member that has the static name; null: there is none. */
  staticMember(groupInstanceId: string): string | null {
    return this.#group.staticMembers.get(groupInstanceId) ?? null;
  }

  get generationId(): number {
    return this.#group.generationId;
  }

  /** `waiter` stands for the call, whose answer is among the effects of this operation or of a later one. */
  join(request: JoinGroupRequest, waiter: Waiter, nowMs: number): void {
    joinGroup(this.#step(nowMs), request, waiter);
  }

  sync(request: SyncGroupRequest, waiter: Waiter, nowMs: number): void {
    syncGroup(this.#step(nowMs), request, waiter);
  }

  /** null: the member is heard. REBALANCE_IN_PROGRESS also means that it was, and that it must join again. */
  heartbeat(request: HeartbeatRequest, nowMs: number): Failure | null {
    const group = this.#group;
    if (group.phase === "Dead") return failure("COORDINATOR_NOT_AVAILABLE", "The group is being deleted.");
    const refused =
      checkMember(group, request) ?? (request.generationId === group.generationId ? null : illegalGeneration(group, request.generationId));
    if (refused !== null) return refused;
    resetSession(this.#step(nowMs), group.members.get(request.memberId)!);
    return group.phase === "PreparingRebalance" ? failure("REBALANCE_IN_PROGRESS", "The group is rebalancing: join it again.") : null;
  }

  leave(members: readonly MemberIdentity[], nowMs: number): LeftMember[] {
    return leaveGroup(this.#step(nowMs), members);
  }

  /** Why the commit is refused, or null. */
  allowCommit(commit: CommitRights, nowMs: number): Failure | null {
    return allowCommit(this.#step(nowMs), commit);
  }

  /** The group is being deleted, or is not led from here any more: from now on it answers COORDINATOR_NOT_AVAILABLE. */
  kill(nowMs: number): void {
    beginPhase(this.#step(nowMs), "Dead");
  }

  /** Has everybody join again: what the members have is not what their leader gave them. */
  rebalance(nowMs: number): void {
    prepareRebalance(this.#step(nowMs));
  }

  /** The group goes on as one of another kind: whoever waits is to join that. */
  dissolve(nowMs: number): void {
    const step = this.#step(nowMs);
    const rejoin = failure("REBALANCE_IN_PROGRESS", "The group's assignment is computed by the coordinator now: join it again.");
    for (const member of allMembers(this.#group)) {
      answerJoin(step, member, { ...rejoin, memberId: member.memberId });
      answerSync(step, member, rejoin);
    }
    beginPhase(step, "Dead");
  }

  /** Its members with what they have, whatever it is doing. */
  members(): StoredClassicGroup {
    return asStored(this.#group);
  }

  /** When `expire` is to be called next (ms since the epoch); null: not before another operation. */
  nextDeadlineMs(): number | null {
    const { phase, joinTimer, syncDeadlineMs, pendingMembers, members } = this.#group;
    if (phase === "Empty" || phase === "Dead") return null; // an id that was given out costs nothing until somebody joins
    let nextMs = Math.min(joinTimer?.atMs ?? Infinity, syncDeadlineMs ?? Infinity);
    for (const deadlineMs of pendingMembers.values()) nextMs = Math.min(nextMs, deadlineMs);
    for (const member of members.values()) {
      if (!isExcused(member)) nextMs = Math.min(nextMs, member.sessionDeadlineMs);
    }
    return nextMs === Infinity ? null : nextMs;
  }

  /** Does what has become due. */
  expire(nowMs: number): void {
    const step = this.#step(nowMs);
    expireSessions(step);
    if ((this.#group.joinTimer?.atMs ?? Infinity) <= nowMs) expireJoinTimer(step);
    if ((this.#group.syncDeadlineMs ?? Infinity) <= nowMs) expireSyncs(step);
  }

  /** What the operations since the last call have left to do. */
  takeEffects(): Effects {
    const effects = this.#effects;
    this.#effects = noEffects();
    return effects;
  }

  describe(groupId: string): ClassicGroupDescription {
    const { phase, generationId, protocolType, protocolName } = this.#group;
    const isStable = phase === "Stable";
    const members = allMembers(this.#group).map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? metadataOf(member, protocolName ?? "") : NO_BYTES,
      assignment: isStable ? member.assignment : NO_BYTES,
    }));
    return {
      groupId,
      state: phase,
      generationId,
      protocolType: protocolType ?? "",
      protocolName: isStable ? (protocolName ?? "") : "",
      members,
    };
  }

  /** What must outlive a restart. Only for a group that is Stable or Empty, as it is whenever the effects say that it has changed. */
  snapshot(): StoredClassicGroup {
    return snapshotGroup(this.#group);
  }

  sessionDeadlines(): SessionDeadlines {
    return new Map(allMembers(this.#group).map(({ memberId, sessionDeadlineMs }) => [memberId, sessionDeadlineMs]));
  }

  #step(nowMs: number): Step {
    return { group: this.#group, options: this.#options, nowMs, effects: this.#effects };
  }
}

function noEffects(): Effects {
  return { joins: [], syncs: [], isChanged: false };
}
