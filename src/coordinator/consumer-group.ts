// A consumer group (KIP-848) as a pure state machine: no clock, no timers, no storage, no calls of its own. Each operation gets the time,
// and answers at once; what it has changed, to be stored before the answer leaves, is fetched with `takeChanges`. `nextDeadlineMs` says when
// `expire` must be called; a call that comes later does no harm, it only keeps a silent member for longer.
//
//            a member joins                 a heartbeat computes the target           every member has reached it
//   Empty ------------------> Assigning ------------------------------> Reconciling ---------------------------> Stable
//     ^                          ^                                          |                                     |
//     |    nobody is left        |   members, subscriptions or topics change |                                     |
//     +--------------------------+-------------------------------------------+-------------------------------------+

import type { Failure } from "../common/errors.ts";
import type { ConsumerStore, ConsumerWrite } from "../storage/consumer-store.ts";
import type { StoredClassicGroup } from "../storage/group-store.ts";
import type { CommitRights } from "./classic-commit.ts";
import type {
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeftMember,
  MemberIdentity,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "./classic-messages.ts";
import type { SessionDeadlines } from "./classic-snapshot.ts";
import { heartbeatClassic, joinClassic, leaveClassic, syncClassic } from "./consumer-classic.ts";
import { allowConsumerCommit, allowConsumerOffsetFetch, checkPartitionCommit } from "./consumer-commit.ts";
import { isDowngradable, takeOver, toClassicGroup } from "./consumer-convert.ts";
import { describeConsumerGroup, namedPartitions, stateOf } from "./consumer-describe.ts";
import { heartbeat, isLeaving } from "./consumer-heartbeat.ts";
import { expireMembers, leaveByHeartbeat } from "./consumer-leave.ts";
import type {
  ConsumerGroupDescription,
  ConsumerGroupState,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
  NamedPartitions,
} from "./consumer-messages.ts";
import { restoreConsumerGroup, toWrite } from "./consumer-snapshot.ts";
import {
  bumpEpoch,
  type ConsumerGroupOptions,
  type ConsumerState,
  type ConsumerStep,
  emptyConsumerGroup,
  noChanges,
} from "./consumer-state.ts";
import type { Subscription } from "./group-interest.ts";
import type { Interest, TopicImage } from "./topic-image.ts";

export interface MemberAssignment {
  readonly assignment: readonly NamedPartitions[];
  /** The same, and what it is giving back. */
  readonly held: readonly NamedPartitions[];
  /** It is giving something back, or waits for more. */
  readonly isWaiting: boolean;
}

export const NO_ASSIGNMENT: MemberAssignment = { assignment: [], held: [], isWaiting: false };

export class ConsumerGroup {
  readonly #group: ConsumerState;
  readonly #options: ConsumerGroupOptions;
  #changes = noChanges();

  private constructor(group: ConsumerState, options: ConsumerGroupOptions) {
    this.#group = group;
    this.#options = options;
  }

  /** In the place of a classic group, whose members it takes over. The topics must be those that they know by name. */
  static upgrade(classic: StoredClassicGroup, topics: TopicImage, options: ConsumerGroupOptions, nowMs: number): ConsumerGroup {
    const group = new ConsumerGroup(emptyConsumerGroup(classic.generationId, nowMs), options);
    group.#group.topics = topics;
    takeOver(group.#step(nowMs), classic);
    Object.assign(group.#changes, { isGroupChanged: true, isImageChanged: true });
    return group;
  }

  /** The group as it was stored. */
  static restore(
    stored: NonNullable<ReturnType<ConsumerStore["load"]>>,
    options: ConsumerGroupOptions,
    nowMs: number,
    sessions?: SessionDeadlines,
  ): ConsumerGroup {
    return new ConsumerGroup(restoreConsumerGroup(stored, options, nowMs, sessions), options);
  }

  get state(): ConsumerGroupState {
    return stateOf(this.#group);
  }

  get memberCount(): number {
    return this.#group.members.size;
  }

  get groupEpoch(): number {
    return this.#group.groupEpoch;
  }

  /** Since when it has had no members (ms since the epoch), or null. */
  get emptySinceMs(): number | null {
    return this.#group.emptySinceMs;
  }

  get topics(): TopicImage {
    return this.#group.topics;
  }

  /** null: there is no such member. */
  memberEpoch(memberId: string): number | null {
    return this.#group.members.get(memberId)?.epoch ?? null;
  }

  /** The id of the member that has the static name; null: there is none. */
  staticMember(instanceId: string): string | null {
    return this.#group.staticMembers.get(instanceId) ?? null;
  }

  memberAssignment(memberId: string): MemberAssignment {
    const { members, topics } = this.#group;
    const member = members.get(memberId);
    if (member === undefined) return NO_ASSIGNMENT;
    const assignment = namedPartitions(member.assigned, topics);
    return { assignment, held: [...assignment, ...namedPartitions(member.revoking, topics)], isWaiting: member.state !== "Stable" };
  }

  /** What the members subscribe to, and one more subscription where given. */
  interest(more?: Subscription): Interest {
    return this.#group.interest.snapshot(more);
  }

  /** Whether a member subscribes to the topic, by name or by regular expression. */
  isSubscribedTo(topic: string): boolean {
    const { interest, topics } = this.#group;
    return interest.names.has(topic) || [...interest.snapshot().patterns].some((pattern) => topics.matching(pattern).includes(topic));
  }

  /** Takes the topics as they are now: others, or more partitions, are a reason to assign anew. */
  setTopics(topics: TopicImage, nowMs: number): void {
    const group = this.#group;
    const before = group.topics;
    if (before === topics) return;
    const isDifferent = topics.differs(before, group.interest.snapshot());
    group.topics = topics;
    if (!isDifferent && before.covers(topics.interest)) return; // fewer are asked for: what is stored will do
    this.#changes.isImageChanged = true;
    if (isDifferent) bumpEpoch(this.#step(nowMs));
  }

  /** @param request one that `checkHeartbeat` lets pass; the topics must cover what it subscribes to */
  heartbeat(request: ConsumerHeartbeat, nowMs: number): ConsumerHeartbeatAnswer {
    const step = this.#step(nowMs);
    return isLeaving(request) ? leaveByHeartbeat(step, request) : heartbeat(step, request);
  }

  /** The topics must cover what the member subscribes to. */
  joinClassic(request: JoinGroupRequest, nowMs: number): JoinGroupAnswer {
    return joinClassic(this.#step(nowMs), request);
  }

  syncClassic(request: SyncGroupRequest, nowMs: number): SyncGroupAnswer {
    return syncClassic(this.#step(nowMs), request);
  }

  heartbeatClassic(request: HeartbeatRequest, nowMs: number): Failure | null {
    return heartbeatClassic(this.#step(nowMs), request);
  }

  leaveClassic(members: readonly MemberIdentity[], nowMs: number): LeftMember[] {
    return leaveClassic(this.#step(nowMs), members);
  }

  /** Why the commit is refused, or null: then each partition is to be asked for. */
  allowCommit(commit: CommitRights, nowMs: number): Failure | null {
    return allowConsumerCommit(this.#step(nowMs), commit);
  }

  /** Why this partition of an allowed commit is refused, or null. */
  checkPartitionCommit(commit: CommitRights, topicId: string, partition: number): Failure | null {
    return checkPartitionCommit(this.#group, commit, topicId, partition);
  }

  /** Why a member may not fetch offsets, or null. */
  allowOffsetFetch(memberId: string, memberEpoch: number): Failure | null {
    return allowConsumerOffsetFetch(this.#group, memberId, memberEpoch);
  }

  /** A time at or before that at which `expire` has something to do (ms since the epoch); null: there is none. */
  nextDeadlineMs(): number | null {
    return this.#group.earliestDeadlineMs === Infinity ? null : this.#group.earliestDeadlineMs;
  }

  /** Removes whoever was not heard, or did not do its part in a rebalance. */
  expire(nowMs: number): void {
    if (this.#group.earliestDeadlineMs <= nowMs) expireMembers(this.#step(nowMs));
  }

  /** The classic members that are left as a classic group, or null: a member needs the consumer protocol, or there is none at all. */
  downgraded(maxSize: number, nowMs: number): StoredClassicGroup | null {
    return isDowngradable(this.#group, maxSize) ? toClassicGroup(this.#group, nowMs) : null;
  }

  describe(groupId: string): ConsumerGroupDescription {
    return describeConsumerGroup(groupId, this.#group);
  }

  /** What the operations since the last call have changed, or null. */
  takeChanges(): ConsumerWrite | null {
    const { isGroupChanged, isImageChanged, changed, removed } = this.#changes;
    if (!isGroupChanged && !isImageChanged && changed.size === 0 && removed.size === 0) return null;
    const write = toWrite(this.#group, this.#changes);
    this.#changes = noChanges();
    return write;
  }

  sessionDeadlines(): SessionDeadlines {
    return new Map([...this.#group.members.values()].map(({ memberId, sessionDeadlineMs }) => [memberId, sessionDeadlineMs]));
  }

  #step(nowMs: number): ConsumerStep {
    return { group: this.#group, options: this.#options, nowMs, changes: this.#changes };
  }
}
