// What a broker does, whoever asks: the interface between the doors (src/listeners) and the use cases beside this file.
// A refusal is a value (`Failure`); only bugs throw. Offsets, timestamps (ms) and sizes (bytes) are integers.

import type { ConsumerConfigDescription } from "../common/consumer-configs.ts";
import type { Failure } from "../common/errors.ts";
import type { Attempt } from "../subscription/attempt-log.ts";
import type { Compression } from "../wasm/compression.ts";
import type { AnswerRoom } from "./answer-room.ts";
import type { IngestSources } from "./ingest-sources.ts";
import type {
  AlterTopicRequest,
  ClassicGroupPort,
  CommittedOffset,
  ConsumerGroupPort,
  CreateTopicRequest,
  FetchStart,
  GroupDescription,
  GroupMember,
  GroupPage,
  IsolationLevel,
  LogOffsets,
  OffsetQuery,
  OffsetResult,
  OnceKey,
  PageRequest,
  PartitionDescription,
  ProducerDescription,
  ReadFailure,
  ReadResult,
  SegmentDescription,
  SubscriptionPage,
  SubscriptionPort,
  TopicMetadata,
  TopicPage,
  TxnMarker,
} from "./ports.ts";
import type { ReadAhead } from "./read-ahead.ts";
import type { BatchFailure } from "./record-refusals.ts";
import type { ShareGroups } from "./share-groups.ts";
import type { Transactions } from "./transactions.ts";
import type { WatchCache } from "./watch-cache.ts";

export type { Compression };

/** A record to write. Strings are stored as UTF-8. */
export interface ProduceRecord {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers?: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
  /** ms; now where absent. */
  readonly timestamp?: number;
  /** Chosen by the key, or one for the whole request, where absent. */
  readonly partition?: number;
}

/** The idempotent producer's place. The sequence numbers of each partition run on from baseSequence in the order of the records. */
export interface ProducerSequence {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** The records belong to this id's transaction. */
  readonly transactionalId?: string;
}

export interface ProduceRequest {
  readonly topic: string;
  readonly records: readonly ProduceRecord[];
  readonly compression: Compression;
  readonly producer?: ProducerSequence;
  /** Of a request of one record: it is written once within the window, a repeat is answered with the first one's place. */
  readonly once?: OnceKey;
}

/** What became of one partition's part of a produce. */
export interface ProducePartitionResult {
  readonly partition: number;
  readonly count: number;
  /** -1 when refused. */
  readonly baseOffset: number;
  /** ms, -1 unless the topic's timestamps are LogAppendTime. */
  readonly logAppendTimeMs: number;
  /** What `once` names was there already. */
  readonly isRepeat?: true;
  readonly failure?: Failure;
}

export interface ProduceResult {
  readonly results: readonly ProducePartitionResult[];
  /** In the order of the records; offset -1 when its partition or the record itself was refused. */
  readonly offsets: readonly { readonly partition: number; readonly offset: number }[];
  /** Records refused on their own account; the others went on without them. */
  readonly refused: readonly { readonly index: number; readonly failure: Failure }[];
}

export interface ProduceBatchesRequest {
  readonly topic: string;
  /** Only to the topic with this id, where it is given: not to one that was made again under the name. */
  readonly topicId?: string;
  readonly partition: number;
  /** One or more record batches (v2), end to end. */
  readonly batches: Uint8Array;
  /** Whose transaction the transactional ones among them belong to. */
  readonly transactionalId?: string;
  /** The producer has not added the partition to its transaction: its first batch there does. */
  readonly addsPartition?: boolean;
  /** The transaction has an epoch of its own (KIP-890, part 2). */
  readonly hasOwnEpoch?: boolean;
}

export interface ProduceBatchesResult {
  readonly baseOffset: number;
  readonly count: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}

export interface FetchRequest {
  readonly topic: string;
  readonly partition: number;
  readonly start: FetchStart;
  readonly maxBytes: number;
  readonly maxRecords?: number;
  /** Wait for this many bytes of batches, `maxWaitMs` at most. */
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** Of the answer, which gets what there is room for; as much as it asks for where absent. */
  readonly room?: AnswerRoom;
}

export interface FetchManyRequest {
  readonly partitions: readonly {
    readonly topic: string;
    /** Only of the topic with this id, where it is given: not of one that was made again under the name. */
    readonly topicId?: string;
    readonly partition: number;
    readonly start: FetchStart;
    readonly maxBytes?: number;
  }[];
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** Ends the wait: the fetch is answered with what there is. */
  readonly signal?: AbortSignal;
  /** Those of the client's fetches before, for this one to use and to add to. */
  readonly watches?: WatchCache;
  /** Likewise what is read ahead for the client. */
  readonly readAhead?: ReadAhead;
  /** See FetchRequest. */
  readonly room?: AnswerRoom;
}

