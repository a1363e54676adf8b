// Topics by name: from the edge's cache, and once more from the cluster where a partition says that the cache is stale.

import { parseTopicConfigs, type TopicConfig } from "../common/configs.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { PartitionAddress, TopicMetadata } from "./ports.ts";

/** The edge's cache of topic metadata (cluster-cache.ts). */
export interface TopicCache {
  /** null: there is no such topic. */
  topic(name: string): Promise<TopicMetadata | null>;
  /** The next look asks the cluster. */
  invalidate(name: string): void;
}

export async function findTopic(topics: TopicCache, name: string): Promise<TopicMetadata | Failure> {
  return (await topics.topic(name)) ?? failure("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${name}': create it first`);
}

export function addressOf(topic: TopicMetadata, partition: number): PartitionAddress {
  return { topicId: topic.topicId, partition, topicVersion: topic.version };
}

export function hasPartition({ partitionCount }: Pick<TopicMetadata, "partitionCount">, partition: number): boolean {
  return partition >= 0 && partition < partitionCount;
}

/** Why the topic has no such partition, or null. Kafka's clients may name any int32, and what is asked of an object makes it. */
export function checkPartition(topic: TopicMetadata, partition: number): Failure | null {
  if (hasPartition(topic, partition)) return null;
  const detail = `topic '${topic.name}' has ${topic.partitionCount} partitions: there is no partition ${partition}`;
  return failure("UNKNOWN_TOPIC_OR_PARTITION", detail);
}

/** A request named a topic by id, and the name stands for another one now. */
export function madeAgain({ name }: TopicMetadata, topicId: string): Failure {
  return failure("UNKNOWN_TOPIC_ID", `topic '${name}' has another id than ${topicId}: it was made again`);
}

/**
 * Does something with one partition of a topic. Metadata that is stale (a partition that it lacks, a topic that was deleted or made
 * again) is read again, once.
 */
export async function withPartition<T extends object>(
  topics: TopicCache,
  name: string,
  partition: number,
  work: (topic: TopicMetadata) => Promise<T | Failure>,
): Promise<T | Failure> {
  const attempt = async (): Promise<T | Failure> => {
    const topic = await findTopic(topics, name);
    if (isFailure(topic)) return topic;
    return checkPartition(topic, partition) ?? work(topic);
  };
  const result = await attempt();
  if (!isFailure(result) || !isStale(result)) return result;
  topics.invalidate(name);
  const second = await attempt();
  return isFailure(second) && second.error === "UNKNOWN_TOPIC_ID" ? failure("UNKNOWN_TOPIC_OR_PARTITION", second.detail) : second;
}

function isStale(result: Failure): boolean {
  return result.error === "UNKNOWN_TOPIC_ID" || result.error === "UNKNOWN_TOPIC_OR_PARTITION";
}

/** Parsed configs by metadata: a topic's metadata is replaced, never changed. */
const configs = new WeakMap<TopicMetadata, TopicConfig>();

/** A topic's configs, set and default. */
export function configOf(topic: TopicMetadata): TopicConfig {
  let config = configs.get(topic);
  if (config === undefined) {
    const parsed = parseTopicConfigs(topic.configs);
    if (isFailure(parsed)) throw new Error(`the stored configs of topic '${topic.name}' are not valid: ${parsed.detail}`);
    config = parsed;
    configs.set(topic, config);
  }
  return config;
}
