// DescribeConfigs (key 32), versions 1-4: configs of topics, of groups (../group-configs.ts), and of the broker those few that it has. Those
// of all groups are set where the broker is started (SLUICE_GROUP_CONFIGS), and are told here as the defaults of each.

import { type ConfigDescription, describeConfigs as describeTopicConfigs } from "../../../common/configs.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf, EncodableOf } from "../../../protocol/message.ts";
import { type Call, NODE_ID, serve } from "../call.ts";
import { describeGroupConfigs } from "../group-configs.ts";

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
const SOURCE_GROUP = 8;

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
  if (resourceType === GROUP_RESOURCE) return describeGroup(call, resource);
  if (resourceType !== TOPIC_RESOURCE) return failure("INVALID_REQUEST", `resources of type ${resourceType} have no configs here`);
  const topic = call.session.access.refuse("DESCRIBE_CONFIGS", "TOPIC", resourceName) ?? (await call.broker.topic(resourceName));
  if (isFailure(topic)) return topic;
  return entries(
    call,
    resource,
    describeTopicConfigs(topic.configs).map((config) => ({ ...config, source: configSource(config.source) })),
  );
}

/** Whatever its kind, or whether it is there: as Kafka tells it, the configs that a group of the name has or would have. */
async function describeGroup(call: Call<DescribeConfigsRequest>, resource: Resource): Promise<readonly ConfigEntry[] | Failure> {
  const configs = await describeGroupConfigs(call.broker, resource.resourceName);
  if (isFailure(configs)) return configs;
  return entries(
    call,
    resource,
    configs.map((config) => ({ ...config, source: config.isDefault ? SOURCE_DEFAULT : SOURCE_GROUP })),
  );
}

interface DescribedConfig {
  readonly key: string;
  readonly value: string;
  readonly source: number;
  readonly type: keyof typeof TYPE_CODES;
  readonly doc: string;
}

function entries(
  { request }: Call<DescribeConfigsRequest>,
  { configurationKeys: wanted }: Resource,
  configs: readonly DescribedConfig[],
): ConfigEntry[] {
  return configs
    .filter(({ key }) => wanted === null || wanted.length === 0 || wanted.includes(key))
    .map(({ key, value, source, type, doc }) => ({
      ...{ name: key, value, readOnly: false, configSource: source, isSensitive: false },
      synonyms: request.includeSynonyms ? [{ name: key, value, source }] : [],
      configType: TYPE_CODES[type],
      documentation: request.includeDocumentation ? doc : null,
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
