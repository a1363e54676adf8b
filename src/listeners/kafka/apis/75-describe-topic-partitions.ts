// DescribeTopicPartitions (key 75), version 0 (KIP-966): topics with their partitions, so many at a time, by name; the cursor is where the
// next request goes on. No topics named: all of them. There are no replicas to tell of, so none that are eligible leaders: that is an empty
// list, as Kafka has it, since the Java client reads no null there.

import type { TopicMetadata } from "../../../broker/ports.ts";
import { mapConcurrently } from "../../../common/concurrency.ts";
import { errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { MAX_DESCRIBED_PARTITIONS } from "../../../common/limits/kafka.ts";
import { MAX_CONCURRENT_CALLS } from "../../../common/limits/platform.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { type Call, ConnectionRefused, serve } from "../call.ts";
import { allTopics, describePartition, missingTopicError, withOperations } from "./03-metadata.ts";

type Request = DecodedOf<typeof API.describeTopicPartitions.request>;

export const describeTopicPartitions = serve(API.describeTopicPartitions, { min: 0, max: 0 }, async (call) => {
  const { cursor, responsePartitionLimit } = call.request;
  if (cursor !== null && cursor.partitionIndex < 0)
    throw new ConnectionRefused("the cursor of DescribeTopicPartitions is before a partition 0");
  let room = Math.min(Math.max(1, responsePartitionLimit), MAX_DESCRIBED_PARTITIONS);
  const topics = [];
  for (const { name, topic } of await findTopics(call)) {
    const first = name === cursor?.topicName ? cursor.partitionIndex : 0;
    if (room === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: first } };
    const described = describe(name, topic, first, room);
    topics.push(withOperations(described, call.session.access));
    room -= described.partitions.length;
    const next = first + described.partitions.length;
    if (!isFailure(topic) && next < topic.partitionCount) {
      return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: next } };
    }
  }
  return { throttleTimeMs: 0, topics, nextCursor: null };
});

/** From the cursor on, by name. */
async function findTopics({ request, broker }: Call<Request>): Promise<{ name: string; topic: TopicMetadata | Failure }[]> {
  const isAhead = (name: string): boolean => request.cursor === null || name >= request.cursor.topicName;
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  if (request.topics.length === 0) {
    return (await allTopics(broker))
      .filter(({ name }) => isAhead(name))
      .map((topic) => ({ name: topic.name, topic }))
      .sort(byName);
  }
  const names = [...new Set(request.topics.map(({ name }) => name))].filter(isAhead);
  return (await mapConcurrently(names, MAX_CONCURRENT_CALLS, async (name) => ({ name, topic: await broker.topic(name) }))).sort(byName);
}

function describe(name: string, topic: TopicMetadata | Failure, first: number, room: number) {
  if (isFailure(topic))
    return { errorCode: errorCode(missingTopicError(topic, name)), name, topicId: ZERO_UUID, isInternal: false, partitions: [] };
  const count = Math.max(0, Math.min(topic.partitionCount - first, room));
  const partitions = Array.from({ length: count }, (_, index) => ({
    ...describePartition(first + index),
    ...{ eligibleLeaderReplicas: [], lastKnownElr: [] },
  }));
  return { errorCode: 0, name, topicId: topic.topicId, isInternal: false, partitions };
}
