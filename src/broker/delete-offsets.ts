// Kafka's OffsetDelete: committed offsets that nobody needs any more, of topics that no member of the group subscribes to.

import { type Failure, isFailure } from "../common/errors.ts";
import { checkGroupId } from "../coordinator/committed-offsets.ts";
import type { CommitOffsetsResult } from "./messages/offsets.ts";
import type { OffsetDeletion, Ports } from "./ports.ts";
import { checkPartition, findTopic, type TopicCache } from "./topics.ts";

export async function deleteOffsets(
  ports: Ports,
  topics: TopicCache,
  groupId: string,
  offsets: readonly { readonly topic: string; readonly partition: number }[],
): Promise<CommitOffsetsResult | Failure> {
  const badId = checkGroupId(groupId);
  if (badId !== null) return badId;
  const resolved = await Promise.all(offsets.map((offset) => resolve(topics, offset)));
  const known = resolved.filter((deletion): deletion is OffsetDeletion => !isFailure(deletion));
  const outcomes = await ports.group(groupId).deleteOffsets(groupId, known);
  if (!Array.isArray(outcomes)) return outcomes as Failure;
  const remaining = outcomes.values();
  const results = offsets.map(({ topic, partition }, index) => {
    const deletion = resolved[index]!;
    const refused: Failure | null = isFailure(deletion) ? deletion : remaining.next().value!;
    return refused === null ? { topic, partition } : { topic, partition, failure: refused };
  });
  return { offsets: results };
}

async function resolve(
  topics: TopicCache,
  { topic: name, partition }: { readonly topic: string; readonly partition: number },
): Promise<OffsetDeletion | Failure> {
  const topic = await findTopic(topics, name);
  if (isFailure(topic)) return topic;
  return checkPartition(topic, partition) ?? { topicId: topic.topicId, topic: name, partition };
}
