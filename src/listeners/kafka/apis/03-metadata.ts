// Metadata (key 3), versions 0-13: the one broker, and topics, asked for by name or (12+) by id. A topic that is not there is made where
// the client allows it and the broker does (auto.create.topics.enable), with one partition. The request that makes it is answered that
// there was none, as by Kafka: most clients let a topic be made whenever they ask for one, also to see that it is gone. One that means to
// use it asks again.
//
// Leader epochs are not told (-1): they belong to each partition's object, which is not asked for this. Clients then skip the check of
// epochs; a partition here never loses what it acknowledged, so there is nothing for them to find.

import type { Access } from "../../../broker/access.ts";
import type { Broker } from "../../../broker/broker.ts";
import type { TopicMetadata } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { type ErrorName, errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { MAX_PAGE_ITEMS } from "../../../common/limits/topics.ts";
import { checkTopicName } from "../../../coordinator/topics.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { authorizedOperations } from "../authorized-operations.ts";
import { type Call, NODE_ID, serve } from "../call.ts";

type MetadataRequest = DecodedOf<typeof API.metadata.request>;

export const metadata = serve(API.metadata, { min: 0, max: 13 }, async (call) => {
  const { request, broker, settings, session } = call;
  const [clusterId, topics] = await Promise.all([broker.clusterId(), describeTopics(call)]);
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: NODE_ID, ...settings.advertised, rack: null }],
    clusterId,
    controllerId: NODE_ID,
    topics: request.includeTopicAuthorizedOperations ? topics.map((topic) => withOperations(topic, session.access)) : topics,
    ...(request.includeClusterAuthorizedOperations && { clusterAuthorizedOperations: authorizedOperations(session.access, "CLUSTER") }),
    errorCode: 0,
  };
});

async function describeTopics(call: Call<MetadataRequest>) {
  const { request, version, broker } = call;
  const isForAll = request.topics === null || (version === 0 && request.topics.length === 0);
  if (isForAll) return (await allTopics(broker)).map(describeTopic);
  return mapConcurrently(request.topics!, MAX_CONCURRENT_CALLS, ({ name, topicId }) =>
    name === null || topicId !== ZERO_UUID ? topicById(call, topicId) : topicByName(call, name),
  );
}

async function topicByName({ request, broker, settings }: Call<MetadataRequest>, name: string) {
  const topic = await broker.topic(name);
  if (!isFailure(topic)) return describeTopic(topic);
  const isMade = settings.isAutoCreated && request.allowAutoTopicCreation && topic.error === "UNKNOWN_TOPIC_OR_PARTITION";
  if (!isMade) return withoutTopic(missingTopicError(topic, name), name);
  const made = await broker.createTopic({ name });
  const isThereNow = !isFailure(made) || made.error === "TOPIC_ALREADY_EXISTS";
  return withoutTopic(isThereNow ? topic.error : made.error, name);
}

/** Without the name where there is none to be told. */
async function topicById({ broker, version }: Call<MetadataRequest>, topicId: string) {
  const topic = await broker.topicById(topicId);
  return isFailure(topic) ? { ...withoutTopic(topic.error, version >= 12 ? null : ""), topicId } : describeTopic(topic);
}

export async function allTopics(broker: Broker): Promise<TopicMetadata[]> {
  const topics: TopicMetadata[] = [];
  let cursor: string | null = null;
  do {
    const page = await broker.listTopics(cursor === null ? { limit: MAX_PAGE_ITEMS } : { limit: MAX_PAGE_ITEMS, cursor });
    topics.push(...page.topics);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return topics;
}

/** Every partition is led by the one broker, and is there. */
export function describePartition(partitionIndex: number) {
  const replicas = { replicaNodes: [NODE_ID], isrNodes: [NODE_ID], offlineReplicas: [] };
  return { errorCode: 0, partitionIndex, leaderId: NODE_ID, ...replicas };
}

function describeTopic({ name, topicId, partitionCount }: TopicMetadata) {
  const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => describePartition(partitionIndex));
  return { errorCode: 0, name, topicId, isInternal: false, partitions };
}

/** What a topic that is not there is answered with: INVALID_TOPIC_EXCEPTION where there can be none of the name. */
export function missingTopicError({ error }: Failure, name: string): ErrorName {
  return error === "UNKNOWN_TOPIC_OR_PARTITION" ? (checkTopicName(name)?.error ?? error) : error;
}

/** A topic in an answer, with what the client may do to it, which is not told of one that is not there. */
export function withOperations<Topic extends { readonly errorCode: number; readonly name: string | null }>(topic: Topic, access: Access) {
  if (topic.errorCode !== 0 || topic.name === null) return topic;
  return { ...topic, topicAuthorizedOperations: authorizedOperations(access, "TOPIC", topic.name) };
}

function withoutTopic(error: ErrorName, name: string | null) {
  return { errorCode: errorCode(error), name, topicId: ZERO_UUID, isInternal: false, partitions: [] };
}
