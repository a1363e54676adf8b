// The use cases put together: a Broker for one request, over that request's ports and what the isolate shares.

import { mapConcurrently } from "../common/concurrency.ts";
import { failure, isFailure } from "../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../common/limits/platform.ts";
import { MAX_DECOMPRESSED_BYTES } from "../common/limits/records.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import type { RecordCodec } from "../record/codec.ts";
import type { Core } from "../wasm/core.ts";
import { JsonWriter } from "../wasm/json-writer.ts";
import { createRecordCodec } from "../wasm/record-codec.ts";
import { AnswerRooms } from "./answer-room.ts";
import type { Broker } from "./broker.ts";
import { CachedCluster, ClusterCache } from "./cluster-cache.ts";
import { deleteOffsets } from "./delete-offsets.ts";
import { readDeliveries } from "./deliveries.ts";
import { fetchMany, fetchOne } from "./fetch.ts";
import { groupFetch, removeMember } from "./group-fetch.ts";
import { commitOffsets, committedOffsets, describeGroup, resetOffsets } from "./groups.ts";
import { createIngestSources, createSourceCache, type IngestContext } from "./ingest-sources.ts";
import type { TopicDescription } from "./messages/topics.ts";
import { queryOffset } from "./offsets.ts";
import type { Ports, TopicMetadata } from "./ports.ts";
import { type ProduceContext, produceBatches, produceRecords } from "./produce.ts";
import { ProducerIdPool } from "./producer-ids.ts";
import { describeProducers, writeTxnMarkers } from "./producers.ts";
import { listSegments } from "./segments.ts";
import type { ShareContext } from "./share-context.ts";
import { ShareGroupCache } from "./share-group-cache.ts";
import { createShareGroups } from "./share-groups.ts";
import { SharedRecords } from "./shared-records.ts";
import { pulledTopics, replaySubscription } from "./subscriptions.ts";
import { tail } from "./tail.ts";
import { queryTierOffset } from "./tier-offsets.ts";
import { addressOf, findTopic } from "./topics.ts";
import { createTransactions } from "./transactions.ts";
import { truncate } from "./truncate.ts";
import { verifySegments } from "./verify-segments.ts";

/** What all requests of an isolate share: data, no promises. */
export interface BrokerState {
  readonly core: Core;
  /** Through the core. */
  readonly codec: RecordCodec;
  /** Through the core, too. */
  readonly json: JsonWriter;
  readonly clusterCache: ClusterCache;
  readonly producerIds: ProducerIdPool;
  readonly shareGroups: ShareGroupCache;
  readonly sharedRecords: SharedRecords;
  readonly sourceCache: IngestContext["sourceCache"];
  readonly answerRooms: AnswerRooms;
  /** ms */
  readonly now: () => number;
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
}

export function createBrokerState({ core, now, random }: Pick<BrokerState, "core" | "now" | "random">): BrokerState {
  return {
    ...{ core, now, random },
    codec: createRecordCodec(core, MAX_DECOMPRESSED_BYTES),
    json: new JsonWriter(core),
    clusterCache: new ClusterCache({ now }),
    producerIds: new ProducerIdPool(),
    shareGroups: new ShareGroupCache(now),
    sharedRecords: new SharedRecords(now),
    sourceCache: createSourceCache(now),
    answerRooms: new AnswerRooms(now),
  };
}

