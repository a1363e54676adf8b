// What a broker does, whoever asks: the interface between the doors (src/listeners) and the use cases beside this file. What is asked and
// answered is in messages/ and ports/, and beside the use cases. A refusal is a value (`Failure`); only bugs throw. Offsets, timestamps (ms)
// and sizes (bytes) are integers.

import type { ConsumerConfigDescription } from "../common/consumer-configs.ts";
import type { Failure } from "../common/errors.ts";
import type { AnswerRoom } from "./answer-room.ts";
import type { IngestSources } from "./ingest-sources.ts";
import type { FetchManyRequest, FetchManyResult, FetchRequest, TailRequest, TailStep } from "./messages/fetch.ts";
import type { GroupFetchRequest, GroupFetchResult } from "./messages/group-fetch.ts";
import type {
  CommitOffsetsRequest,
  CommitOffsetsResult,
  CommittedOffsets,
  GroupOffset,
  ResetOffsetsRequest,
  ResetOffsetsResult,
} from "./messages/offsets.ts";
import type { ProduceBatchesRequest, ProduceBatchesResult, ProduceRequest, ProduceResult } from "./messages/produce.ts";
import type { ListSegmentsRequest, ListSegmentsResult, VerifySegmentsRequest, VerifySegmentsResult } from "./messages/segments.ts";
import type { DeliveriesPage, DeliveriesRequest, ReplayRequest } from "./messages/subscriptions.ts";
import type { TierQuery, TopicDescription } from "./messages/topics.ts";
import type {
  AlterTopicRequest,
  ClassicGroupPort,
  ConsumerGroupPort,
  CreateTopicRequest,
  GroupDescription,
  GroupMember,
  GroupPage,
  IsolationLevel,
  LogOffsets,
  OffsetQuery,
  OffsetResult,
  PageRequest,
  ProducerDescription,
  ReadFailure,
  ReadResult,
  SubscriptionPage,
  SubscriptionPort,
  TopicMetadata,
  TopicPage,
  TxnMarker,
} from "./ports.ts";
import type { BatchFailure } from "./record-refusals.ts";
import type { ShareGroups } from "./share-groups.ts";
import type { Transactions } from "./transactions.ts";

export interface Broker {
  clusterId(): Promise<string>;

  listTopics(request: PageRequest): Promise<TopicPage>;
  createTopic(request: CreateTopicRequest): Promise<TopicMetadata | Failure>;
  topic(name: string): Promise<TopicMetadata | Failure>;
  /** UNKNOWN_TOPIC_ID where there is none, or not any more. */
  topicById(topicId: string): Promise<TopicMetadata | Failure>;
  describeTopic(name: string): Promise<TopicDescription | Failure>;
  alterTopic(name: string, request: AlterTopicRequest): Promise<TopicMetadata | Failure>;
  deleteTopic(name: string): Promise<TopicMetadata | Failure>;
  /** @param isolation read_uncommitted where absent */
  offset(topic: string, partition: number, query: OffsetQuery, isolation?: IsolationLevel): Promise<OffsetResult | Failure>;
  /** Where the local log begins, and what the archive ends with; -1 where there is nothing of it. */
  tierOffset(topic: string, partition: number, query: TierQuery): Promise<OffsetResult | Failure>;
  /** Kafka's DeleteRecords: deletes the records before an offset, -1 for the high watermark. */
  truncate(topic: string, partition: number, beforeOffset: number): Promise<LogOffsets | ReadFailure>;
  describeProducers(topic: string, partition: number): Promise<readonly ProducerDescription[] | Failure>;
  /** Ends transactions in a partition: an entry for each marker, in order, null or why it was not written. */
  writeTxnMarkers(topic: string, partition: number, markers: readonly TxnMarker[]): Promise<readonly (null | Failure)[] | Failure>;
  segments(request: ListSegmentsRequest): Promise<ListSegmentsResult | Failure>;
  /** Reads segments and proves them whole. What is damaged is in the result; a failure means that nothing could be checked. */
  verify(request: VerifySegmentsRequest): Promise<VerifySegmentsResult | ReadFailure>;

  produce(request: ProduceRequest): Promise<ProduceResult | Failure>;
  produceBatches(request: ProduceBatchesRequest): Promise<ProduceBatchesResult | BatchFailure>;
  createProducerId(): Promise<{ readonly producerId: number; readonly producerEpoch: number }>;

  /** For the answer to one fetch: to be left once it has gone out. */
  openAnswer(): AnswerRoom;
  fetch(request: FetchRequest): Promise<ReadResult | ReadFailure>;
  fetchMany(request: FetchManyRequest): Promise<FetchManyResult>;
  /** Yields each step as it comes, a failure last; returns when the signal aborts. */
  tail(request: TailRequest): AsyncIterable<TailStep>;

  /** The coordinator of a group's members by Kafka's classic protocol. */
  classicGroup(groupId: string): ClassicGroupPort;
  /** The coordinator of a group's members by Kafka's consumer protocol (KIP-848). */
  consumerGroup(groupId: string): Pick<ConsumerGroupPort, "consumerHeartbeat" | "describeConsumer">;
  /** Of the consumer group of this name, or as one would have them. */
  groupConfigs(groupId: string): Promise<readonly ConsumerConfigDescription[] | Failure>;
  /** See ConsumerGroupPort.alterConfigs. */
  alterGroupConfigs: ConsumerGroupPort["alterConfigs"];
  groupFetch(request: GroupFetchRequest): Promise<GroupFetchResult | Failure>;
  /** null: the member is out of its group. */
  removeMember(groupId: string, memberId: string): Promise<null | Failure>;
  commitOffsets(request: CommitOffsetsRequest): Promise<CommitOffsetsResult | Failure>;
  /** Of topics that are still there; none where the group does not exist. A member that is named is checked. */
  committedOffsets(groupId: string, member?: GroupMember): Promise<CommittedOffsets | Failure>;
  /** Kafka's OffsetDelete. In the order of the request. */
  deleteOffsets(
    groupId: string,
    offsets: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<CommitOffsetsResult | Failure>;
  listGroups(request: PageRequest): Promise<GroupPage>;
  describeGroup(groupId: string): Promise<(GroupDescription & { readonly offsets: readonly GroupOffset[] }) | Failure>;
  resetOffsets(request: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure>;
  deleteGroup(groupId: string): Promise<null | Failure>;

  readonly transactions: Transactions;
  /** A subscription by its name, whether there is one or not. */
  subscription(name: string): SubscriptionPort;
  listSubscriptions(request: PageRequest): Promise<SubscriptionPage>;
  /** What a pull from this subscription takes: the topics, of which some exist, that the share group of its name is to be pulled for. */
  pulledTopics(name: string): Promise<readonly string[] | Failure>;
  /** Moves a subscription's group in its topics: everything from there on is delivered again. */
  replaySubscription(request: ReplayRequest): Promise<ResetOffsetsResult | Failure>;
  /** A subscription's attempts, the newest first. */
  deliveries(request: DeliveriesRequest): Promise<DeliveriesPage | Failure>;

  readonly ingestSources: IngestSources;

  readonly shareGroups: ShareGroups;

  /** Lets work outlive the request that began it. */
  waitUntil(work: Promise<unknown>): void;
}
