// CreateTopics (key 19), versions 2-7. Every topic is made by itself. The replication factor is not ours to choose (-1 or 1 and above are
// accepted: the platform replicates); a replica assignment says only how many partitions there are.

import type { TopicMetadata } from "../../../broker/ports.ts";
import { describeConfigs } from "../../../common/configs.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { ZERO_UUID } from "../../../protocol/uuid.ts";
import { type Call, serve } from "../call.ts";

import { configSource } from "./32-describe-configs.ts";

type CreateTopicsRequest = DecodedOf<typeof API.createTopics.request>;
type NewTopic = CreateTopicsRequest["topics"][number];

/** num.partitions */
const DEFAULT_PARTITIONS = -1;

export const createTopics = serve(API.createTopics, { min: 2, max: 7 }, async (call) => {
  const topics = [];
  for (const topic of call.request.topics) topics.push(answerTopic(topic.name, await create(call, topic)));
  return { throttleTimeMs: 0, topics };
});

async function create({ request, broker }: Call<CreateTopicsRequest>, topic: NewTopic): Promise<TopicMetadata | Failure> {
  if (request.topics.filter(({ name }) => name === topic.name).length > 1) {
    return failure("INVALID_REQUEST", `the request names topic '${topic.name}' more than once`);
  }
  const { name, assignments, configs, numPartitions, replicationFactor } = topic;
  if (replicationFactor === 0 || replicationFactor < -1) return failure("INVALID_REPLICATION_FACTOR", "the replication factor is below 1");
  const partitions = assignments.length > 0 ? assignments.length : numPartitions;
  return broker.createTopic({
    name,
    ...(partitions === DEFAULT_PARTITIONS ? {} : { partitions }),
    configs: Object.fromEntries(configs.map((config) => [config.name, config.value ?? ""])),
    validateOnly: request.validateOnly,
  });
}

function answerTopic(name: string, topic: TopicMetadata | Failure) {
  if (isFailure(topic)) {
    const { error, detail } = topic;
    return {
      name,
      topicId: ZERO_UUID,
      errorCode: errorCode(error),
      errorMessage: detail,
      numPartitions: -1,
      replicationFactor: -1,
      configs: null,
    };
  }
  const configs = describeConfigs(topic.configs).map((config) => ({
    ...{ name: config.key, value: config.value, readOnly: false, isSensitive: false },
    configSource: configSource(config.source),
  }));
  return {
    name,
    topicId: topic.topicId,
    errorCode: 0,
    errorMessage: null,
    numPartitions: topic.partitionCount,
    replicationFactor: 1,
    configs,
  };
}
