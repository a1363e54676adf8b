// A group's members, whichever protocol they speak: what they ask, what is fetched for it before, and who waits for an answer. Which kind of
// group it is, and what of it is stored, is the matter of group-kind.ts.
//
// What an operation has changed is stored first, then whoever waits is answered. No operation on the group is interrupted: what has to be
// fetched for it is fetched before.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import type { GroupStore, StoredClassicGroup } from "../storage/group-store.ts";
import type { CommitRights } from "./classic-commit.ts";
import type { ClassicGroup } from "./classic-group.ts";
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
import { checkUpgrade, interestOf, subscriptionOf } from "./consumer-convert.ts";
import { type ConsumerGroup, type MemberAssignment, NO_ASSIGNMENT } from "./consumer-group.ts";
import { type ConsumerGroupDescription, type ConsumerHeartbeat, type ConsumerHeartbeatAnswer, JOIN_EPOCH } from "./consumer-messages.ts";
import { CONSUMER_PROTOCOL_TYPE } from "./consumer-subscription.ts";
import { NO_SUBSCRIPTION, type Subscription, toSubscription } from "./group-interest.ts";
import { GroupKind, type Kind, type MemberStores } from "./group-kind.ts";
import type { GroupState, GroupType } from "./group-messages.ts";
import { GroupTopics, type TopicSource } from "./group-topics.ts";
import { describeMembers, type GroupMemberDescription } from "./member-description.ts";
import { ParkedCalls } from "./parked-calls.ts";
import { type Interest, TopicImage } from "./topic-image.ts";

export interface GroupMembersOptions {
  /** ms since the epoch */
  readonly now: () => number;
  /** Never the same twice. */
  readonly randomId: () => string;
  /** The deployment's. */
  readonly config: GroupConfig;
  /** The same, with what was set for this group, which may change. */
  readonly ownConfig: () => GroupConfig;
  /** Called after every operation. */
  readonly operated: () => void;
  /** What outlives a restart has changed, and is stored. */
  readonly changed: () => void;
  /** What is in memory could not be stored: begin anew from the storage. */
  readonly broken: (error: unknown) => void;
}

export class GroupMembers {
  readonly #sessions: GroupStore;
  readonly #source: TopicSource;
  readonly #options: GroupMembersOptions;
  readonly #group: GroupKind;
  readonly #joins = new ParkedCalls<JoinGroupAnswer>();
  readonly #syncs = new ParkedCalls<SyncGroupAnswer>();
  #topics: GroupTopics;
  #areSessionsStored: boolean;
  /** When `expire` is to be called, or earlier (ms since the epoch). */
  #deadlineMs: number | null;

  constructor(stores: MemberStores, source: TopicSource, options: GroupMembersOptions) {
    this.#sessions = stores.members;
    this.#source = source;
    this.#options = options;
    const { now, config, ownConfig, randomId, changed, broken } = options;
    const sessions = stores.members.sessions();
    this.#areSessionsStored = sessions !== null;
    const kinds = { classic: { ...config, randomId }, consumer: { config: ownConfig, randomId } };
    this.#group = new GroupKind(stores, { now, ...kinds, changed, broken }, sessions ?? undefined);
    this.#topics = this.#newTopics();
    this.#deadlineMs = this.#nextDeadlineMs();
  }

  get type(): GroupType {
    return this.#kind.classic === undefined ? "consumer" : "classic";
  }

