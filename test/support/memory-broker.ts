// A whole broker in memory: the twin that the listeners are tested against. It keeps the promises of `Broker` with the simplest means, and
// stores real record batches, uncompressed.

import { type AnswerRoom, AnswerRooms } from "../../src/broker/answer-room.ts";
import type { Broker } from "../../src/broker/broker.ts";
import type { FetchManyRequest, FetchManyResult, FetchRequest, TailRequest, TailStep } from "../../src/broker/messages/fetch.ts";
import type { GroupFetchRequest, GroupFetchResult } from "../../src/broker/messages/group-fetch.ts";
import type {
  CommitOffsetsRequest,
  CommitOffsetsResult,
  CommittedOffsets,
  ResetOffsetsRequest,
  ResetOffsetsResult,
  ResetTarget,
} from "../../src/broker/messages/offsets.ts";
import type {
  ProduceBatchesRequest,
  ProduceBatchesResult,
  ProduceRecord,
  ProduceRequest,
  ProduceResult,
} from "../../src/broker/messages/produce.ts";
import type {
  ListSegmentsRequest,
  ListSegmentsResult,
  VerifySegmentsRequest,
  VerifySegmentsResult,
} from "../../src/broker/messages/segments.ts";
import type { DeliveriesPage, DeliveriesRequest, ReplayRequest } from "../../src/broker/messages/subscriptions.ts";
import type { TierQuery, TopicDescription } from "../../src/broker/messages/topics.ts";
import { isPulled } from "../../src/broker/ports/subscription.ts";
import type * as Ports from "../../src/broker/ports.ts";
import { pulledTopics, replaySubscription } from "../../src/broker/subscriptions.ts";
import { type Failure, failure, isFailure } from "../../src/common/errors.ts";
import { readGroupConfigs } from "../../src/common/group-configs.ts";
import { OwnConfigs } from "../../src/coordinator/own-configs.ts";
import { MemoryGroupConfigStore } from "../../src/storage/memory-group-config-store.ts";
import { memoryIngestSources } from "./memory-ingest-sources.ts";
import { MemoryPartition } from "./memory-partition.ts";
import { MemoryShareGroups } from "./memory-share-groups.ts";
import { MemorySubscriptions } from "./memory-subscriptions.ts";
import { MemoryTransactions } from "./memory-transactions.ts";
import { encodePlainBatch, type PlainRecord } from "./plain-batches.ts";

interface MemoryTopic {
  metadata: Ports.TopicMetadata;
  readonly partitions: MemoryPartition[];
}

interface MemoryGroup {
  readonly offsets: Map<string, Ports.CommittedOffset>;
  members: Ports.GroupMember[];
}

export class MemoryBroker implements Broker {
  readonly topics = new Map<string, MemoryTopic>();
  readonly groups = new Map<string, MemoryGroup>();
  readonly transactions = new MemoryTransactions(() => this.producerIds++);
  readonly shares = new MemoryShareGroups(this);
  readonly shareGroups = this.shares.groups;
  readonly #configsOfGroups = new Map<string, OwnConfigs>();
  readonly subscriptions = new MemorySubscriptions(this, this.shares);
  readonly ingestSources = memoryIngestSources(this);
  /** Of records that were written once: their results. */
  private readonly once = new Map<string, ProduceResult>();
  /** What was handed to waitUntil. */
  readonly background: Promise<unknown>[] = [];
  private readonly answerRooms = new AnswerRooms(Date.now);
  private producerIds = 0;
  private topicCount = 0;

  async clusterId(): Promise<string> {
    return "7d6e0b1c-2f9c-4c6e-8b9e-3d1f0a5b7c11";
  }

  openAnswer(): AnswerRoom {
    return this.answerRooms.open();
  }

  // ------------------------------------------------------------------------------------------------------------- topics

  async listTopics(request: Ports.PageRequest): Promise<Ports.TopicPage> {
    const { page, nextCursor } = pageOf([...this.topics.keys()], request);
    return { topics: page.map((name) => this.topics.get(name)!.metadata), nextCursor };
  }

