// A Broker that does what its client may do, and nothing else: the rights that each use case needs, as Kafka's KafkaApis has them. A
// method that is added to Broker does not compile here before it has a rule.
//
// What a client may not DESCRIBE is left out of lists. A producer id gives no right to write with it, and so needs none.

import { type Failure, isFailure } from "../common/errors.ts";
import type { Access } from "./access.ts";
import type { Broker } from "./broker.ts";
import { guardIngestSources } from "./guarded-ingest-sources.ts";
import { guardShareGroups } from "./guarded-share-groups.ts";
import { guardSubscriptions } from "./guarded-subscriptions.ts";
import { guardTransactions } from "./guarded-transactions.ts";
import type { FetchManyRequest, FetchManyResult, TailRequest, TailStep } from "./messages/fetch.ts";
import type { GroupFetchRequest, GroupFetchResult } from "./messages/group-fetch.ts";
import type { ClassicGroupPort } from "./ports.ts";
import { commitAllowed, firstRefusal, refuseToRead } from "./refusals.ts";

type ConsumerGroup = ReturnType<Broker["consumerGroup"]>;

/** The broker as this client may use it. */
export function guardBroker(broker: Broker, access: Access): Broker {
  if (access.identity.isSuperUser) return broker;
  const onTopic = (operation: Parameters<Access["refuse"]>[0], topic: string) => access.refuse(operation, "TOPIC", topic);
  const onGroup = (operation: Parameters<Access["refuse"]>[0], group: string) => access.refuse(operation, "GROUP", group);
  const toWrite = ({ topic, transactionalId }: { readonly topic: string; readonly transactionalId?: string }) =>
    (transactionalId === undefined ? null : access.refuse("WRITE", "TRANSACTIONAL_ID", transactionalId)) ?? onTopic("WRITE", topic);
  const seen = <Offset extends { readonly topic: string }>(offsets: readonly Offset[]): readonly Offset[] =>
    offsets.filter(({ topic }) => access.allows("DESCRIBE", "TOPIC", topic));
  return {
    clusterId: () => broker.clusterId(),

    listTopics: async (request) => {
      const { topics, nextCursor } = await broker.listTopics(request);
      return { topics: topics.filter(({ name }) => access.allows("DESCRIBE", "TOPIC", name)), nextCursor };
    },
    createTopic: async (request) =>
      (access.allows("CREATE", "CLUSTER") ? null : onTopic("CREATE", request.name)) ?? broker.createTopic(request),
    topic: async (name) => (access.allows("DESCRIBE_CONFIGS", "TOPIC", name) ? null : onTopic("DESCRIBE", name)) ?? broker.topic(name),
    topicById: async (topicId) => {
      const topic = await broker.topicById(topicId);
      return isFailure(topic) ? topic : (onTopic("DESCRIBE", topic.name) ?? topic);
    },
    describeTopic: async (name) => onTopic("DESCRIBE", name) ?? broker.describeTopic(name),
    alterTopic: async (name, request) =>
      (request.partitions === undefined ? null : onTopic("ALTER", name)) ??
      (request.partitions !== undefined && request.configs === undefined ? null : onTopic("ALTER_CONFIGS", name)) ??
      broker.alterTopic(name, request),
    deleteTopic: async (name) => onTopic("DELETE", name) ?? broker.deleteTopic(name),
    offset: async (topic, partition, query, isolation) => onTopic("DESCRIBE", topic) ?? broker.offset(topic, partition, query, isolation),
    tierOffset: async (topic, partition, query) => onTopic("DESCRIBE", topic) ?? broker.tierOffset(topic, partition, query),
    truncate: async (topic, partition, beforeOffset) => onTopic("DELETE", topic) ?? broker.truncate(topic, partition, beforeOffset),
    segments: async (request) => onTopic("DESCRIBE", request.topic) ?? broker.segments(request),
    describeProducers: async (topic, partition) => onTopic("READ", topic) ?? broker.describeProducers(topic, partition),
    writeTxnMarkers: async (topic, partition, markers) =>
      access.refuse("ALTER", "CLUSTER") ?? broker.writeTxnMarkers(topic, partition, markers),
    verify: async (request) => onTopic("READ", request.topic) ?? broker.verify(request),

    produce: async (request) => toWrite(request) ?? broker.produce(request),
    produceBatches: async (request) => toWrite(request) ?? broker.produceBatches(request),
    createProducerId: () => broker.createProducerId(),

    openAnswer: () => broker.openAnswer(),
    fetch: async (request) => onTopic("READ", request.topic) ?? broker.fetch(request),
    fetchMany: (request) => fetchAllowed(broker, access, request),
    tail: (request) => tailAllowed(broker, access, request),

    classicGroup: (groupId) => guardGroup(broker.classicGroup(groupId), access, groupId),
    consumerGroup: (groupId) => guardConsumerGroup(broker.consumerGroup(groupId), access, groupId),
    groupConfigs: async (groupId) => onGroup("DESCRIBE_CONFIGS", groupId) ?? broker.groupConfigs(groupId),
    alterGroupConfigs: async (groupId, changes, validateOnly) =>
      onGroup("ALTER_CONFIGS", groupId) ?? broker.alterGroupConfigs(groupId, changes, validateOnly),
    groupFetch: (request) => groupFetchAllowed(broker, access, request),
    removeMember: async (groupId, memberId) => onGroup("READ", groupId) ?? broker.removeMember(groupId, memberId),
    deleteOffsets: async (groupId, offsets) =>
      onGroup("DELETE", groupId) ??
      refuseToRead(
        offsets.map(({ topic }) => topic),
        access,
      ) ??
      broker.deleteOffsets(groupId, offsets),
    commitOffsets: async (request) =>
      onGroup("READ", request.groupId) ?? commitAllowed(access, request, (allowed) => broker.commitOffsets(allowed)),
    committedOffsets: async (groupId, member) => {
      const committed = onGroup("DESCRIBE", groupId) ?? (await broker.committedOffsets(groupId, member));
      return isFailure(committed) ? committed : { offsets: seen(committed.offsets), unstable: seen(committed.unstable) };
    },
    listGroups: async (request) => {
      const { groupIds, nextCursor } = await broker.listGroups(request);
      if (access.allows("DESCRIBE", "CLUSTER")) return { groupIds, nextCursor };
      return { groupIds: groupIds.filter((groupId) => access.allows("DESCRIBE", "GROUP", groupId)), nextCursor };
    },
    describeGroup: async (groupId) => {
      const group = onGroup("DESCRIBE", groupId) ?? (await broker.describeGroup(groupId));
      return isFailure(group) ? group : { ...group, offsets: seen(group.offsets) };
    },
    resetOffsets: async (request) => onGroup("READ", request.groupId) ?? onTopic("READ", request.topic) ?? broker.resetOffsets(request),
    deleteGroup: async (groupId) => onGroup("DELETE", groupId) ?? broker.deleteGroup(groupId),

    transactions: guardTransactions(broker.transactions, access),
    ...guardSubscriptions(broker, access),
    ingestSources: guardIngestSources(broker.ingestSources, access),
    shareGroups: guardShareGroups(broker.shareGroups, access),

    waitUntil: (work) => broker.waitUntil(work),
  };
}

