// DescribeConfigs (key 32), versions 1-4: configs of topics, and of the broker those few that it has.

import { type ConfigDescription, describeConfigs as describeTopicConfigs } from "../../../common/configs.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf, EncodableOf } from "../../../protocol/message.ts";
import { type Call, NODE_ID, serve } from "../call.ts";

type DescribeConfigsRequest = DecodedOf<typeof API.describeConfigs.request>;
type Resource = DescribeConfigsRequest["resources"][number];

/** Kafka's ConfigResource.Type. */
export const TOPIC_RESOURCE = 2;
export const BROKER_RESOURCE = 4;
export const GROUP_RESOURCE = 32;

/** A resource name: what is set for all brokers while they run, of which there is nothing. */
const ALL_BROKERS = "";

/** Kafka's ConfigEntry.ConfigSource. */
const SOURCE_TOPIC = 1;
const SOURCE_STATIC_BROKER = 4;
const SOURCE_DEFAULT = 5;

/** Kafka's ConfigDef.Type. */
const TYPE_CODES = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const;

export function configSource(source: ConfigDescription["source"]): number {
  return source === "topic" ? SOURCE_TOPIC : SOURCE_DEFAULT;
}

export const describeConfigs = serve(API.describeConfigs, { min: 1, max: 4 }, async (call) => {
  const results = [];
  for (const resource of call.request.resources) results.push(answerResource(resource, await describeResource(call, resource)));
  return { throttleTimeMs: 0, results };
});

type ConfigEntry = NonNullable<EncodableOf<typeof API.describeConfigs.response>["results"]>[number]["configs"][number];

async function describeResource(call: Call<DescribeConfigsRequest>, resource: Resource): Promise<readonly ConfigEntry[] | Failure> {
  const { resourceType, resourceName } = resource;
  if (resourceType === BROKER_RESOURCE) return describeBroker(call, resourceName);
  if (resourceType !== TOPIC_RESOURCE) return failure("INVALID_REQUEST", `resources of type ${resourceType} have no configs here`);
  const topic = call.session.access.refuse("DESCRIBE_CONFIGS", "TOPIC", resourceName) ?? (await call.broker.topic(resourceName));
  if (isFailure(topic)) return topic;
  const wanted = resource.configurationKeys;
  return describeTopicConfigs(topic.configs)
    .filter(({ key }) => wanted === null || wanted.length === 0 || wanted.includes(key))
    .map((config) => ({
      ...{ name: config.key, value: config.value, readOnly: false, configSource: configSource(config.source), isSensitive: false },
      synonyms: call.request.includeSynonyms ? [{ name: config.key, value: config.value, source: configSource(config.source) }] : [],
      configType: TYPE_CODES[config.type],
      documentation: call.request.includeDocumentation ? config.doc : null,
    }));
}

function describeBroker({ settings, session }: Call<DescribeConfigsRequest>, name: string): readonly ConfigEntry[] | Failure {
  const refused = session.access.refuse("DESCRIBE_CONFIGS", "CLUSTER");
  if (refused !== null) return refused;
  if (name === ALL_BROKERS) return [];
  if (name !== String(NODE_ID)) return failure("INVALID_REQUEST", `there is no broker ${name}`);
  const configs = [
    { name: "auto.create.topics.enable", value: String(settings.isAutoCreated), configType: TYPE_CODES.boolean },
    { name: "num.partitions", value: String(settings.defaultPartitions), configType: TYPE_CODES.int },
  ];
  return configs.map((config) => ({
    ...config,
    ...{ readOnly: true, configSource: SOURCE_STATIC_BROKER, isSensitive: false, synonyms: [], documentation: null },
  }));
}

function answerResource({ resourceType, resourceName }: Resource, configs: readonly ConfigEntry[] | Failure) {
  const isRefused = "error" in configs;
  return {
    ...{ resourceType, resourceName },
    errorCode: isRefused ? errorCode(configs.error) : 0,
    errorMessage: isRefused ? configs.detail : null,
    configs: isRefused ? [] : configs,
  };
}