export function createBroker(ports: Ports, state: BrokerState): Broker {
  const topics = new CachedCluster(ports.cluster, state.clusterCache);
  const produceContext: ProduceContext = { ports, topics, core: state.core, now: state.now, random: state.random };
  const shareContext: ShareContext = { ports, topics, ...state };
  return {
    clusterId: () => topics.clusterId(),

    listTopics: (request) => topics.listTopics(request),
    createTopic: (request) => topics.createTopic(request),
    topic: (name) => findTopic(topics, name),
    topicById: async (topicId) => (await topics.topicById(topicId)) ?? failure("UNKNOWN_TOPIC_ID", `no topic has the id ${topicId}`),
    describeTopic: async (name) => {
      topics.invalidate(name);
      const topic = await findTopic(topics, name);
      return isFailure(topic) ? topic : describeTopic(ports, topic);
    },
    alterTopic: (name, request) => topics.alterTopic(name, request),
    deleteTopic: (name) => topics.deleteTopic(name),
    offset: (topic, partition, query, isolation = "read_uncommitted") => queryOffset(ports, topics, topic, partition, query, isolation),
    tierOffset: (topic, partition, query) => queryTierOffset(ports, topics, topic, partition, query),
    truncate: (topic, partition, beforeOffset) => truncate(ports, topics, topic, partition, beforeOffset),
    describeProducers: (topic, partition) => describeProducers(ports, topics, topic, partition),
    writeTxnMarkers: (topic, partition, markers) => writeTxnMarkers(ports, topics, topic, partition, markers),
    segments: (request) => listSegments(ports, topics, request),
    verify: (request) => verifySegments({ ports, topics, core: state.core, now: state.now }, request),

    produce: (request) => produceRecords(produceContext, request),
    produceBatches: (request) => produceBatches(produceContext, request),
    createProducerId: async () => ({ producerId: await state.producerIds.next(() => topics.allocateProducerIds()), producerEpoch: 0 }),

    openAnswer: () => state.answerRooms.open(),
    fetch: (request) => fetchOne(ports, topics, request),
    fetchMany: (request) => fetchMany(ports, topics, request),
    tail: (request) => tail(ports, topics, request),

    classicGroup: (groupId) => ports.group(groupId),
    consumerGroup: (groupId) => ports.group(groupId),
    groupConfigs: async (groupId) => checkGroupId(groupId) ?? ports.group(groupId).describeConfigs(groupId),
    alterGroupConfigs: async (groupId, changes, validateOnly) =>
      checkGroupId(groupId) ?? ports.group(groupId).alterConfigs(groupId, changes, validateOnly),
    groupFetch: (request) => groupFetch({ ports, topics, now: state.now, random: state.random }, request),
    removeMember: (groupId, memberId) => removeMember({ ports }, groupId, memberId),
    commitOffsets: (request) => commitOffsets(ports, topics, request),
    committedOffsets: (groupId, member) => committedOffsets(ports, topics, groupId, member),
    deleteOffsets: (groupId, offsets) => deleteOffsets(ports, topics, groupId, offsets),
    listGroups: (request) => topics.listGroups(request),
    describeGroup: (groupId) => describeGroup(ports, topics, groupId),
    resetOffsets: (request) => resetOffsets(ports, topics, request),
    deleteGroup: async (groupId) => checkGroupId(groupId) ?? ports.group(groupId).delete(groupId),

    transactions: createTransactions(ports, topics),
    subscription: (name) => ports.subscription(name),
    listSubscriptions: (request) => ports.subscriptions.listSubscriptions(request),
    pulledTopics: (name) => pulledTopics(shareContext, name),
    replaySubscription: (request) => replaySubscription(shareContext, request),
    deliveries: (request) => readDeliveries(ports, topics, state.codec, request),
    /** Few requests ask for them. */
    get ingestSources() {
      return createIngestSources({ ports, topics, sourceCache: state.sourceCache });
    },
    shareGroups: createShareGroups(shareContext),

    waitUntil: (work) => ports.waitUntil(work),
  };
}

async function describeTopic(ports: Ports, topic: TopicMetadata): Promise<TopicDescription> {
  const indexes = Array.from({ length: topic.partitionCount }, (_, partition) => partition);
  const partitions = await mapConcurrently(indexes, MAX_CONCURRENT_CALLS, async (partition) => {
    const description = await ports.partition(topic.topicId, partition).describe(addressOf(topic, partition));
    return isFailure(description) ? { ...failure(description.error, description.detail), partition } : description;
  });
  return { topic, partitions };
}