/** Reads what may be read. With something refused there is no wait, as with any other failure. */
async function fetchAllowed(broker: Broker, access: Access, request: FetchManyRequest): Promise<FetchManyResult> {
  const refusals = request.partitions.map(({ topic }) => access.refuse("READ", "TOPIC", topic));
  if (refusals.every((refusal) => refusal === null)) return broker.fetchMany(request);
  const allowed = request.partitions.filter((_, index) => refusals[index] === null);
  const read = (await broker.fetchMany({ ...request, partitions: allowed, maxWaitMs: 0 })).partitions.values();
  return {
    partitions: request.partitions.map(({ topic, partition }, index) => {
      const refusal = refusals[index]!;
      return refusal === null ? read.next().value! : { topic, partition, result: refusal };
    }),
  };
}

async function* tailAllowed(broker: Broker, access: Access, request: TailRequest): AsyncGenerator<TailStep> {
  const isRefused = (): Failure | null => access.refuse("READ", "TOPIC", request.topic);
  const partition = request.partitions?.[0]?.partition ?? 0;
  const atFirst = isRefused();
  if (atFirst !== null) return yield { partition, result: atFirst };
  for await (const step of broker.tail(request)) {
    const refused = isRefused(); // a right that is taken away ends a tail that is under way
    if (refused !== null) return yield { partition: step.partition, result: refused };
    yield step;
  }
}

/** What a pattern finds beyond the member's rights is its group's all the same, and not read for it. */
async function groupFetchAllowed(broker: Broker, access: Access, request: GroupFetchRequest): Promise<GroupFetchResult | Failure> {
  const { groupId, topics, commit } = request;
  const named = "names" in topics ? topics.names : [];
  const toRead = (topic: string): Failure | null => access.refuse("READ", "TOPIC", topic);
  const refused = access.refuse("READ", "GROUP", groupId) ?? refuseToRead([...named, ...commit.map(({ topic }) => topic)], access);
  if (refused !== null) return refused;
  const fetched = await broker.groupFetch(request);
  if (isFailure(fetched)) return fetched;
  return {
    ...fetched,
    assignment: fetched.assignment.filter(({ topic }) => toRead(topic) === null),
    partitions: fetched.partitions.filter(({ topic }) => toRead(topic) === null),
  };
}

function guardConsumerGroup(group: ConsumerGroup, access: Access, groupId: string): ConsumerGroup {
  return {
    consumerHeartbeat: async (request) =>
      access.refuse("READ", "GROUP", groupId) ??
      firstRefusal((request.subscribedTopicNames ?? []).map((topic) => access.refuse("DESCRIBE", "TOPIC", topic))) ??
      group.consumerHeartbeat(request),
    describeConsumer: async (id) => access.refuse("DESCRIBE", "GROUP", groupId) ?? group.describeConsumer(id),
  };
}

function guardGroup(group: ClassicGroupPort, access: Access, groupId: string): ClassicGroupPort {
  const toRead = (): Failure | null => access.refuse("READ", "GROUP", groupId);
  const toDescribe = (): Failure | null => access.refuse("DESCRIBE", "GROUP", groupId);
  return {
    join: async (request) => {
      const refused = toRead();
      return refused === null ? group.join(request) : { ...refused, memberId: request.memberId };
    },
    sync: async (request) => toRead() ?? group.sync(request),
    heartbeat: async (request) => toRead() ?? group.heartbeat(request),
    leave: async (request) => toRead() ?? group.leave(request),
    commit: async (request) => toRead() ?? group.commit(request),
    describeClassic: async (id) => toDescribe() ?? group.describeClassic(id),
    listing: async (id) => (access.allows("DESCRIBE", "CLUSTER") ? null : toDescribe()) ?? group.listing(id),
  };
}