export interface FetchManyResult {
  /** In the order of the request. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly result: ReadResult | ReadFailure }[];
}

/** A live tail of one or more partitions: reads that never end until it is closed. */
export interface TailRequest {
  readonly topic: string;
  /** All partitions of the topic where absent. */
  readonly partitions?: readonly { readonly partition: number; readonly start: FetchStart }[];
  /** Where `partitions` is absent. */
  readonly start: FetchStart;
  readonly isolation: IsolationLevel;
  readonly maxBytes: number;
  /** Ends the tail. */
  readonly signal: AbortSignal;
}

/** One step of a tail: what a partition holds next. Steps of one partition come in order. */
export interface TailStep {
  readonly partition: number;
  readonly result: ReadResult | ReadFailure;
}

export interface TopicDescription {
  readonly topic: TopicMetadata;
  readonly partitions: readonly (PartitionDescription | (Failure & { readonly partition: number }))[];
}

/** A page of a partition's segments. */
export interface ListSegmentsRequest {
  readonly topic: string;
  readonly partition: number;
  readonly limit: number;
  /** As ListSegmentsResult answered it. */
  readonly cursor?: string;
}

export interface ListSegmentsResult {
  readonly offsets: LogOffsets;
  readonly segments: readonly SegmentDescription[];
  /** null on the last page. */
  readonly nextCursor: string | null;
}

export interface VerifySegmentsRequest {
  readonly topic: string;
  readonly partition: number;
  /** Begin with the segment that holds this offset; the first where absent. */
  readonly fromOffset?: number;
  /** Go on where a verification stopped; goes before fromOffset. */
  readonly cursor?: string;
  /** Soft: no further read after this many bytes. */
  readonly maxBytes: number;
  /** Soft: no further read after this time (ms). */
  readonly maxMs: number;
}

/** What became of one copy of a segment. */
export interface VerifiedSegment {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** `missing`: offsets that no segment has. */
  readonly place: SegmentDescription["place"] | "missing";
  readonly copy: "archive" | "local" | null;
  /** Absent where it is whole. */
  readonly failure?: Failure;
}

export interface VerifySegmentsResult {
  /** No failure among `segments`. */
  readonly ok: boolean;
  /** Copies whose check was finished, in the order of their offsets. */
  readonly segments: readonly VerifiedSegment[];
  readonly checkedBytes: number;
  /** null: everything up to the high watermark was checked. */
  readonly nextCursor: string | null;
}

export interface CommitOffsetsRequest {
  readonly groupId: string;
  readonly offsets: readonly {
    readonly topic: string;
    /** Only of the topic with this id, where it is given: not of one that was made again under the name. */
    readonly topicId?: string;
    readonly partition: number;
    readonly offset: number;
    readonly metadata?: string;
    readonly leaderEpoch?: number;
  }[];
  readonly member?: GroupMember & { readonly groupInstanceId?: string | null };
  readonly force?: boolean;
  /** The member commits only partitions that it has. */
  readonly isOwnerOnly?: boolean;
}

export interface CommitOffsetsResult {
  /** In the order of the request. */
  readonly offsets: readonly { readonly topic: string; readonly partition: number; readonly failure?: Failure }[];
}

export interface CommittedOffsets {
  readonly offsets: readonly CommittedOffset[];
  /** Partitions that an open transaction will commit another offset for: a consumer may have to wait for its end (KIP-447). */
  readonly unstable: readonly { readonly topicId: string; readonly topic: string; readonly partition: number }[];
}

/** A fetch by a member of a group that has no connection. */
export interface GroupFetchRequest {
  readonly groupId: string;
  readonly topics: { readonly names: readonly string[] } | { readonly pattern: string };
  /** Absent for somebody new. One that is not known any more joins anew. */
  readonly memberId?: string;
  /** In which the member got what it commits. */
  readonly memberEpoch?: number;
  /** A static member's name. */
  readonly instanceId?: string;
  readonly clientId: string;
  readonly commit: CommitOffsetsRequest["offsets"];
  /** Whose records it is processing still: not to be given back by this call. */
  readonly owned?: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** Where to read on instead of at the committed offset, of partitions that it has had since its epoch. */
  readonly positions?: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
  /** Not to be read. */
  readonly paused?: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** It only shows itself: nothing is read. */
  readonly isHeartbeat?: boolean;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly sessionTimeoutMs?: number;
  readonly maxBytes?: number;
  readonly maxWaitMs: number;
  readonly isolation: IsolationLevel;
  /** The client is gone. */
  readonly signal?: AbortSignal;
  /** See FetchRequest. */
  readonly room?: AnswerRoom;
}

export interface GroupFetchResult {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly assignment: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /** In the order of the request. */
  readonly commits: CommitOffsetsResult["offsets"];
  /** Those of the assignment that were read. */
  readonly partitions: FetchManyResult["partitions"];
}

/** A committed offset and how far it is behind. */
export interface GroupOffset extends CommittedOffset {
  /** Records between the committed offset and the high watermark; null where the partition could not be asked. */
  readonly lag: number | null;
  readonly highWatermark: number | null;
}

export type ResetTarget =
  | "earliest"
  | "latest"
  | { readonly offset: number }
  | { readonly timestamp: number }
  | { readonly shiftBy: number };

export interface ResetOffsetsRequest {
  readonly groupId: string;
  readonly topic: string;
  /** All partitions where absent. */
  readonly partition?: number;
  readonly to: ResetTarget;
  readonly dryRun?: boolean;
}

export interface ResetOffsetsResult {
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    /** null: nothing was committed. */
    readonly from: number | null;
    readonly to: number;
    readonly failure?: Failure;
  }[];
}

/** Kafka's ListOffsets -4 and -5 (KIP-405). */
export type TierQuery = "earliestLocal" | "latestTiered";

export interface ReplayRequest {
  readonly name: string;
  /** All topics of the subscription where absent. */
  readonly topic?: string;
  /** All partitions where absent; goes with `topic`. */
  readonly partition?: number;
  readonly to: ResetTarget;
  readonly dryRun?: boolean;
}

export interface DeliveriesRequest {
  readonly name: string;
  readonly limit: number;
  /** As DeliveriesPage answered it. */
  readonly cursor?: string;
}

export interface LoggedAttempt extends Attempt {
  /** ms since the epoch */
  readonly timestamp: number;
}

export interface DeliveriesPage {
  readonly deliveries: readonly LoggedAttempt[];
  /** null: there are no older ones. */
  readonly nextCursor: string | null;
}

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
