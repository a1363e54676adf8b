// A group as the use cases need it: offsets, and members by each of the protocols.

import type { ConsumerConfigDescription } from "../../common/consumer-configs.ts";
import type { Failure } from "../../common/errors.ts";
import type {
  ClassicGroupDescription,
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "../../coordinator/classic-messages.ts";
import type { ConsumerGroupDescription, ConsumerHeartbeat, ConsumerHeartbeatAnswer } from "../../coordinator/consumer-messages.ts";
import type { GroupListing, GroupState, GroupType } from "../../coordinator/group-messages.ts";
import type { GroupMemberDescription } from "../../coordinator/member-description.ts";
import type { MemberPoll, MemberPolled } from "../../coordinator/member-poll.ts";
import type { OffsetDeletion } from "../../coordinator/offset-deletion.ts";
import type { GroupTransactionEnd, TransactionalCommit } from "../../coordinator/transaction-messages.ts";

export interface OffsetCommit {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 where not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface CommittedOffset extends OffsetCommit {
  readonly committedAtMs: number;
}

export interface GroupMember {
  readonly memberId: string;
  readonly memberEpoch: number;
}

export interface CommitRequest {
  readonly groupId: string;
  readonly offsets: readonly OffsetCommit[];
  readonly member?: GroupMember;
  /** Write even though the group has members. */
  readonly force?: boolean;
  /** The member commits only partitions that it has. */
  readonly isOwnerOnly?: boolean;
}

export interface GroupDescription {
  readonly groupId: string;
  readonly type: GroupType;
  readonly state: GroupState;
  readonly members: readonly GroupMemberDescription[];
  readonly offsets: readonly CommittedOffset[];
  /** Partitions with an offset that an open transaction will decide (KIP-447). */
  readonly unstable: readonly { readonly topicId: string; readonly topic: string; readonly partition: number }[];
}

export interface GroupPort {
  /** One entry per offset asked for, in order: null, or why it was not written. */
  commit(request: CommitRequest): Promise<readonly (Failure | null)[] | Failure>;
  /** null: the group does not exist. */
  describe(groupId: string): Promise<GroupDescription | null>;
  /** Deletes an empty group and its offsets. */
  delete(groupId: string): Promise<null | Failure>;
  /** As `commit`, inside a transaction that the group is part of: visible once that is committed. */
  commitInTransaction(request: TransactionalCommit): Promise<readonly (Failure | null)[] | Failure>;
  /** The transaction is decided. Repeats change nothing. */
  endTransaction(end: GroupTransactionEnd): Promise<null | Failure>;
}

export type {
  ClassicGroupDescription,
  ClassicGroupState,
  DescribedMember,
  GroupProtocol,
  HeartbeatRequest,
  JoinedGroup,
  JoinedMember,
  JoinFailure,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  MemberAssignment,
  MemberIdentity,
  SyncedGroup,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "../../coordinator/classic-messages.ts";

export type { GroupListing, GroupState } from "../../coordinator/group-messages.ts";

/** A commit as a member of a classic group makes it: `memberEpoch` is its generation id, -1 where it has none. */
export interface MemberCommitRequest extends CommitRequest {
  readonly member?: GroupMember & { readonly groupInstanceId?: string | null };
}

/** Failures are those of Kafka's JoinGroup, SyncGroup, Heartbeat and LeaveGroup. */
export interface ClassicGroupPort {
  /** Answers at once, or when the rebalance that it belongs to has brought everybody together: up to the rebalance timeout later. */
  join(request: JoinGroupRequest): Promise<JoinGroupAnswer>;
  /** Answers at once, or when the leader has brought the assignment. */
  sync(request: SyncGroupRequest): Promise<SyncGroupAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<null | Failure>;
  /** One entry for each member, in order. */
  leave(request: LeaveGroupRequest): Promise<readonly LeftMember[] | Failure>;
  commit(request: MemberCommitRequest): Promise<readonly (Failure | null)[] | Failure>;
  /** null: the group does not exist, or is a consumer group, and DescribeGroups says that it is Dead. */
  describeClassic(groupId: string): Promise<ClassicGroupDescription | null | Failure>;
  /** null: the group does not exist. */
  listing(groupId: string): Promise<GroupListing | null | Failure>;
}

export type {
  ConsumerGroupDescription,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
  TopicPartitions,
} from "../../coordinator/consumer-messages.ts";
export type { GroupMemberDescription, MemberPoll, MemberPolled, OffsetDeletion };

/** Failures are those of Kafka's ConsumerGroupHeartbeat, OffsetFetch and OffsetDelete. */
export interface ConsumerGroupPort {
  consumerHeartbeat(request: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer>;
  /** One call of a member that has no connection: commits, joins or goes on, and is told what it has. */
  poll(request: MemberPoll): Promise<MemberPolled | Failure>;
  /** null: the group does not exist, or is a classic one. */
  describeConsumer(groupId: string): Promise<ConsumerGroupDescription | null | Failure>;
  /** None where the group does not exist. A member that is named must be one, in its present epoch, if the group is a consumer group. */
  committedOffsets(groupId: string, member?: GroupMember): Promise<Pick<GroupDescription, "offsets" | "unstable"> | Failure>;
  /** One entry for each, in order: null, or why it was not deleted. */
  deleteOffsets(groupId: string, offsets: readonly OffsetDeletion[]): Promise<readonly (Failure | null)[] | Failure>;
  /** The configs of the group, or those that one of this name would have. */
  describeConfigs(groupId: string): Promise<readonly ConsumerConfigDescription[] | Failure>;
  /** Values by key; null: back to the deployment's. All of it, or INVALID_CONFIG and nothing. They outlive the group. */
  alterConfigs(groupId: string, changes: Readonly<Record<string, string | null>>, validateOnly: boolean): Promise<null | Failure>;
}
