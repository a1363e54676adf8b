// What the use cases need from the world: the cluster, the partitions and the groups, wherever they run. `src/objects/` implements
// these ports over Durable Object RPC, tests over memory. Everything that crosses a port is plain data (structured clone), and every
// byte run is an ArrayBuffer of exactly its length: RPC ships the whole buffer behind a view.

import type { Failure } from "../common/errors.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import type {
  ClassicGroupDescription,
  HeartbeatRequest,
  JoinGroupAnswer,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeftMember,
  SyncGroupAnswer,
  SyncGroupRequest,
} from "../coordinator/classic-messages.ts";
import type {
  AcknowledgeRequest,
  AcquiredRecords,
  AcquireRequest,
  SettleRequest,
  ShareGroupMembers,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  SharePartitionAddress,
  SharePartitionDescription,
  ShareTopic,
} from "../coordinator/share-messages.ts";
import type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  GroupTransactionEnd,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionalCommit,
  TransactionDescription,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "../coordinator/transaction-messages.ts";
import type { OnceKey } from "../log/once.ts";
import type { ProducerDescription, Unverified } from "../log/producer-state.ts";
import type { TxnMarker } from "../log/txn-marker.ts";
import type { AbortedTransaction } from "../record/aborted-batches.ts";

export type { AbortedTransaction, OnceKey, ProducerDescription, TxnMarker, Unverified };

import type { ConsumerGroupDescription, ConsumerHeartbeat, ConsumerHeartbeatAnswer } from "../coordinator/consumer-messages.ts";
import type { GroupListing, GroupType } from "../coordinator/group-coordinator.ts";
import type { GroupMemberDescription } from "../coordinator/member-description.ts";
import type { MemberPoll, MemberPolled } from "../coordinator/member-poll.ts";
import type { OffsetDeletion } from "../coordinator/offset-deletion.ts";
import type { IngestSourcesPort } from "../ingest/messages.ts";
import type { SubscriptionPort, SubscriptionsPort } from "./subscription-ports.ts";

// ---------------------------------------------------------------------------------------------------------------- cluster

export interface TopicMetadata {
  readonly name: string;
  /** UUID. A topic made again under a name has another one. */
  readonly topicId: string;
  readonly partitionCount: number;
  /** Only the configs that were set; defaults are in src/common/configs.ts. */
  readonly configs: Readonly<Record<string, string>>;
  /** Rises with every change of the topic. */
  readonly version: number;
  readonly createdAtMs: number;
}

export interface TopicPage {
  readonly topics: readonly TopicMetadata[];
  /** Pass as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly prefix?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface CreateTopicRequest {
  readonly name: string;
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Check everything, change nothing. */
  readonly validateOnly?: boolean;
}

export interface AlterTopicRequest {
  /** The new count: never less than the present one. */
  readonly partitions?: number;
  /** null resets a config to its default. */
  readonly configs?: Readonly<Record<string, string | null>>;
  readonly validateOnly?: boolean;
}

export interface ProducerIdBlock {
  readonly firstProducerId: number;
  readonly count: number;
}