  async createTopic({
    name,
    partitions = 1,
    configs = {},
    validateOnly,
  }: Ports.CreateTopicRequest): Promise<Ports.TopicMetadata | Failure> {
    if (this.topics.has(name)) return failure("TOPIC_ALREADY_EXISTS", `Topic ${name} exists already.`);
    const bad = badConfig(configs);
    if (bad !== undefined) return bad;
    const topicId = `00000000-0000-4000-8000-${String(this.topicCount++).padStart(12, "0")}`;
    const metadata = { name, topicId, partitionCount: partitions, configs, version: 1, createdAtMs: Date.now() };
    if (!validateOnly) this.topics.set(name, { metadata, partitions: Array.from({ length: partitions }, () => new MemoryPartition()) });
    return metadata;
  }

  async topic(name: string): Promise<Ports.TopicMetadata | Failure> {
    return this.topics.get(name)?.metadata ?? unknownTopic(name);
  }

  async topicById(topicId: string): Promise<Ports.TopicMetadata | Failure> {
    const found = [...this.topics.values()].find(({ metadata }) => metadata.topicId === topicId);
    return found?.metadata ?? failure("UNKNOWN_TOPIC_ID", `No topic has the id ${topicId}.`);
  }

  async describeTopic(name: string): Promise<TopicDescription | Failure> {
    const topic = this.topics.get(name);
    if (topic === undefined) return unknownTopic(name);
    const partitions = topic.partitions.map((one, partition) => ({ partition, ...one.offsets, sizeBytes: one.sizeBytes }));
    return { topic: topic.metadata, partitions };
  }

  async alterTopic(
    name: string,
    { partitions, configs = {}, validateOnly }: Ports.AlterTopicRequest,
  ): Promise<Ports.TopicMetadata | Failure> {
    const topic = this.topics.get(name);
    if (topic === undefined) return unknownTopic(name);
    const { metadata } = topic;
    if (partitions !== undefined && partitions < metadata.partitionCount) return failure("INVALID_PARTITIONS", "There are more already.");
    const merged = Object.entries({ ...metadata.configs, ...configs }).filter((entry): entry is [string, string] => entry[1] !== null);
    const bad = badConfig(Object.fromEntries(merged));
    if (bad !== undefined) return bad;
    const partitionCount = partitions ?? metadata.partitionCount;
    const changed = { ...metadata, partitionCount, configs: Object.fromEntries(merged), version: metadata.version + 1 };
    if (validateOnly) return changed;
    topic.metadata = changed;
    while (topic.partitions.length < partitionCount) topic.partitions.push(new MemoryPartition());
    return changed;
  }

  async deleteTopic(name: string): Promise<Ports.TopicMetadata | Failure> {
    const topic = this.topics.get(name);
    if (topic === undefined) return unknownTopic(name);
    this.topics.delete(name);
    for (const partition of topic.partitions) partition.wake();
    return topic.metadata;
  }

  async offset(topic: string, partition: number, query: Ports.OffsetQuery): Promise<Ports.OffsetResult | Failure> {
    const log = this.partition(topic, partition);
    return isFailure(log) ? log : log.offset(query);
  }

  /** Everything is local. */
  async tierOffset(topic: string, partition: number, query: TierQuery): Promise<Ports.OffsetResult | Failure> {
    const earliest = await this.offset(topic, partition, "earliest");
    return isFailure(earliest) || query === "earliestLocal" ? earliest : { ...earliest, offset: -1 };
  }

  async truncate(topic: string, partition: number, beforeOffset: number): Promise<Ports.LogOffsets | Ports.ReadFailure> {
    const log = this.partition(topic, partition);
    if (isFailure(log)) return log;
    const { highWatermark, logStartOffset } = log;
    const before = beforeOffset === -1 ? highWatermark : beforeOffset;
    if (before > highWatermark) return { ...failure("OFFSET_OUT_OF_RANGE", `It ends at ${highWatermark}.`), offsets: log.offsets };
    if (before > logStartOffset) log.truncate(before);
    return log.offsets;
  }

