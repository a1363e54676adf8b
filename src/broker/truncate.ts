// Kafka's DeleteRecords for one partition.

import { failure } from "../common/errors.ts";
import type { LogOffsets, Ports, ReadFailure } from "./ports.ts";
import { addressOf, configOf, type TopicCache, withPartition } from "./topics.ts";

/** As Kafka's Partition.deleteRecordsOnLeader, a topic that is compacted and never deleted refuses. */
export function truncate(
  ports: Ports,
  topics: TopicCache,
  name: string,
  partition: number,
  beforeOffset: number,
): Promise<LogOffsets | ReadFailure> {
  return withPartition<LogOffsets>(topics, name, partition, async (topic) => {
    const { cleanupPolicy } = configOf(topic);
    if (cleanupPolicy.includes("compact") && !cleanupPolicy.includes("delete")) {
      return failure("POLICY_VIOLATION", `records of topic '${name}' may not be deleted: its cleanup.policy has no delete`);
    }
    return ports.partition(topic.topicId, partition).truncate(addressOf(topic, partition), beforeOffset);
  });
}
