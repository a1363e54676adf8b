// Kafka's ListOffsets for one partition.

import type { Failure } from "../common/errors.ts";
import type { IsolationLevel, OffsetQuery, OffsetResult, Ports } from "./ports.ts";
import { addressOf, type TopicCache, withPartition } from "./topics.ts";

export function queryOffset(
  ports: Ports,
  topics: TopicCache,
  topic: string,
  partition: number,
  query: OffsetQuery,
  isolation: IsolationLevel,
): Promise<OffsetResult | Failure> {
  return withPartition<OffsetResult>(topics, topic, partition, (metadata) =>
    ports.partition(metadata.topicId, partition).offset(addressOf(metadata, partition), query, isolation),
  );
}
