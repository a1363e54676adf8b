// /v1/topics: make, list, describe, change, delete; the offset of a time.

import type { TopicDescription } from "../../broker/messages/topics.ts";
import type { OffsetQuery, TopicMetadata } from "../../broker/ports.ts";
import { isFailure } from "../../common/errors.ts";
import * as contract from "../../contract/topics.ts";
import type { z } from "../../contract/zod.ts";
import { answer, noContent } from "./answer.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { logOffsets, refusal, requireResult } from "./problem.ts";
import { validBody } from "./validate.ts";

type TopicParams = z.output<(typeof contract.describeTopic)["params"]>;
type PartitionParams = z.output<(typeof contract.getOffset)["params"]>;
type ValidateOnly = z.output<(typeof contract.createTopic)["query"]>;

export async function listTopics(call: Call<object, z.output<(typeof contract.listTopics)["query"]>>): Promise<Response> {
  const { topics, nextCursor } = await call.broker.listTopics(defined(call.query));
  const listed = topics.map(({ name, topicId, partitionCount }) => ({ name, topicId, partitions: partitionCount }));
  return answer(call, { topics: listed, nextCursor });
}

export async function createTopic(call: Call<object, ValidateOnly>): Promise<Response> {
  const body = await validBody(call.request, contract.createTopicBody);
  const { validateOnly } = call.query;
  const topic = requireResult(await call.broker.createTopic({ ...defined(body), validateOnly }));
  if (validateOnly) return answer(call, topicAnswer(topic));
  return answer(call, topicAnswer(topic), 201, { location: `/v1/topics/${encodeURIComponent(topic.name)}` });
}

export async function describeTopic(call: Call<TopicParams>): Promise<Response> {
  const { topic, partitions } = requireResult(await call.broker.describeTopic(call.params.topic));
  return answer(call, {
    name: topic.name,
    topicId: topic.topicId,
    createdAt: topic.createdAtMs,
    partitions: partitions.map(partitionAnswer),
    configs: call.parts.topicConfigs(topic.configs),
  });
}

function partitionAnswer(part: TopicDescription["partitions"][number]) {
  const { partition } = part;
  return isFailure(part) ? { partition, ...refusal(part) } : { partition, ...logOffsets(part), sizeBytes: part.sizeBytes };
}

export async function alterTopic(call: Call<TopicParams, ValidateOnly>): Promise<Response> {
  const body = await validBody(call.request, contract.alterTopicBody);
  const topic = requireResult(await call.broker.alterTopic(call.params.topic, { ...defined(body), validateOnly: call.query.validateOnly }));
  return answer(call, topicAnswer(topic));
}

function topicAnswer({ name, topicId, partitionCount, configs, createdAtMs }: TopicMetadata): contract.TopicAnswer {
  return { name, topicId, partitions: partitionCount, configs: { ...configs }, createdAt: createdAtMs };
}

export async function deleteTopic(call: Call<TopicParams>): Promise<Response> {
  requireResult(await call.broker.deleteTopic(call.params.topic));
  return noContent();
}

export async function getOffset(call: Call<PartitionParams, z.output<(typeof contract.getOffset)["query"]>>): Promise<Response> {
  const { topic, partition } = call.params;
  const { timestamp, isolation } = call.query;
  const found = requireResult(await call.broker.offset(topic, partition, offsetQuery(timestamp), isolation));
  return answer(call, { offset: found.offset, timestamp: found.timestamp, ...logOffsets(found) });
}

function offsetQuery(text: string): OffsetQuery {
  return text === "earliest" || text === "latest" || text === "maxTimestamp" ? text : { timestamp: Number(text) };
}