  get state(): GroupState {
    return (this.#kind.classic ?? this.#kind.consumer).state;
  }

  get isEmpty(): boolean {
    return this.#kind.classic === undefined ? this.#kind.consumer.memberCount === 0 : this.#kind.classic.state === "Empty";
  }

  get memberCount(): number {
    return this.#kind.classic?.memberIds.length ?? this.#kind.consumer!.memberCount;
  }

  /** "" where it never had members. */
  get protocolType(): string {
    return this.#kind.classic?.protocolType ?? CONSUMER_PROTOCOL_TYPE;
  }

  /** Since when it has had no members (ms since the epoch), or null. */
  get emptySinceMs(): number | null {
    return (this.#kind.classic ?? this.#kind.consumer).emptySinceMs;
  }

  /** Whether it ever had members: offsets of one that had not are kept by another rule. */
  get hadMembers(): boolean {
    return this.#kind.classic?.hadMembers ?? true;
  }

  /** When `expire` is to be called, or earlier (ms since the epoch). */
  get deadlineMs(): number | null {
    return this.#deadlineMs;
  }

  /** Clients wait for the deadline, and what is not stored must not be put out of memory. */
  get isRebalancing(): boolean {
    const state = this.#kind.classic?.state;
    return state === "PreparingRebalance" || state === "CompletingRebalance";
  }

  get hasUnstoredSessions(): boolean {
    const hasSessions = this.#kind.classic === undefined ? this.memberCount > 0 : this.#kind.classic.state === "Stable";
    return hasSessions && !this.#areSessionsStored;
  }

  /** Calls that wait for an answer. */
  get parkedCount(): number {
    return this.#joins.count + this.#syncs.count;
  }

  /** Of a consumer group: what it knows of its topics is to be fetched again. */
  areTopicsOld(): boolean {
    return this.#kind.consumer !== undefined && !this.#topics.isCurrent;
  }

  /** null: the group knows its topics. */
  refreshTopics(): Promise<Failure | null> {
    return this.#refreshTopics(NO_SUBSCRIPTION);
  }

  /** Fetches what the group must know for a JoinGroup. null: it is there. */
  prepareJoin(request: JoinGroupRequest): Promise<Failure | null> {
    return this.#refreshTopics(subscriptionOf(request));
  }

  isPreparedForJoin(request: JoinGroupRequest): boolean {
    return this.#kind.consumer === undefined || this.#knowsTopics(subscriptionOf(request));
  }

  /**
   * Answers when the group's next generation begins, or at once with what the member must do instead.
   * @param request one that the group is prepared for
   */
  join(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    if (this.#kind.consumer?.memberCount === 0) this.#becomeClassic(this.#kind.consumer);
    const { consumer, classic } = this.#kind;
    if (consumer !== undefined) return Promise.resolve(this.#runConsumer(consumer, (nowMs) => consumer.joinClassic(request, nowMs)));
    const { waiter, answered } = this.#joins.park();
    this.#run((nowMs) => classic.join(request, waiter, nowMs));
    return answered;
  }

  /** Answers when the leader has brought the assignment. */
  sync(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    const { consumer, classic } = this.#kind;
    if (consumer !== undefined) return Promise.resolve(this.#runConsumer(consumer, (nowMs) => consumer.syncClassic(request, nowMs)));
    const { waiter, answered } = this.#syncs.park();
    this.#run((nowMs) => classic.sync(request, waiter, nowMs));
    return answered;
  }

  /** null: all is well. */
  heartbeat(request: HeartbeatRequest): null | Failure {
    const { consumer, classic } = this.#kind;
    if (consumer !== undefined) return this.#runConsumer(consumer, (nowMs) => consumer.heartbeatClassic(request, nowMs));
    // In a Stable group it moves one deadline back and nothing else: looking for the next one would cost as much as the group is large.
    const isSteady = classic.state === "Stable";
    return this.#run((nowMs) => classic.heartbeat(request, nowMs), isSteady ? this.#deadlineMs : undefined);
  }

  /** One answer for each member, in order. */
  leave({ members }: LeaveGroupRequest): LeftMember[] {
    return this.#run((nowMs) => this.#kind.consumer?.leaveClassic(members, nowMs) ?? this.#kind.classic!.leave(members, nowMs));
  }

  /** Fetches what the group must know for a heartbeat of the consumer protocol. null: it is there. */
  prepareConsumerHeartbeat(request: ConsumerHeartbeat): Promise<Failure | null> {
    return this.#refreshTopics(subscriptionOfHeartbeat(request));
  }

  isPreparedForHeartbeat(request: ConsumerHeartbeat): boolean {
    return this.#knowsTopics(subscriptionOfHeartbeat(request));
  }

  /** @param request one that `checkHeartbeat` lets pass, and that the group is prepared for */
  consumerHeartbeat(request: ConsumerHeartbeat): ConsumerHeartbeatAnswer {
    return this.#run((nowMs) => {
      const consumer = this.#kind.consumer ?? this.#upgrade(request, nowMs);
      if (isFailure(consumer)) return consumer;
      consumer.setTopics(this.#topics.image, nowMs);
      return consumer.heartbeat(request, nowMs);
    });
  }

  /** Of a consumer group; null: it has no such member. */
  memberEpoch(memberId: string): number | null {
    return this.#kind.consumer?.memberEpoch(memberId) ?? null;
  }

  /** The id of the member that has the static name; null: there is none. */
  staticMember(instanceId: string): string | null {
    return (this.#kind.classic ?? this.#kind.consumer).staticMember(instanceId);
  }

  /** Of a member of a consumer group. */
  memberAssignment(memberId: string): MemberAssignment {
    return this.#kind.consumer?.memberAssignment(memberId) ?? NO_ASSIGNMENT;
  }

  /** Why the commit is refused, or null: then each partition is to be asked for. */
  allowCommit(commit: CommitRights): Failure | null {
    return this.#run((nowMs) => (this.#kind.classic ?? this.#kind.consumer).allowCommit(commit, nowMs));
  }

  /** Why this partition of an allowed commit is refused, or null. */
  checkPartitionCommit(commit: CommitRights, topicId: string, partition: number): Failure | null {
    return this.#kind.consumer?.checkPartitionCommit(commit, topicId, partition) ?? null;
  }

  /** Why a member may not fetch offsets, or null. A classic group asks for nothing. */
  allowOffsetFetch(memberId: string, memberEpoch: number): Failure | null {
    return this.#kind.consumer?.allowOffsetFetch(memberId, memberEpoch) ?? null;
  }

  /** Whether a member subscribes to the topic. */
  isSubscribedTo(topic: string): boolean {
    const { consumer, classic } = this.#kind;
    if (consumer !== undefined) return consumer.isSubscribedTo(topic);
    return classic.members().members.some((member) => subscriptionOf(member).names.includes(topic));
  }

  /** null: it is of the other kind. */
  describeClassic(groupId: string): ClassicGroupDescription | null {
    return this.#kind.classic?.describe(groupId) ?? null;
  }

  /** null: it is of the other kind. */
  describeConsumer(groupId: string): ConsumerGroupDescription | null {
    return this.#kind.consumer?.describe(groupId) ?? null;
  }

  /** In the order in which they came. */
  describeMembers(groupId: string): GroupMemberDescription[] {
    return describeMembers(this.#kind.consumer?.describe(groupId) ?? this.#kind.classic!.members());
  }

  /** Does what has become due: members that were not heard, rebalances whose time is up. */
  expire(): void {
    const nowMs = this.#options.now();
    (this.#kind.classic ?? this.#kind.consumer).expire(nowMs);
    this.#settle(nowMs);
  }

  /** Stores when the sessions end: nobody was heard for a while, and the object may be put out of memory. */
  sleep(): void {
    if (!this.hasUnstoredSessions) return;
    this.#sessions.putSessions((this.#kind.classic ?? this.#kind.consumer).sessionDeadlines());
    this.#areSessionsStored = true;
  }

  /** Stores a group that is new, or the present one once more. */
  store(): void {
    this.#group.storeClassic();
  }

  /** The group is being deleted: it answers nobody any more. */
  kill(): void {
    this.#kind.classic?.kill(this.#options.now());
    this.#group.clear();
  }

  /** The group was deleted, or could not be: begins anew from the storage. */
  reload(): void {
    this.#areSessionsStored = false;
    this.#group.reload();
    this.#topics = this.#newTopics();
    this.#deadlineMs = this.#nextDeadlineMs();
  }

  get #kind(): Kind {
    return this.#group.kind;
  }

  #newTopics(): GroupTopics {
    return new GroupTopics(this.#source, this.#options.now, this.#kind.consumer?.topics ?? TopicImage.EMPTY);
  }

  /** The topics that the members know by name, and those of one more subscription. */
  #interest(more: Subscription): Interest {
    return this.#kind.consumer?.interest(more) ?? interestOf(this.#kind.classic!.members(), more);
  }

  #refreshTopics(more: Subscription): Promise<Failure | null> {
    return this.#topics.refresh(() => this.#interest(more));
  }

  #knowsTopics(more: Subscription): boolean {
    return this.#topics.image.covers(this.#kind.consumer === undefined ? this.#interest(more) : asInterest(more));
  }

  /** An operation on a consumer group, with its topics as they are now. */
  #runConsumer<T>(consumer: ConsumerGroup, operation: (nowMs: number) => T): T {
    return this.#run((nowMs) => {
      consumer.setTopics(this.#topics.image, nowMs);
      return operation(nowMs);
    });
  }

  /**
   * An operation of somebody who is heard by it: stored sessions are not the present ones any more.
   * @param deadlineMs that of before, where it cannot have become earlier
   */
  #run<T>(operation: (nowMs: number) => T, deadlineMs?: number | null): T {
    if (this.#areSessionsStored) {
      this.#sessions.clearSessions();
      this.#areSessionsStored = false;
    }
    const nowMs = this.#options.now();
    const result = operation(nowMs);
    this.#settle(nowMs, deadlineMs);
    this.#options.operated();
    return result;
  }