export interface GroupPage {
  readonly groupIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface TransactionPage {
  readonly transactionalIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface ShareGroupPage {
  readonly groupIds: readonly string[];
  readonly nextCursor: string | null;
}

export interface ClusterPort {
  /** A UUID made at the first start. */
  clusterId(): Promise<string>;
  topic(name: string): Promise<TopicMetadata | null>;
  topicById(topicId: string): Promise<TopicMetadata | null>;
  listTopics(request: PageRequest): Promise<TopicPage>;
  createTopic(request: CreateTopicRequest): Promise<TopicMetadata | Failure>;
  alterTopic(name: string, request: AlterTopicRequest): Promise<TopicMetadata | Failure>;
  /** Answers when no partition of the topic takes or serves records any more. */
  deleteTopic(name: string): Promise<TopicMetadata | Failure>;
  allocateProducerIds(): Promise<ProducerIdBlock>;
  /** Makes the group show up in `listGroups`; a repeat changes nothing. */
  registerGroup(groupId: string): Promise<void>;
  unregisterGroup(groupId: string): Promise<void>;
  listGroups(request: PageRequest): Promise<GroupPage>;
  /** Makes the transactional id show up in `listTransactions`; a repeat changes nothing. */
  registerTransaction(transactionalId: string): Promise<void>;
  unregisterTransaction(transactionalId: string): Promise<void>;
  listTransactions(request: PageRequest): Promise<TransactionPage>;
  /** Makes the share group show up in `listShareGroups`; a repeat changes nothing. */
  registerShareGroup(groupId: string): Promise<void>;
  unregisterShareGroup(groupId: string): Promise<void>;
  listShareGroups(request: PageRequest): Promise<ShareGroupPage>;
}

// -------------------------------------------------------------------------------------------------------------- partition

/** Names a partition's log for good: a topic made again has another topic id, and so other partitions. */
export interface PartitionAddress {
  readonly topicId: string;
  readonly partition: number;
  /** TopicMetadata.version as the caller knows it: a partition that knows an older one reads its topic's configs again. */
  readonly topicVersion: number;
}

/** Where a fetch starts. `last` counts records back from the end; a timestamp means the first record at or after it (ms). */
export type FetchStart = number | "earliest" | "latest" | { readonly last: number } | { readonly timestamp: number };

export type IsolationLevel = "read_committed" | "read_uncommitted";

export interface AppendRequest extends PartitionAddress {
  /** One or more record batches, validated by the caller (src/wasm/record-batches.ts): written all or none. */
  readonly batches: ArrayBuffer;
  /** The guard of Unverified, once the transaction's coordinator has confirmed it (KIP-890). */
  readonly verification?: number;
  /** Written once within its window: a repeat is answered with the first one's offset. Of a run of one record, without a producer id. */
  readonly once?: OnceKey;
}

export interface AppendResult {
  /** Of the first record; of the first write when the producer repeated itself. */
  readonly baseOffset: number;
  /** What `once` names was there already. */
  readonly isRepeat?: true;
  /** When topic configs say LogAppendTime: the time written (ms), else -1. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  readonly leaderEpoch: number;
}

export interface ReadRequest extends PartitionAddress {
  readonly start: FetchStart;
  /** Soft: the first batch comes whole even if it is larger. */
  readonly maxBytes: number;
  /** Soft: no further batch once this many records at or after the start are there. */
  readonly maxRecords?: number;
  readonly isolation: IsolationLevel;
}

/** The offsets of a partition, as every answer about it carries them. */
export interface LogOffsets {
  readonly logStartOffset: number;
  /** Exclusive: the next offset to be written and durable. */
  readonly highWatermark: number;
  /** Exclusive: everything below is decided. */
  readonly lastStableOffset: number;
  readonly leaderEpoch: number;
}

export interface ReadResult extends LogOffsets {
  /** The start as an offset. */
  readonly startOffset: number;
  /** Where the next read goes on: after the last batch here, or startOffset when there is none. */
  readonly nextOffset: number;
  /** Whole batches; the first may begin before startOffset. */
  readonly batches: ArrayBuffer;
  /** With read_committed: those that have batches here, by their first offsets. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
}

/** The batches asked for are in a segment that only the archive has: the edge reads them there. */
export interface ArchivedRead extends LogOffsets {
  readonly startOffset: number;
  readonly archived: {
    /** Of the segment's object. */
    readonly key: string;
    /** Of a batch at or before the one with startOffset. */
    readonly position: number;
    /** Exclusive: behind a batch at or after the one with the last of the records asked for. */
    readonly endPosition: number;
    /** Of the whole segment. */
    readonly sizeBytes: number;
    /** Exclusive. */
    readonly endOffset: number;
    /** Exclusive: batches from here on are not for this read. */
    readonly readableEndOffset: number;
  };
  /** With read_committed: those that may have batches before `readableEndOffset`, by their first offsets. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
}

/** An offset out of range tells the range. */
export interface ReadFailure extends Failure {
  readonly offsets?: LogOffsets;
}

/** Kafka's ListOffsets. `maxTimestamp` is the record with the largest timestamp. */
export type OffsetQuery = "earliest" | "latest" | "maxTimestamp" | { readonly timestamp: number };

export interface OffsetResult extends LogOffsets {
  /** -1: no record at or after the timestamp. */
  readonly offset: number;
  /** Of the record found (ms), -1 where Kafka gives none (earliest, latest, not found). */
  readonly timestamp: number;
}

export interface PartitionDescription extends LogOffsets {
  readonly partition: number;
  readonly sizeBytes: number;
}

/**
 * A wait for records that a reader may see: up to the high watermark, or the last stable offset with read_committed. One open watch
 * lets an idle partition hibernate, however long it lasts.
 */
export interface PartitionWatch {
  /** false once the partition, or the way to it, is gone. */
  readonly isOpen: boolean;
  /**
   * Resolves true once that end is above `offset` or the watch is not open any more, false after `timeoutMs` or when the
   * signal aborts.
   */
  past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/** A subscription that is to be woken when a partition has more than it has seen. */
export interface WakeRequest {
  readonly subscription: string;
  readonly pastOffset: number;
  /** Not to be forgotten when the partition is put out of memory. */
  readonly isDurable: boolean;
}

export interface PartitionPort {
  /**
   * Batches that would begin a transaction are refused with Unverified: ask its coordinator (`TransactionPort.verify`), and append them
   * again with the guard.
   */
  append(request: AppendRequest): Promise<AppendResult | Failure | Unverified>;
  /**
   * Ends transactions in the partition: one entry for each marker, in order, null or why it was not written
   * (TRANSACTION_COORDINATOR_FENCED, INVALID_PRODUCER_EPOCH). A marker that changes nothing is answered null and not written.
   */
  writeTxnMarkers(address: PartitionAddress, markers: readonly TxnMarker[]): Promise<readonly (null | Failure)[] | Failure>;
  /** The producers that the partition remembers, by producer id. */
  describeProducers(address: PartitionAddress): Promise<readonly ProducerDescription[] | Failure>;
  read(request: ReadRequest): Promise<ReadResult | ArchivedRead | ReadFailure>;
  offset(address: PartitionAddress, query: OffsetQuery, isolation: IsolationLevel): Promise<OffsetResult | Failure>;
  describe(address: PartitionAddress): Promise<PartitionDescription | Failure>;
  watch(address: PartitionAddress, isolation: IsolationLevel): Promise<PartitionWatch | Failure>;
  /** Deletes the records before an offset; -1 stands for the high watermark. One below the log start changes nothing. */
  truncate(address: PartitionAddress, beforeOffset: number): Promise<LogOffsets | ReadFailure>;
  /** @returns the high watermark; above the offset of the request nothing was arranged */
  arm(address: PartitionAddress, request: WakeRequest): Promise<number | Failure>;
  /** Segments in the order of their offsets: a page of them, all where no page is named. */
  segments(address: PartitionAddress, page?: SegmentPage): Promise<readonly SegmentDescription[] | Failure>;
}

export interface SegmentPage {
  /** From the segment that holds this offset on, or the last before it where none does. */
  readonly fromOffset: number;
  readonly limit: number;
}

/** A segment as its manifest tells it. */
export interface SegmentDescription {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** ms, -1 where its records have no timestamps */
  readonly maxTimestamp: number;
  readonly place: "active" | "local" | "both" | "archived" | "deleting";
  readonly createdAtMs: number;
  /** -1 while it is active. */
  readonly sealedAtMs: number;
  /** Of all its bytes; null until it is archived. */
  readonly crc32c: number | null;
  /** Key of its log object; null where it is not archived. */
  readonly key: string | null;
  /** The same bytes as long as this is the same: how often it was compacted. */
  readonly generation: number;
  /** Its records were compacted: offsets may be missing. */
  readonly isCompacted: boolean;
}

// ---------------------------------------------------------------------------------------------------------------- archive

export interface ArchivePort {
  /**
   * Bytes of an object from `position` on, fewer at its end; null where there is no such object. Objects never change.
   * @param isUncached true: from the archive itself, past any cache
   */
  read(key: string, position: number, length: number, isUncached?: boolean): Promise<ArrayBuffer | null>;
}

// ------------------------------------------------------------------------------------------------------------------ group

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

/** Kafka's group states. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" | "Stable" | "Dead";

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

// ---------------------------------------------------------------------------------------------- members of a classic group

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
} from "../coordinator/classic-messages.ts";

export type { GroupListing } from "../coordinator/group-coordinator.ts";

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

// ------------------------------------------------------------------------------------------------------------ transaction

export type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  GroupTransactionEnd,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionalCommit,
  TransactionDescription,
  TransactionState,
  TransactionTopic,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "../coordinator/transaction-messages.ts";

/** The coordinator of one transactional id. Failures are those of Kafka's InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn. */
export interface TransactionPort {
  /** Fences every earlier producer, and aborts its transaction. */
  initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure>;
  /** All or none; those that are part of the transaction already change nothing. */
  addPartitions(request: AddPartitionsRequest): Promise<null | Failure>;
  addGroup(request: AddGroupRequest): Promise<null | Failure>;
  /** null: decided for good. Repeats change nothing. */
  end(request: EndTransactionRequest): Promise<null | Failure>;
  /** null: the partition is part of the producer's open transaction. */
  verify(request: VerifyPartitionRequest): Promise<null | Failure>;
  verifyGroup(request: VerifyGroupRequest): Promise<VerifiedTransaction | Failure>;
  /** null: nobody uses the transactional id. */
  describe(): Promise<TransactionDescription | null | Failure>;
}

// --------------------------------------------------------------------------------------------- members of a consumer group

export type {
  ConsumerGroupDescription,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
  TopicPartitions,
} from "../coordinator/consumer-messages.ts";
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
}

// ------------------------------------------------------------------------------------------------------------ share group

export type {
  AcknowledgementBatch,
  AcknowledgeRequest,
  AcknowledgeType,
  AcquiredRecords,
  AcquireRequest,
  LoadedRecords,
  Settlement,
  SettlementAction,
  SettleRequest,
  ShareGroupMembers,
  ShareGroupView,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  ShareLoad,
  SharePartitionAddress,
  SharePartitionDescription,
  ShareTopic,
} from "../coordinator/share-messages.ts";

/** The settings of a share group, and what it consumes. */
export interface ShareGroupPort {
  /** null: there is no such group. */
  view(): Promise<ShareGroupView | null | Failure>;
  /** Makes the group where it is not there, with these settings and the default for others. */
  ensure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure>;
  /** Changes settings; makes the group where it is not there. */
  configure(groupId: string, settings: Partial<ShareSettings>): Promise<ShareGroupView | Failure>;
  /** Every partition of the topic has its start offset once this is answered. */
  subscribe(groupUuid: string, topic: ShareTopic): Promise<null | Failure>;
  /** null: the group is there, under this UUID. */
  confirm(groupUuid: string): Promise<null | Failure>;
  /** NON_EMPTY_GROUP while it has members. */
  delete(groupId: string): Promise<null | Failure>;
  /** A member joins, which makes the group where it is not there, stays, or leaves. */
  heartbeat(request: ShareHeartbeat): Promise<ShareHeartbeatAnswer>;
  /** null: there is no such group. */
  members(): Promise<ShareGroupMembers | null | Failure>;
}

/** A wait for records of a share partition that may be handed out again. */
export interface ShareWatch extends PartitionWatch {
  /** Rises each time that there may be some: `past(endOffset, …)` waits for the next time. */
  readonly endOffset: number;
}

/** One partition of a topic as one share group consumes it. */
export interface SharePartitionPort {
  acquire(request: AcquireRequest): Promise<AcquiredRecords | Failure>;
  /** One entry for each settlement, in order: null, or why it was refused. */
  settle(request: SettleRequest): Promise<readonly (null | Failure)[] | Failure>;
  /** All of it counts, or nothing. */
  acknowledge(request: AcknowledgeRequest): Promise<null | Failure>;
  /** Whoever acquired under this token is gone. */
  release(token: number): Promise<null | Failure>;
  reset(address: SharePartitionAddress, offset: number): Promise<null | Failure>;
  /** null: nobody consumes it. */
  describe(): Promise<SharePartitionDescription | null | Failure>;
  watch(): Promise<ShareWatch | Failure>;
}

// -------------------------------------------------------------------------------------------------------------------- all

export type { SubscriptionPage, SubscriptionPort, SubscriptionsPort } from "./subscription-ports.ts";

export interface Ports {
  readonly cluster: ClusterPort;
  partition(topicId: string, partition: number): PartitionPort;
  group(groupId: string): GroupPort & ClassicGroupPort & ConsumerGroupPort;
  transaction(transactionalId: string): TransactionPort;
  subscription(name: string): SubscriptionPort;
  readonly subscriptions: SubscriptionsPort;
  readonly ingestSources: IngestSourcesPort;
  shareGroup(groupId: string): ShareGroupPort;
  sharePartition(groupUuid: string, topicId: string, partition: number): SharePartitionPort;
  /** null: nothing is ever archived. */
  readonly archive: ArchivePort | null;
  /** Lets work outlive the request that began it. */
  waitUntil(work: Promise<unknown>): void;
}
