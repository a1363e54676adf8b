// Kafka's DescribeProducers and WriteTxnMarkers for one partition.

import type { Failure } from "../common/errors.ts";
import type { Ports, ProducerDescription, TxnMarker } from "./ports.ts";
import { addressOf, type TopicCache, withPartition } from "./topics.ts";

export function describeProducers(
  ports: Ports,
  topics: TopicCache,
  name: string,
  partition: number,
): Promise<readonly ProducerDescription[] | Failure> {
  return withPartition<readonly ProducerDescription[]>(topics, name, partition, (topic) =>
    ports.partition(topic.topicId, partition).describeProducers(addressOf(topic, partition)),
  );
}

/** An entry for each marker, in order: null, or why it was not written. */
export function writeTxnMarkers(
  ports: Ports,
  topics: TopicCache,
  name: string,
  partition: number,
  markers: readonly TxnMarker[],
): Promise<readonly (null | Failure)[] | Failure> {
  return withPartition<readonly (null | Failure)[]>(topics, name, partition, (topic) =>
    ports.partition(topic.topicId, partition).writeTxnMarkers(addressOf(topic, partition), markers),
  );
}