  #settle(nowMs: number, deadlineMs?: number | null): void {
    this.#group.storeConsumer();
    const downgraded = this.#kind.consumer?.downgraded(this.#options.config.maxSize, nowMs);
    if (downgraded) this.#goOnAsClassic(downgraded).rebalance(nowMs);
    if (this.#kind.classic !== undefined) this.#settleClassic(this.#kind.classic);
    this.#deadlineMs = deadlineMs === undefined ? this.#nextDeadlineMs() : deadlineMs;
  }

  #nextDeadlineMs(): number | null {
    return (this.#kind.classic ?? this.#kind.consumer).nextDeadlineMs();
  }

  #settleClassic(classic: ClassicGroup): void {
    const { joins, syncs, isChanged } = classic.takeEffects();
    if (isChanged) this.store();
    for (const { waiter, answer } of joins) this.#joins.answer(waiter, answer);
    for (const { waiter, answer } of syncs) this.#syncs.answer(waiter, answer);
  }

  /** The group's members, if it has any, become members of a consumer group. */
  #upgrade({ memberEpoch }: ConsumerHeartbeat, nowMs: number): ConsumerGroup | Failure {
    const classic = this.#kind.classic!;
    const members = classic.members();
    const refused = checkUpgrade(members, this.#options.config.consumerMaxSize);
    if (refused !== null) return refused;
    if (memberEpoch !== JOIN_EPOCH) return failure("UNKNOWN_MEMBER_ID", "The group has no members of the consumer protocol.");
    classic.dissolve(nowMs);
    this.#settleClassic(classic);
    return this.#group.upgrade(members, this.#topics.image, nowMs);
  }

  #becomeClassic(consumer: ConsumerGroup): void {
    this.#group.becomeClassic(consumer);
    this.#topics = this.#newTopics();
  }

  #goOnAsClassic(stored: StoredClassicGroup): ClassicGroup {
    const classic = this.#group.goOnAsClassic(stored);
    this.#topics = this.#newTopics();
    return classic;
  }
}

function subscriptionOfHeartbeat({ subscribedTopicNames, subscribedTopicRegex }: ConsumerHeartbeat): Subscription {
  if (subscribedTopicNames === null && subscribedTopicRegex === null) return NO_SUBSCRIPTION;
  return toSubscription(subscribedTopicNames ?? [], subscribedTopicRegex);
}

function asInterest({ names, pattern }: Subscription): Interest {
  return { names: new Set(names), patterns: new Set(pattern === null ? [] : [pattern]) };
}