  /** It remembers none. */
  async describeProducers(topic: string, partition: number): Promise<readonly Ports.ProducerDescription[] | Failure> {
    const log = this.partition(topic, partition);
    return isFailure(log) ? log : [];
  }

  /** No transaction is ever open here, so that a marker changes nothing. */
  async writeTxnMarkers(topic: string, partition: number, markers: readonly Ports.TxnMarker[]): Promise<readonly null[] | Failure> {
    const log = this.partition(topic, partition);
    return isFailure(log) ? log : markers.map(() => null);
  }

  async segments({ topic, partition, cursor }: ListSegmentsRequest): Promise<ListSegmentsResult | Failure> {
    const log = this.partition(topic, partition);
    if (isFailure(log)) return log;
    if (cursor !== undefined) return failure("INVALID_REQUEST", "There is only one page.");
    return { offsets: log.offsets, segments: [log.segment], nextCursor: null };
  }

  async verify(request: VerifySegmentsRequest): Promise<VerifySegmentsResult | Ports.ReadFailure> {
    const log = this.partition(request.topic, request.partition);
    if (isFailure(log)) return log;
    if (request.cursor !== undefined) return failure("INVALID_REQUEST", "There is only one page.");
    const { fromOffset = log.logStartOffset } = request;
    const start = log.read(fromOffset, 1);
    if (isFailure(start)) return start;
    const { baseOffset, endOffset, sizeBytes, place } = log.segment;
    const segment = { baseOffset, endOffset, sizeBytes, place, copy: "local" } as const;
    const problem = log.damage === undefined ? {} : { failure: log.damage };
    return { ok: log.damage === undefined, segments: [{ ...segment, ...problem }], checkedBytes: sizeBytes, nextCursor: null };
  }

  /** For tests that look behind the API, or break something. */
  partition(topic: string, partition: number): MemoryPartition | Failure {
    const found = this.topics.get(topic)?.partitions[partition];
    return found ?? failure("UNKNOWN_TOPIC_OR_PARTITION", `There is no partition ${partition} of topic ${topic}.`);
  }

  // ------------------------------------------------------------------------------------------------------------ records

  async produce({ once, ...request }: ProduceRequest): Promise<ProduceResult | Failure> {
    if (once === undefined) return this.produceAll(request);
    const digest = `${request.topic} ${once.digest}`;
    const known = this.once.get(digest);
    if (known !== undefined) return { ...known, results: known.results.map((result) => ({ ...result, isRepeat: true })) };
    const produced = await this.produceAll(request);
    if (!isFailure(produced) && produced.results[0]?.failure === undefined) this.once.set(digest, produced);
    return produced;
  }

  private async produceAll({ topic, records }: ProduceRequest): Promise<ProduceResult | Failure> {
    const found = this.topics.get(topic);
    if (found === undefined) return unknownTopic(topic);
    const places = records.map((record) => record.partition ?? partitionOfKey(record.key, found.partitions.length));
    const offsets = places.map((partition) => ({ partition, offset: -1 }));
    const results = [...new Set(places)]
      .sort((a, b) => a - b)
      .map((partition) => {
        const indices = places.flatMap((place, index) => (place === partition ? index : []));
        const log = this.partition(topic, partition);
        const batch = encodePlainBatch(
          0,
          indices.map((index) => plainRecord(records[index]!)),
        );
        const appended = isFailure(log) ? log : log.append(batch);
        const refused = { partition, count: indices.length, baseOffset: -1, logAppendTimeMs: -1 };
        if (isFailure(appended)) return { ...refused, failure: appended };
        for (const [i, index] of indices.entries()) offsets[index]!.offset = appended.baseOffset + i;
        return { ...refused, baseOffset: appended.baseOffset };
      });
    return { results, offsets, refused: [] };
  }

