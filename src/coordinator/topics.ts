// The rules for topics: which names, partition counts and configs may be, and what a change may change. Pure: the topics that exist
// are passed in. Names follow org.apache.kafka.common.internals.Topic, collisions ReplicationControlManager: two names that differ only
// in `.` and `_` would share their metrics' names, so Kafka refuses the second one, and so do we.

import { isTopicConfigKey, parseTopicConfigs, unknownConfigKey } from "../common/configs.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_PARTITIONS_PER_TOPIC, MAX_TOPIC_NAME_LENGTH } from "../common/limits/topics.ts";

export type TopicConfigSet = Readonly<Record<string, string>>;

/** What a topic is to be. */
export interface TopicPlan {
  readonly partitionCount: number;
  readonly configs: TopicConfigSet;
}

export interface TopicChange {
  readonly partitions?: number;
  /** null resets a config. */
  readonly configs?: Readonly<Record<string, string | null>>;
}

/** Why the name cannot be a topic's, or null. */
export function checkTopicName(name: string): Failure | null {
  const refuse = (reason: string) => failure("INVALID_TOPIC_EXCEPTION", `The topic name '${name.slice(0, 300)}' ${reason}.`);
  if (name === "") return failure("INVALID_TOPIC_EXCEPTION", "The topic name is empty.");
  if (name === "." || name === "..") return refuse("is not allowed");
  if (name.length > MAX_TOPIC_NAME_LENGTH) return refuse(`is longer than ${MAX_TOPIC_NAME_LENGTH} characters`);
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return refuse("has a character other than ASCII letters, digits, '.', '_' and '-'");
  return null;
}

/**
 * A new topic's plan.
 * @param present the topic that has the name already, or one whose name collides with it
 * @param defaultPartitions num.partitions
 */
export function planNewTopic(
  request: { readonly name: string; readonly partitions?: number; readonly configs?: TopicConfigSet },
  present: string | null,
  defaultPartitions = 1,
): TopicPlan | Failure {
  const { name, partitions = defaultPartitions, configs = {} } = request;
  if (present === name) return failure("TOPIC_ALREADY_EXISTS", `Topic '${name}' exists already.`);
  if (present !== null) {
    return failure("INVALID_TOPIC_EXCEPTION", `Topic '${name}' collides with the topic '${present}': '.' and '_' are the same in metrics.`);
  }
  return checkPartitionCount(partitions) ?? checkConfigs({ partitionCount: partitions, configs });
}

/** The plan of a topic after a change, which may be the one it has. */
export function planTopicChange(name: string, present: TopicPlan, change: TopicChange): TopicPlan | Failure {
  const { partitions: partitionCount = present.partitionCount } = change;
  const refused = checkPartitionCount(partitionCount);
  if (refused !== null) return refused;
  if (partitionCount < present.partitionCount) {
    return failure(
      "INVALID_PARTITIONS",
      `Topic '${name}' has ${present.partitionCount} partitions, which is more than the requested ${partitionCount}: partitions cannot be taken away.`,
    );
  }
  const configs = changeConfigs(present.configs, change.configs ?? {});
  return isFailure(configs) ? configs : checkConfigs({ partitionCount, configs });
}

export function isSamePlan(one: TopicPlan, other: TopicPlan): boolean {
  const keys = Object.keys(one.configs);
  return (
    one.partitionCount === other.partitionCount &&
    keys.length === Object.keys(other.configs).length &&
    keys.every((key) => one.configs[key] === other.configs[key])
  );
}

function changeConfigs(present: TopicConfigSet, changes: Readonly<Record<string, string | null>>): TopicConfigSet | Failure {
  const configs = new Map(Object.entries(present));
  for (const [key, value] of Object.entries(changes)) {
    if (!isTopicConfigKey(key)) return unknownConfigKey(key);
    if (value === null) configs.delete(key);
    else configs.set(key, value);
  }
  return Object.fromEntries(configs);
}

function checkPartitionCount(count: number): Failure | null {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_PARTITIONS_PER_TOPIC) return null;
  return failure("INVALID_PARTITIONS", `A topic has 1 to ${MAX_PARTITIONS_PER_TOPIC} partitions, not ${count}.`);
}

function checkConfigs(plan: TopicPlan): TopicPlan | Failure {
  const parsed = parseTopicConfigs(plan.configs);
  return isFailure(parsed) ? parsed : plan;
}
