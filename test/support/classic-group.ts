// A classic group under test: a clock that only moves when it is told to, and the answers of all calls by their number. Deadlines are
// met as they come, as the group object's timers do.

import { ClassicGroup } from "../../src/coordinator/classic-group.ts";
import type {
  HeartbeatRequest,
  JoinedGroup,
  JoinGroupAnswer,
  JoinGroupRequest,
  MemberIdentity,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "../../src/coordinator/classic-messages.ts";
import type { ClassicGroupOptions } from "../../src/coordinator/classic-state.ts";

export const SESSION_MS = 10_000;
export const REBALANCE_MS = 60_000;
export const INITIAL_DELAY_MS = 100;

export function bytes(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).slice().buffer;
}

export function text(buffer: ArrayBuffer): string {
  return new TextDecoder().decode(buffer);
}

/** A dynamic consumer's first join, by a client that does not know of KIP-394. */
export function joinRequest(changes: Partial<JoinGroupRequest> = {}): JoinGroupRequest {
  return {
    groupId: "g",
    memberId: "",
    groupInstanceId: null,
    clientId: "client",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: bytes("") }],
    requireKnownMemberId: false,
    canSkipAssignment: false,
    ...changes,
  };
}

export function protocols(...names: string[]) {
  return names.map((name) => ({ name, metadata: bytes(`${name} of mine`) }));
}

export class GroupBench {
  nowMs = 1_000_000;
  group: ClassicGroup;
  readonly options: ClassicGroupOptions;
  /** Calls that were answered, by their number. */
  readonly joins = new Map<number, JoinGroupAnswer>();
  readonly syncs = new Map<number, SyncGroupAnswer>();
  /** How often what must outlive a restart has changed. */
  changeCount = 0;
  #lastWaiter = 0;
  #lastId = 0;

  constructor(options: Partial<ClassicGroupOptions> = {}) {
    this.options = {
      initialRebalanceDelayMs: INITIAL_DELAY_MS,
      minSessionTimeoutMs: 1_000,
      maxSessionTimeoutMs: 300_000,
      maxSize: 100,
      randomId: () => String(++this.#lastId),
      ...options,
    };
    this.group = ClassicGroup.empty(this.options, this.nowMs);
  }

  /** The number of the call. */
  join(changes: Partial<JoinGroupRequest> = {}): number {
    const waiter = ++this.#lastWaiter;
    this.group.join(joinRequest(changes), waiter, this.nowMs);
    this.#collect();
    return waiter;
  }

  sync(member: MemberIdentity, generationId: number, changes: Partial<SyncGroupRequest> = {}): number {
    const waiter = ++this.#lastWaiter;
    const { memberId, groupInstanceId } = member;
    const request = { groupId: "g", memberId, groupInstanceId, generationId, protocolType: null, protocolName: null, assignments: [] };
    this.group.sync({ ...request, ...changes }, waiter, this.nowMs);
    this.#collect();
    return waiter;
  }

  /** The name of the error, or null. */
  heartbeat(request: Omit<HeartbeatRequest, "groupId" | "groupInstanceId"> & { readonly groupInstanceId?: string }): string | null {
    const { groupInstanceId = null } = request;
    return this.group.heartbeat({ ...request, groupId: "g", groupInstanceId }, this.nowMs)?.error ?? null;
  }

  /** The name of the error, or null, for each. */
  leave(...members: Partial<MemberIdentity>[]): (string | null)[] {
    const left = this.group.leave(
      members.map((member) => ({ memberId: "", groupInstanceId: null, ...member })),
      this.nowMs,
    );
    this.#collect();
    return left.map(({ failure }) => failure?.error ?? null);
  }

  /** Lets time pass, and meets each deadline on its way. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let next = this.group.nextDeadlineMs(); next !== null && next <= endMs; next = this.group.nextDeadlineMs()) {
      this.nowMs = Math.max(this.nowMs, next);
      this.group.expire(this.nowMs);
      this.#collect();
    }
    this.nowMs = endMs;
  }

  /** The answer of a join that has succeeded. */
  joined(waiter: number): JoinedGroup {
    const answer = this.joins.get(waiter);
    if (answer === undefined || "error" in answer) throw new Error(`join ${waiter}: ${answer?.error ?? "not answered"}`);
    return answer;
  }

  /** The name of the error of a call, null for none, "parked" where it is not answered. */
  outcome(waiter: number): string | null {
    const answer = this.joins.get(waiter) ?? this.syncs.get(waiter);
    if (answer === undefined) return "parked";
    return "error" in answer ? answer.error : null;
  }

  /** The assignment that a sync was answered with. */
  assignment(waiter: number): string {
    const answer = this.syncs.get(waiter);
    if (answer === undefined || "error" in answer) throw new Error(`sync ${waiter}: ${answer?.error ?? "not answered"}`);
    return text(answer.assignment);
  }

  /** Joins everybody to an Empty group, to the end of the first half of the rebalance. In order; the leader is the first. */
  assemble(...changes: Partial<JoinGroupRequest>[]): JoinedGroup[] {
    const waiters = changes.map((change) => this.join(change));
    this.advance((changes.length + 1) * INITIAL_DELAY_MS);
    return waiters.map((waiter) => this.joined(waiter));
  }

  /** The leader's sync first; everybody's assignment is "work of" their id. */
  syncAll(members: readonly JoinedGroup[], instances: readonly (string | null)[] = []): void {
    const leaderId = members[0]!.leaderId;
    const assignments = members.map(({ memberId }) => ({ memberId, assignment: bytes(`work of ${memberId}`) }));
    for (const [index, { memberId, generationId }] of members.entries()) {
      const identity = { memberId, groupInstanceId: instances[index] ?? null };
      this.sync(identity, generationId, memberId === leaderId ? { assignments } : {});
    }
  }

  /** A Stable group. */
  stabilize(...changes: Partial<JoinGroupRequest>[]): JoinedGroup[] {
    const members = this.assemble(...changes);
    this.syncAll(
      members,
      changes.map(({ groupInstanceId }) => groupInstanceId ?? null),
    );
    if (this.group.state !== "Stable") throw new Error(`the group is ${this.group.state}`);
    return members;
  }

  /** The object's memory is lost; what is parked is lost with it. */
  restart(sessions?: ReadonlyMap<string, number>): void {
    this.group = ClassicGroup.restore(structuredClone(this.group.snapshot()), this.options, this.nowMs, sessions);
  }

  #collect(): void {
    const { joins, syncs, isChanged } = this.group.takeEffects();
    if (isChanged) this.changeCount += 1;
    for (const { waiter, answer } of joins) answerOnce(this.joins, waiter, answer);
    for (const { waiter, answer } of syncs) answerOnce(this.syncs, waiter, answer);
  }
}

function answerOnce<A>(answers: Map<number, A>, waiter: number, answer: A): void {
  if (answers.has(waiter)) throw new Error(`call ${waiter} is answered twice`);
  answers.set(waiter, answer);
}