  async produceBatches({ topic, partition, batches }: ProduceBatchesRequest): Promise<ProduceBatchesResult | Failure> {
    const log = this.partition(topic, partition);
    if (isFailure(log)) return log;
    try {
      const appended = log.append(batches);
      return isFailure(appended) ? appended : { ...appended, logAppendTimeMs: -1, logStartOffset: log.logStartOffset };
    } catch (error) {
      return failure("CORRUPT_MESSAGE", (error as Error).message);
    }
  }

  async createProducerId() {
    return { producerId: this.producerIds++, producerEpoch: 0 };
  }

  async fetch(request: FetchRequest & Pick<FetchManyRequest, "signal">): Promise<Ports.ReadResult | Ports.ReadFailure> {
    const log = this.partition(request.topic, request.partition);
    if (isFailure(log)) return log;
    const start = log.read(request.start, request.maxBytes);
    if (isFailure(start) || start.batches.byteLength >= request.minBytes || request.maxWaitMs === 0) return start;
    await log.changed(request.maxWaitMs, request.signal);
    return log.read(start.startOffset, request.maxBytes);
  }

  async fetchMany({ partitions, ...request }: FetchManyRequest): Promise<FetchManyResult> {
    const reads = partitions.map(async ({ topic, topicId, partition, start, maxBytes = request.maxBytes }) => {
      const isOther = topicId !== undefined && topicId !== this.topics.get(topic)?.metadata.topicId;
      return {
        topic,
        partition,
        result: isOther ? unknownTopic(topic) : await this.fetch({ ...request, topic, partition, start, maxBytes }),
      };
    });
    return { partitions: await Promise.all(reads) };
  }

  async *tail(request: TailRequest): AsyncGenerator<TailStep> {
    const count = this.topics.get(request.topic)?.partitions.length ?? 0;
    const all = Array.from({ length: count }, (_, partition) => ({ partition, start: request.start }));
    const places = (request.partitions ?? all).map((place) => ({ ...place }));
    while (!request.signal.aborted) {
      let idle = true;
      for (const place of places) {
        const log = this.partition(request.topic, place.partition);
        const result = isFailure(log) ? log : log.read(place.start, request.maxBytes);
        if (isFailure(result)) {
          yield { partition: place.partition, result };
          return;
        }
        place.start = result.nextOffset;
        if (result.batches.byteLength === 0) continue;
        idle = false;
        yield { partition: place.partition, result };
      }
      if (idle) await this.anyChange(request.topic, request.signal);
    }
  }

  private async anyChange(topic: string, signal: AbortSignal): Promise<void> {
    const partitions = this.topics.get(topic)?.partitions ?? [];
    await Promise.race(partitions.map((partition) => partition.changed(Number.POSITIVE_INFINITY, signal)));
  }

  // ------------------------------------------------------------------------------------------------------------- groups

  async commitOffsets({ groupId, offsets, member, force }: CommitOffsetsRequest): Promise<CommitOffsetsResult | Failure> {
    const group = this.groups.get(groupId) ?? { offsets: new Map(), members: [] };
    if (member === undefined && !force && group.members.length > 0) return failure("NON_EMPTY_GROUP", "Use force=true.");
    if (member !== undefined && !group.members.some(({ memberId }) => memberId === member.memberId)) {
      return failure("UNKNOWN_MEMBER_ID", `There is no member ${member.memberId}.`);
    }
    this.groups.set(groupId, group);
    const results = offsets.map(({ topic, partition, offset, metadata = "", leaderEpoch = -1 }) => {
      const log = this.partition(topic, partition);
      if (isFailure(log)) return { topic, partition, failure: log };
      const { topicId } = this.topics.get(topic)!.metadata;
      group.offsets.set(`${topic}/${partition}`, { topicId, topic, partition, offset, metadata, leaderEpoch, committedAtMs: Date.now() });
      return { topic, partition };
    });
    return { offsets: results };
  }

