// A group's coordinator: what is asked of a group, and who in it answers. The members are the matter of group-members.ts, the making and the
// deletion of the group that of group-life.ts; committed offsets, and when they expire, are here.

import type { ConsumerConfigDescription } from "../common/consumer-configs.ts";
import { type Failure, isFailure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import type { GroupConfigStore } from "../storage/group-config-store.ts";
import type { OffsetStore, StoredOffset } from "../storage/offset-store.ts";
import type { PendingOffsetStore } from "../storage/pending-offset-store.ts";
import type { Committer } from "./classic-commit.ts";
import { checkJoin } from "./classic-join.ts";
import type {
  ClassicGroupDescription,
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "./classic-messages.ts";
import { checkCommitSize, checkGroupId, checkOffset } from "./committed-offsets.ts";
import type { MemberAssignment } from "./consumer-group.ts";
import { checkHeartbeat, isLeaving } from "./consumer-heartbeat.ts";
import { type ConsumerGroupDescription, type ConsumerHeartbeat, type ConsumerHeartbeatAnswer, JOIN_EPOCH } from "./consumer-messages.ts";
import { DepartedMembers } from "./departed-members.ts";
import type { MemberStores } from "./group-kind.ts";
import { GroupLife, type GroupRegister, noSuchGroup } from "./group-life.ts";
import { GroupMembers } from "./group-members.ts";
import type { GroupCommit, GroupListing, GroupSnapshot } from "./group-messages.ts";
import { GroupRetention } from "./group-retention.ts";
import type { TopicSource } from "./group-topics.ts";
import { deletableOffsets, type OffsetDeletion } from "./offset-deletion.ts";
import { OwnConfigs } from "./own-configs.ts";
import { hasEnded, type OpenTransaction, PendingOffsets, type VerifyTransaction } from "./pending-offsets.ts";
import type { GroupTransactionEnd, TransactionalCommit } from "./transaction-messages.ts";

export interface GroupStores extends MemberStores {
  readonly offsets: OffsetStore;
  readonly pending: PendingOffsetStore;
  readonly configs: GroupConfigStore;
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
  readonly #offsets: OffsetStore;
  readonly #options: GroupCoordinatorOptions;
  readonly #life: GroupLife;
  readonly #retention: GroupRetention;
  readonly #pending: PendingOffsets;
  readonly #members: GroupMembers;
  readonly #departed = new DepartedMembers();
  readonly #configs: OwnConfigs;

  constructor(stores: GroupStores, register: GroupRegister & TopicSource, options: GroupCoordinatorOptions) {
    this.#offsets = stores.offsets;
    this.#options = options;
    this.#retention = new GroupRetention(stores.offsets, options.config);
    this.#pending = new PendingOffsets(stores.pending, stores.offsets, options.verifyTransaction);
    this.#configs = new OwnConfigs(stores.configs, options.config);
    this.#members = new GroupMembers(stores, register, {
      ...options,
      ownConfig: () => this.#configs.config,
      operated: () => options.schedule(this.schedule),
      changed: () => this.#retention.membersChanged(this.#members.emptySinceMs),
    });
    const { offsets, pending } = stores;
    const parts = { offsets, pending, members: this.#members, retention: this.#retention, configs: this.#configs };
    this.#life = new GroupLife(parts, register, options.cleared);
  }

  /** What is to be called when, after a start. */
  get schedule(): Schedule {
    const { deadlineMs, isRebalancing, hasUnstoredSessions } = this.#members;
    const expiryMs = this.#pending.isEmpty ? this.#retention.deadlineMs : null;
    const deadlines = [deadlineMs, expiryMs].filter((atMs) => atMs !== null);
    return { deadlineMs: deadlines.length === 0 ? null : Math.min(...deadlines), isRebalancing, hasUnstoredSessions };
  }

  /** Calls that wait for an answer. */
  get parkedCount(): number {
    return this.#members.parkedCount;
  }

  /** Answers when the group's next generation begins, or at once with what the member must do instead. */
  async join(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    const { groupId, memberId } = request;
    let refused = checkGroupId(groupId) ?? checkJoin(request, this.#options.config);
    if (refused === null && this.#members.areTopicsOld()) refused = await this.#members.refreshTopics();
    // Only somebody new makes a group. From this look at what there is to the join nothing may come between, a deletion least of all.
    for (;;) {
      if (refused !== null) return { ...refused, memberId };
      if (memberId === "" && this.#life.groupId === null) refused = await this.#life.begin(groupId);
      else if (!this.#members.isPreparedForJoin(request)) refused = await this.#members.prepareJoin(request);
      else return this.#members.join(request);
    }
  }

  /** Answers when the leader has brought the assignment. */
  async sync(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    return this.#members.sync(request);
  }

  /** null: all is well. */
  async heartbeat(request: HeartbeatRequest): Promise<null | Failure> {
    const refused = this.#members.areTopicsOld() ? await this.#members.refreshTopics() : null;
    return refused ?? this.#members.heartbeat(request);
  }

  /** One answer for each member, in order. */
  leave(request: LeaveGroupRequest): LeftMember[] {
    return this.#members.leave(request);
  }

  /** A heartbeat of the consumer protocol: joins, goes on, or leaves. */
  async consumerHeartbeat(request: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer> {
    const { groupId, memberEpoch } = request;
    let refused = checkGroupId(groupId) ?? checkHeartbeat(request);
    // Also who is not here yet: its first call may come after this one.
    if (refused === null && isLeaving(request)) this.#departed.note(request.memberId, this.#options.now());
    if (refused === null && this.#members.areTopicsOld()) refused = await this.#members.refreshTopics();
    for (;;) {
      if (refused !== null) return refused;
      if (memberEpoch === JOIN_EPOCH && this.#life.groupId === null) refused = await this.#life.begin(groupId);
      else if (!isLeaving(request) && !this.#members.isPreparedForHeartbeat(request)) {
        refused = await this.#members.prepareConsumerHeartbeat(request);
      } else return this.#members.consumerHeartbeat(request);
    }
  }

  /** Whether the member has left a short while ago. */
  hasLeft(memberId: string): boolean {
    return this.#departed.has(memberId, this.#options.now());
  }

  /** The id of the member that has the static name; null: there is none. */
  staticMember(instanceId: string): string | null {
    return this.#members.staticMember(instanceId);
  }

  /** The deployment's, with what was set for this group. */
  get config(): GroupConfig {
    return this.#configs.config;
  }

  /** Of the group, or of one that is made under this name. */
  describeConfigs(): ConsumerConfigDescription[] {
    return this.#configs.describe();
  }

  /** Changes the group's own configs, whether it is there or not. */
  alterConfigs(groupId: string, changes: Readonly<Record<string, string | null>>, validateOnly: boolean): null | Failure {
    return checkGroupId(groupId) ?? this.#configs.alter(changes, validateOnly);
  }

  /** Of a consumer group; null: it has no such member. */
  memberEpoch(memberId: string): number | null {
    return this.#members.memberEpoch(memberId);
  }

  /** Of a member of a consumer group. */
  memberAssignment(memberId: string): MemberAssignment {
    return this.#members.memberAssignment(memberId);
  }

  /** Whether a member of a consumer group has had the partition without a break since the epoch that it names. */
  hasSince(member: Committer, topicId: string, partition: number): boolean {
    return this.#members.checkPartitionCommit({ member, isOwnerOnly: true }, topicId, partition) === null;
  }

  /** null: none is committed. */
  committedOffset(topicId: string, partition: number): StoredOffset | null {
    return this.#offsets.offset(topicId, partition);
  }

  /** One result for each offset, in order: null where it was written. The good ones are written together. */
  async commit(commit: GroupCommit): Promise<readonly (Failure | null)[] | Failure> {
    const refused = checkGroupId(commit.groupId) ?? checkCommitSize(commit.offsets) ?? this.#members.allowCommit(commit);
    if (refused !== null) return refused;

    const { results, accepted } = this.#checkOffsets(commit);
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

  /**
   * The transaction is decided: its offsets become visible, or go. Repeats, and a group that is gone, change nothing.
   * @returns the offsets that became visible
   */
  endTransaction(end: GroupTransactionEnd): readonly StoredOffset[] {
    const visible = this.#pending.end(end);
    if (this.#life.groupId !== null && this.#members.isEmpty) this.#retention.committed(this.#options.now());
    this.#options.schedule(this.schedule);
    return visible;
  }

  /** null: the group does not exist. */
  describe(): GroupSnapshot | null {
    const groupId = this.#life.groupId;
    if (groupId === null) return null;
    const { type, state } = this.#members;
    return { groupId, type, state, members: this.#members.describeMembers(groupId), ...this.#offsetsNow() };
  }

  /** For a member, where one is named: it must be one, in its present epoch. */
  committedOffsets(member?: Committer): Pick<GroupSnapshot, "offsets" | "unstable"> | Failure {
    const refused = member === undefined ? null : this.#members.allowOffsetFetch(member.memberId, member.memberEpoch);
    return refused ?? this.#offsetsNow();
  }

  /** null: the group does not exist, or is of the other kind. */
  describeClassic(): ClassicGroupDescription | null {
    const groupId = this.#life.groupId;
    return groupId === null ? null : this.#members.describeClassic(groupId);
  }

  /** null: the group does not exist, or is of the other kind. */
  describeConsumer(): ConsumerGroupDescription | null {
    const groupId = this.#life.groupId;
    return groupId === null ? null : this.#members.describeConsumer(groupId);
  }

  /** null: the group does not exist. */
  listing(): GroupListing | null {
    const groupId = this.#life.groupId;
    const { type, state, protocolType } = this.#members;
    return groupId === null ? null : { groupId, type, state, protocolType };
  }

  /** Kafka's OffsetDelete. One result for each, in order: null where there is no such offset now. */
  deleteOffsets(groupId: string, offsets: readonly OffsetDeletion[]): readonly (Failure | null)[] | Failure {
    const invalid = checkGroupId(groupId) ?? checkCommitSize(offsets);
    if (invalid !== null) return invalid;
    if (this.#life.groupId === null) return noSuchGroup(groupId);
    const deletable = deletableOffsets(this.#members, offsets);
    if (isFailure(deletable)) return deletable;
    const going = offsets.filter((_, index) => deletable[index] === null);
    if (going.length > 0) this.#offsets.removeOffsets(going);
    return deletable;
  }

  /** Deletes the group if nobody is in it. */
  async delete(groupId: string): Promise<null | Failure> {
    return checkGroupId(groupId) ?? this.#life.end(groupId);
  }

  /** Does what has become due: members that were not heard, rebalances whose time is up, offsets that were kept long enough. */
  async expire(): Promise<void> {
    this.#members.expire();
    const groupId = this.#life.groupId;
    const now = this.#options.now();
    if (groupId !== null && this.#pending.isEmpty && this.#retention.expire(this.#members, now)) await this.#life.endIfUnused(groupId);
    this.#options.schedule(this.schedule);
  }

  /** Stores when the members' sessions end: nobody was heard for a while, and the object may be put out of memory. */
  sleep(): void {
    this.#members.sleep();
  }

  /** Makes the group where it is not there: without members or offsets. */
  async ensure(groupId: string): Promise<null | Failure> {
    return checkGroupId(groupId) ?? (this.#life.groupId === null ? this.#life.begin(groupId) : null);
  }

  /** Between the last look at the group and the write nothing may come, a deletion least of all. */
  async #putPending(commit: TransactionalCommit, transaction: OpenTransaction): Promise<readonly (Failure | null)[] | Failure> {
    const { groupId, member } = commit;
    for (;;) {
      const refused = this.#members.allowCommit({ ...(member && { member }), isTransactional: true });
      if (refused !== null) return refused;
      if (this.#life.groupId !== null) break;
      const unreached = await this.#life.begin(groupId);
      if (unreached !== null) return unreached;
    }
    if (transaction.hasEnded()) return hasEnded(commit);
    const { results, accepted } = this.#checkOffsets(commit);
    if (accepted.length > 0) this.#pending.put(transaction, accepted);
    this.#options.schedule(this.schedule);
    return results;
  }

  /** What of an allowed commit may be written, and why the others may not. */
  #checkOffsets(commit: GroupCommit): { results: (Failure | null)[]; accepted: StoredOffset[] } {
    const results = commit.offsets.map(
      (offset) => checkOffset(offset) ?? this.#members.checkPartitionCommit(commit, offset.topicId, offset.partition),
    );
    const committedAtMs = this.#options.now();
    return {
      results,
      accepted: commit.offsets.filter((_, index) => results[index] === null).map((offset) => ({ ...offset, committedAtMs })),
    };
  }

  #offsetsNow(): Pick<GroupSnapshot, "offsets" | "unstable"> {
    return { offsets: this.#offsets.offsets(), unstable: this.#pending.partitions() };
  }

  async #write(groupId: string, offsets: readonly StoredOffset[]): Promise<null | Failure> {
    const unreached = this.#life.groupId === null ? await this.#life.begin(groupId, offsets) : this.#offsets.putOffsets(groupId, offsets);
    if (!unreached) this.#pending.committed(offsets);
    if (this.#members.isEmpty) this.#retention.committed(this.#options.now());
    this.#options.schedule(this.schedule);
    return unreached ?? null;
  }
}
