// A topic's partitions inside workerd, driven through the ports that the broker uses.

import { env } from "cloudflare:workers";
import type { AppendResult, PartitionAddress, PartitionPort, Ports, TopicMetadata } from "../../../src/broker/ports.ts";
import type { Failure } from "../../../src/common/errors.ts";
import { core } from "../../../src/objects/core.ts";
import { partitionObjectName } from "../../../src/objects/names.ts";
import { createPorts } from "../../../src/objects/ports.ts";
import type { EncodeOptions } from "../../../src/wasm/record-batches.ts";
import { batchOf } from "../../support/batches.ts";

export const ports = (): Ports => createPorts(env, (work) => void work);

export async function aTopic(configs: Record<string, string> = {}): Promise<TopicMetadata> {
  return (await ports().cluster.createTopic({ name: `t-${crypto.randomUUID()}`, partitions: 2, configs })) as TopicMetadata;
}

export function addressOf(topic: TopicMetadata, partition = 0): PartitionAddress {
  return { topicId: topic.topicId, partition, topicVersion: topic.version };
}

export function partitionOf(topic: TopicMetadata, partition = 0): PartitionPort {
  return ports().partition(topic.topicId, partition);
}

/** The object that leads partition 0. */
export function objectOf(topic: TopicMetadata) {
  return env.PARTITION.getByName(partitionObjectName(topic.topicId, 0));
}

/** Appends one batch of these values to partition 0. */
export function append(
  topic: TopicMetadata,
  values: readonly string[],
  options: Partial<EncodeOptions> & { firstTimestamp?: number } = {},
): Promise<AppendResult | Failure> {
  return partitionOf(topic).append({ ...addressOf(topic), batches: batchOf(core, values, options) });
}