  async listGroups(request: Ports.PageRequest): Promise<Ports.GroupPage> {
    const { page, nextCursor } = pageOf([...this.groups.keys()], request);
    return { groupIds: page, nextCursor };
  }

  async describeGroup(groupId: string) {
    const group = this.groups.get(groupId);
    if (group === undefined) return failure("GROUP_ID_NOT_FOUND", `There is no group ${groupId}.`);
    const offsets = [...group.offsets.values()].map((committed) => {
      const log = this.partition(committed.topic, committed.partition);
      const highWatermark = isFailure(log) ? null : log.highWatermark;
      return { ...committed, highWatermark, lag: highWatermark === null ? null : Math.max(highWatermark - committed.offset, 0) };
    });
    const state: Ports.GroupState = group.members.length === 0 ? "Empty" : "Stable";
    const members = group.members.map((member) => ({
      ...member,
      instanceId: null,
      clientId: "",
      protocol: "classic" as const,
      assignment: [],
    }));
    return { groupId, type: "classic" as const, state, members, offsets, unstable: [] };
  }

  async committedOffsets(groupId: string): Promise<CommittedOffsets> {
    const offsets = [...(this.groups.get(groupId)?.offsets.values() ?? [])];
    return { offsets: offsets.filter(({ topic, topicId }) => this.topics.get(topic)?.metadata.topicId === topicId), unstable: [] };
  }

  async removeMember(groupId: string, memberId: string): Promise<null | Failure> {
    return failure("UNKNOWN_MEMBER_ID", `Group ${groupId} has no member ${memberId}.`);
  }

  /** A group of one, which has all partitions for as long as it asks. */
  async groupFetch(request: GroupFetchRequest): Promise<GroupFetchResult | Failure> {
    const { groupId, topics: wanted, commit, memberId = "member", maxBytes = 1_000_000, isolation } = request;
    const topics = [...this.topics].filter(([name]) =>
      "names" in wanted ? wanted.names.includes(name) : new RegExp(wanted.pattern).test(name),
    );
    const { offsets: commits } = (await this.commitOffsets({ groupId, offsets: commit, force: true })) as CommitOffsetsResult;
    const committed = this.groups.get(groupId)!.offsets;
    const assignment = topics.map(([topic, { partitions }]) => ({ topic, partitions: [...partitions.keys()] }));
    const reads = assignment.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition, start: committed.get(`${topic}/${partition}`)?.offset ?? 0 })),
    );
    const { partitions } = await this.fetchMany({ partitions: reads, maxBytes, minBytes: 0, maxWaitMs: 0, isolation });
    return { memberId, memberEpoch: 1, assignment, commits, partitions };
  }

  async groupConfigs(groupId: string) {
    return this.#ownConfigs(groupId).describe();
  }

  async alterGroupConfigs(groupId: string, changes: Readonly<Record<string, string | null>>, validateOnly: boolean) {
    return this.#ownConfigs(groupId).alter(changes, validateOnly);
  }

  #ownConfigs(groupId: string): OwnConfigs {
    const configs = this.#configsOfGroups.get(groupId) ?? new OwnConfigs(new MemoryGroupConfigStore(), readGroupConfigs(null));
    this.#configsOfGroups.set(groupId, configs);
    return configs;
  }

  consumerGroup(): never {
    throw new Error("members are not kept here: test them over the group object");
  }

  deleteOffsets(): never {
    throw new Error("members are not kept here: test them over the group object");
  }

  classicGroup(): never {
    throw new Error("this broker has no members by the classic protocol");
  }

  async resetOffsets({ groupId, topic, partition, to, dryRun }: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure> {
    const metadata = this.topics.get(topic)?.metadata;
    if (metadata === undefined) return unknownTopic(topic);
    const partitions = partition === undefined ? Array.from({ length: metadata.partitionCount }, (_, i) => i) : [partition];
    const committed = this.groups.get(groupId)?.offsets;
    const offsets = partitions.map((one) => {
      const from = committed?.get(`${topic}/${one}`)?.offset ?? null;
      const log = this.partition(topic, one);
      return isFailure(log)
        ? { topic, partition: one, from, to: -1, failure: log }
        : { topic, partition: one, from, to: resetTo(log, to, from) };
    });
    const moved = offsets.flatMap(({ partition: one, to: offset }) => (offset < 0 ? [] : { topic, partition: one, offset }));
    if (!dryRun) await this.commitOffsets({ groupId, offsets: moved, force: true });
    return { offsets };
  }

  async deleteGroup(groupId: string): Promise<null | Failure> {
    const group = this.groups.get(groupId);
    if (group === undefined) return failure("GROUP_ID_NOT_FOUND", `There is no group ${groupId}.`);
    if (group.members.length > 0) return failure("NON_EMPTY_GROUP", "The group has members.");
    this.groups.delete(groupId);
    return null;
  }

  // ------------------------------------------------------------------------------------------------------------ webhooks

  subscription(name: string): Ports.SubscriptionPort {
    return this.subscriptions.port(name);
  }

  async listSubscriptions(request: Ports.PageRequest): Promise<Ports.SubscriptionPage> {
    const { page, nextCursor } = pageOf(this.subscriptions.names(), request);
    return { names: page, nextCursor };
  }

  async pulledTopics(name: string): Promise<readonly string[] | Failure> {
    return pulledTopics(this.shares.context, name);
  }

  async replaySubscription(request: ReplayRequest): Promise<ResetOffsetsResult | Failure> {
    const { name, to, dryRun = false } = request;
    const status = await this.subscription(name).status();
    if (!isFailure(status) && isPulled(status)) return replaySubscription(this.shares.context, request);
    return isFailure(status) ? status : this.resetOffsets({ groupId: name, topic: status.config.topics[0]!, to, dryRun });
  }

  async deliveries({ name }: DeliveriesRequest): Promise<DeliveriesPage | Failure> {
    const status = await this.subscription(name).status();
    return isFailure(status) ? status : { deliveries: [], nextCursor: null };
  }

  waitUntil(work: Promise<unknown>): void {
    this.background.push(work);
  }
}

