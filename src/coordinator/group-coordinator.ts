// A group's coordinator: its members, its committed offsets, and its life from the first join or commit to its deletion.
//
// Two things are stored in two objects, the group here and its name in the cluster's register, and no transaction spans both. The order
// of the steps keeps one promise: a group that has members or offsets is in the register. A group is registered before its first member
// or offset, and taken off the register after its last one is gone; what a crash in between leaves is a name without a group, which the
// next commit or the next delete puts right. The two sequences never run at the same time.
//
// The rules for members are classic-group.ts; here its effects are carried out: what has changed is stored, then calls are answered.

import { Sequence } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import type { GroupStore } from "../storage/group-store.ts";
import type { OffsetStore, StoredOffset } from "../storage/offset-store.ts";
import type { PartitionKey, PendingOffsetStore } from "../storage/pending-offset-store.ts";
import type { Committer } from "./classic-commit.ts";
import { ClassicGroup } from "./classic-group.ts";
import { checkJoin } from "./classic-join.ts";
import type {
  ClassicGroupDescription,
  ClassicGroupState,
  GroupListing,
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "./classic-messages.ts";
import type { ClassicGroupOptions } from "./classic-state.ts";
import { checkCommitSize, checkGroupId, checkOffset, type OffsetToCommit } from "./committed-offsets.ts";
import { GroupRetention } from "./group-retention.ts";
import { ParkedCalls } from "./parked-calls.ts";
import { hasEnded, type OpenTransaction, PendingOffsets, type VerifyTransaction } from "./pending-offsets.ts";
import type { GroupTransactionEnd, TransactionalCommit } from "./transaction-messages.ts";

/** The cluster's list of groups; both calls may be repeated. */
export interface GroupRegister {
  registerGroup(groupId: string): Promise<void>;
  unregisterGroup(groupId: string): Promise<void>;
}

export interface GroupCommit {
  readonly groupId: string;
  readonly offsets: readonly OffsetToCommit[];
  readonly member?: Committer;
  readonly force?: boolean;
}

export interface GroupSnapshot {
  readonly groupId: string;
  readonly state: ClassicGroupState;
  readonly members: readonly { readonly memberId: string; readonly memberEpoch: number }[];
  readonly offsets: readonly StoredOffset[];
  /** With an offset that a transaction will decide. */
  readonly unstable: readonly PartitionKey[];
}

export interface GroupStores {
  readonly offsets: OffsetStore;
  readonly pending: PendingOffsetStore;
  readonly members: GroupStore;
}

/** When the coordinator wants to be called. */
export interface Schedule {
  /** `expire` is to be called then (ms since the epoch); null: not because of anything that is known now. */
  readonly deadlineMs: number | null;
  /** A rebalance is under way: clients wait for the deadline, and what is not stored must not be put out of memory. */
  readonly isRebalancing: boolean;
  /** `sleep` is to be called before the group is put out of memory. */
  readonly hasUnstoredSessions: boolean;
}

export interface GroupCoordinatorOptions {
  /** ms since the epoch */
  readonly now: () => number;
  /** Never the same twice. */
  readonly randomId: () => string;
  readonly config: GroupConfig;
  readonly verifyTransaction: VerifyTransaction;
  /** Called after everything that may change it. */
  readonly schedule: (schedule: Schedule) => void;
  /** The storage was wiped. */
  readonly cleared: () => void;
  /** What is in memory could not be stored: begin anew from the storage. */
  readonly broken: (error: unknown) => void;
}

export class GroupCoordinator {
  readonly #stores: GroupStores;
  readonly #register: GroupRegister;
  readonly #options: GroupCoordinatorOptions;
  readonly #classicOptions: ClassicGroupOptions;
  readonly #lifecycle = new Sequence();
  readonly #joins = new ParkedCalls<JoinGroupAnswer>();
  readonly #syncs = new ParkedCalls<SyncGroupAnswer>();
  readonly #retention: GroupRetention;
  readonly #pending: PendingOffsets;
  #classic: ClassicGroup;
  #areSessionsStored: boolean;

  constructor(stores: GroupStores, register: GroupRegister, options: GroupCoordinatorOptions) {
    this.#stores = stores;
    this.#register = register;
    this.#options = options;
    this.#classicOptions = { ...options.config, randomId: options.randomId };
    this.#retention = new GroupRetention(stores.offsets, options.config);
    this.#pending = new PendingOffsets(stores.pending, stores.offsets, options.verifyTransaction);
    const sessions = stores.members.sessions();
    this.#areSessionsStored = sessions !== null;
    this.#classic = this.#loadClassic(sessions ?? undefined);
  }

  /** What is to be called when, after a start. */
  get schedule(): Schedule {
    const { state } = this.#classic;
    const expiryMs = this.#pending.isEmpty ? this.#retention.deadlineMs : null;
    const deadlines = [this.#classic.nextDeadlineMs(), expiryMs].filter((deadlineMs) => deadlineMs !== null);
    return {
      deadlineMs: deadlines.length === 0 ? null : Math.min(...deadlines),
      isRebalancing: state === "PreparingRebalance" || state === "CompletingRebalance",
      hasUnstoredSessions: state === "Stable" && !this.#areSessionsStored,
    };
  }

  /** Calls that wait for an answer. */
  get parkedCount(): number {
    return this.#joins.count + this.#syncs.count;
  }

  /** Answers when the group's next generation begins, or at once with what the member must do instead. */
  async join(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    const { groupId, memberId } = request;
    let refused = checkGroupId(groupId) ?? checkJoin(request, this.#classicOptions);
    // Only somebody new makes a group. From the look at the store to the join nothing may come between, a deletion least of all.
    while (refused === null && memberId === "" && this.#stores.offsets.groupId() === null) {
      refused = await this.#lifecycle.run(() => this.#writeFirst(groupId, []));
    }
    if (refused !== null) return { ...refused, memberId };
    const { waiter, answered } = this.#joins.park();
    this.#run((nowMs) => this.#classic.join(request, waiter, nowMs));
    return answered;
  }

  /** Answers when the leader has brought the assignment. */
  async sync(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    const { waiter, answered } = this.#syncs.park();
    this.#run((nowMs) => this.#classic.sync(request, waiter, nowMs));
    return answered;
  }

  /** null: all is well. */
  heartbeat(request: HeartbeatRequest): null | Failure {
    return this.#run((nowMs) => this.#classic.heartbeat(request, nowMs));
  }

  /** One answer for each member, in order. */
  leave(request: LeaveGroupRequest): LeftMember[] {
    return this.#run((nowMs) => this.#classic.leave(request.members, nowMs));
  }

  /** One result for each offset, in order: null where it was written. The good ones are written together. */
  async commit(commit: GroupCommit): Promise<readonly (Failure | null)[] | Failure> {
    const refused =
      checkGroupId(commit.groupId) ?? checkCommitSize(commit.offsets) ?? this.#run((nowMs) => this.#classic.allowCommit(commit, nowMs));
    if (refused !== null) return refused;

    const { results, accepted } = this.#checkOffsets(commit.offsets);
    const unwritten = accepted.length > 0 ? await this.#write(commit.groupId, accepted) : null;
    return unwritten ?? results;
  }

  /** TxnOffsetCommit: as `commit`, but visible only once the transaction is committed. */
  async commitInTransaction(commit: TransactionalCommit): Promise<readonly (Failure | null)[] | Failure> {
    const refused = checkGroupId(commit.groupId) ?? checkCommitSize(commit.offsets);
    if (refused !== null) return refused;
    const transaction = await this.#pending.open(commit);
    if (isFailure(transaction)) return transaction;
    try {
      return await this.#putPending(commit, transaction);
    } finally {
      transaction.release();
    }
  }

  /** The transaction is decided: its offsets become visible, or go. Repeats, and a group that is gone, change nothing. */
  endTransaction(end: GroupTransactionEnd): void {
    this.#pending.end(end);
    if (this.#stores.offsets.groupId() !== null && this.#classic.state === "Empty") this.#retention.committed(this.#options.now());
    this.#options.schedule(this.schedule);
  }

  /** null: the group does not exist. */
  describe(): GroupSnapshot | null {
    const groupId = this.#stores.offsets.groupId();
    if (groupId === null) return null;
    const { state, memberIds, generationId } = this.#classic;
    const members = memberIds.map((memberId) => ({ memberId, memberEpoch: generationId }));
    return { groupId, state, members, offsets: this.#stores.offsets.offsets(), unstable: this.#pending.partitions() };
  }

  /** null: the group does not exist. */
  describeClassic(): ClassicGroupDescription | null {
    const groupId = this.#stores.offsets.groupId();
    return groupId === null ? null : this.#classic.describe(groupId);
  }

  /** null: the group does not exist. */
  listing(): GroupListing | null {
    const groupId = this.#stores.offsets.groupId();
    return groupId === null ? null : { groupId, state: this.#classic.state, protocolType: this.#classic.protocolType };
  }

  delete(groupId: string): Promise<null | Failure> {
    return this.#lifecycle.run(async () => checkGroupId(groupId) ?? this.#checkEmpty(groupId) ?? (await this.#remove(groupId)));
  }

  /** Does what has become due: members that were not heard, rebalances whose time is up, offsets that were kept long enough. */
  async expire(): Promise<void> {
    const nowMs = this.#options.now();
    this.#classic.expire(nowMs);
    this.#settle();
    const groupId = this.#stores.offsets.groupId();
    if (groupId !== null && this.#pending.isEmpty && this.#retention.expire(this.#classic, nowMs)) await this.#removeIfUnused(groupId);
    this.#options.schedule(this.schedule);
  }

  /** Stores when the sessions of a Stable group end: nobody was heard for a while, and the object may be put out of memory. */
  sleep(): void {
    if (!this.schedule.hasUnstoredSessions) return;
    this.#stores.members.putSessions(this.#classic.sessionDeadlines());
    this.#areSessionsStored = true;
  }

  #loadClassic(sessions?: ReadonlyMap<string, number>): ClassicGroup {
    const nowMs = this.#options.now();
    const stored = this.#stores.members.classicGroup();
    return stored === null
      ? ClassicGroup.empty(this.#classicOptions, nowMs)
      : ClassicGroup.restore(stored, this.#classicOptions, nowMs, sessions);
  }

  /** An operation of somebody who is heard by it: stored sessions are not the present ones any more. */
  #run<T>(operation: (nowMs: number) => T): T {
    if (this.#areSessionsStored) {
      this.#stores.members.clearSessions();
      this.#areSessionsStored = false;
    }
    const result = operation(this.#options.now());
    this.#settle();
    this.#options.schedule(this.schedule);
    return result;
  }

  #settle(): void {
    const { joins, syncs, isChanged } = this.#classic.takeEffects();
    if (isChanged) this.#store();
    for (const { waiter, answer } of joins) this.#joins.answer(waiter, answer);
    for (const { waiter, answer } of syncs) this.#syncs.answer(waiter, answer);
  }

  #store(): void {
    try {
      this.#stores.members.putClassicGroup(this.#classic.snapshot());
    } catch (error) {
      this.#options.broken(error);
      throw error;
    }
    this.#retention.membersChanged(this.#classic.emptySinceMs);
  }

  /** Between the last look at the group and the write nothing may come, a deletion least of all. */
  async #putPending(commit: TransactionalCommit, transaction: OpenTransaction): Promise<readonly (Failure | null)[] | Failure> {
    const { groupId, member } = commit;
    for (;;) {
      const refused = this.#run((nowMs) => this.#classic.allowCommit({ ...(member && { member }), isTransactional: true }, nowMs));
      if (refused !== null) return refused;
      if (this.#stores.offsets.groupId() !== null) break;
      const unreached = await this.#lifecycle.run(() => this.#writeFirst(groupId, []));
      if (unreached !== null) return unreached;
    }
    if (transaction.hasEnded()) return hasEnded(commit);
    const { results, accepted } = this.#checkOffsets(commit.offsets);
    if (accepted.length > 0) this.#pending.put(transaction, accepted);
    this.#options.schedule(this.schedule);
    return results;
  }

  #checkOffsets(offsets: readonly OffsetToCommit[]): { results: (Failure | null)[]; accepted: StoredOffset[] } {
    const results = offsets.map(checkOffset);
    const committedAtMs = this.#options.now();
    return { results, accepted: offsets.filter((_, index) => results[index] === null).map((offset) => ({ ...offset, committedAtMs })) };
  }

  async #write(groupId: string, offsets: readonly StoredOffset[]): Promise<null | Failure> {
    const unreached =
      this.#stores.offsets.groupId() === null
        ? await this.#lifecycle.run(() => this.#writeFirst(groupId, offsets))
        : this.#stores.offsets.putOffsets(groupId, offsets);
    if (!unreached) this.#pending.committed(offsets);
    if (this.#classic.state === "Empty") this.#retention.committed(this.#options.now());
    this.#options.schedule(this.schedule);
    return unreached ?? null;
  }

  async #writeFirst(groupId: string, offsets: readonly StoredOffset[]): Promise<null | Failure> {
    const isNew = this.#stores.offsets.groupId() === null;
    const unreached = isNew ? await reach(() => this.#register.registerGroup(groupId)) : null;
    if (unreached !== null) return unreached;
    this.#stores.offsets.putOffsets(groupId, offsets);
    if (isNew && offsets.length === 0) this.#store(); // since when it has had no members
    return null;
  }

  #checkEmpty(groupId: string): Failure | null {
    if (this.#classic.state === "Empty") return null;
    return failure("NON_EMPTY_GROUP", `Group '${groupId}' has ${this.#classic.memberIds.length} members.`);
  }

  /** Runs within the life cycle, and for an Empty group. */
  async #remove(groupId: string): Promise<null | Failure> {
    const existed = this.#stores.offsets.groupId() !== null;
    if (existed) await this.#clear();
    // Also where the group is gone: an earlier deletion may have ended here.
    const unreached = await reach(() => this.#register.unregisterGroup(groupId));
    return unreached ?? (existed ? null : failure("GROUP_ID_NOT_FOUND", `Group '${groupId}' does not exist.`));
  }

  async #clear(): Promise<void> {
    this.#classic.kill(this.#options.now());
    this.#retention.groupIsGone();
    try {
      this.#stores.members.clear();
      this.#stores.pending.clear();
      await this.#stores.offsets.clear();
      this.#options.cleared();
    } finally {
      this.#areSessionsStored = false;
      this.#classic = this.#loadClassic();
    }
  }

  /** Where the register cannot be reached the name stays, and the group's next life or deletion puts it right. */
  #removeIfUnused(groupId: string): Promise<null | Failure> {
    return this.#lifecycle.run(async () => {
      const isUnused = this.#classic.state === "Empty" && this.#stores.offsets.offsets().length === 0 && this.#pending.isEmpty;
      return isUnused ? this.#remove(groupId) : null;
    });
  }
}

/** Why the register could not be reached, or null. */
async function reach(call: () => Promise<void>): Promise<Failure | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return failure("COORDINATOR_NOT_AVAILABLE", `The cluster's list of groups cannot be reached right now: ${String(error)}`);
  }
}