function unknownTopic(name: string): Failure {
  return failure("UNKNOWN_TOPIC_OR_PARTITION", `There is no topic ${name}.`);
}

function badConfig(configs: Readonly<Record<string, string>>): Failure | undefined {
  const unknown = Object.keys(configs).find((key) => !/^[a-z.]+$/.test(key));
  return unknown === undefined ? undefined : failure("INVALID_CONFIG", `There is no config ${unknown}.`);
}

function pageOf(names: string[], { prefix = "", limit, cursor }: Ports.PageRequest) {
  const wanted = names.filter((name) => name.startsWith(prefix) && (cursor === undefined || name > cursor)).sort();
  const page = wanted.slice(0, limit);
  return { page, nextCursor: wanted.length > limit ? page.at(-1)! : null };
}

function resetTo(log: MemoryPartition, to: ResetTarget, from: number | null): number {
  if (to === "earliest" || to === "latest") return log.offset(to).offset;
  if ("timestamp" in to) return log.offset(to).offset;
  const wanted = "offset" in to ? to.offset : (from ?? log.logStartOffset) + to.shiftBy;
  return Math.min(Math.max(wanted, log.logStartOffset), log.highWatermark);
}

/** Not Kafka's partitioner: any fixed function of the key does. */
function partitionOfKey(key: string | Uint8Array | null, count: number): number {
  return key === null ? 0 : bytesOf(key)!.reduce((sum, byte) => sum + byte, 0) % count;
}

function plainRecord({ key, value, headers = [], timestamp = Date.now() }: ProduceRecord): PlainRecord {
  return {
    timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map((one) => ({ key: one.key, value: bytesOf(one.value) })),
  };
}

function bytesOf(value: string | Uint8Array | null): Uint8Array | null {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
