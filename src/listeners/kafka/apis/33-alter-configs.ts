// AlterConfigs (key 33), versions 0-2: the named configs are what is set from then on, all others go back to their defaults. And
// IncrementalAlterConfigs (key 44), versions 0-1: sets, resets, and adds to or takes from lists (KIP-339). Topics and groups
// (../group-configs.ts); a broker's configs may be reset, of which none is set (kafka-reassign-partitions --verify does it).

import type { Access } from "../../../broker/access.ts";
import type { Broker } from "../../../broker/broker.ts";
import { describeConfigs, isTopicConfigKey } from "../../../common/configs.ts";
import { errorCode, type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { serve } from "../call.ts";
import { alterGroupConfigs, replaceGroupConfigs } from "../group-configs.ts";
import { BROKER_RESOURCE, GROUP_RESOURCE, TOPIC_RESOURCE } from "./32-describe-configs.ts";

type Change = (set: Readonly<Record<string, string>>) => Record<string, string | null>;

/** Kafka's AlterConfigOp.OpType. */
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

const LISTS: ReadonlySet<string> = new Set(
  describeConfigs({})
    .filter(({ type }) => type === "list")
    .map(({ key }) => key),
);

export const alterConfigs = serve(API.alterConfigs, { min: 0, max: 2 }, async ({ request, broker, session }) => {
  const responses = [];
  for (const { resourceType, resourceName, configs } of request.resources) {
    const named = Object.fromEntries(configs.map(({ name, value }) => [name, value]));
    const change: Change = (set) => ({ ...Object.fromEntries(Object.keys(set).map((key) => [key, null])), ...named });
    const refused =
      resourceType === GROUP_RESOURCE
        ? (session.access.refuse("ALTER_CONFIGS", "GROUP", resourceName) ??
          (await replaceGroupConfigs(broker, resourceName, named, request.validateOnly)))
        : await alter(broker, resourceType, resourceName, change, request.validateOnly);
    responses.push(answer(resourceType, resourceName, refused));
  }
  return { throttleTimeMs: 0, responses };
});

export const incrementalAlterConfigs = serve(API.incrementalAlterConfigs, { min: 0, max: 1 }, async ({ request, broker, session }) => {
  const responses = [];
  for (const { resourceType, resourceName, configs } of request.resources) {
    const change: Change = (set) => {
      const now = new Map(describeConfigs(set).map((config) => [config.key as string, config.value]));
      return Object.fromEntries(
        configs.map(({ name, configOperation, value }) => [name, applied(now.get(name) ?? "", configOperation, value)]),
      );
    };
    const isReset = resourceType === BROKER_RESOURCE && configs.every(({ configOperation }) => configOperation === DELETE);
    const refused =
      checkOperations(configs) ??
      (isReset
        ? session.access.refuse("ALTER_CONFIGS", "CLUSTER")
        : resourceType === GROUP_RESOURCE
          ? await alterGroup(broker, session.access, resourceName, configs, request.validateOnly)
          : await alter(broker, resourceType, resourceName, change, request.validateOnly));
    responses.push(answer(resourceType, resourceName, refused));
  }
  return { throttleTimeMs: 0, responses };
});

type Operation = DecodedOf<typeof API.incrementalAlterConfigs.request>["resources"][number]["configs"][number];

/** Why a resource's changes cannot be made, whatever it is now (ConfigAdminManager.incrementalAlterConfigs), or null. */
function checkOperations(operations: readonly Operation[]): Failure | null {
  const keys = new Set<string>();
  for (const { name, configOperation, value } of operations) {
    if (keys.has(name)) return failure("INVALID_REQUEST", `the request changes the config '${name}' more than once`);
    keys.add(name);
    const isOnList = configOperation === APPEND || configOperation === SUBTRACT;
    if (configOperation !== SET && configOperation !== DELETE && !isOnList)
      return failure("INVALID_REQUEST", `there is no config operation ${configOperation}`);
    if (value === null && configOperation !== DELETE) return failure("INVALID_REQUEST", `the config '${name}' is changed to no value`);
    if (isOnList && isTopicConfigKey(name) && !LISTS.has(name))
      return failure("INVALID_CONFIG", `the config '${name}' is no list: nothing can be added to it or taken from it`);
  }
  return null;
}

function applied(now: string, operation: number, value: string | null): string | null {
  const words = now.split(",").filter((word) => word !== "");
  const given = (value ?? "").split(",");
  switch (operation) {
    case SET:
      return value;
    case DELETE:
      return null;
    case APPEND:
      return [...new Set([...words, ...given])].join(",");
    case SUBTRACT:
      return words.filter((word) => !given.includes(word)).join(",");
    default:
      throw new Error(`config operation ${operation} was let through`);
  }
}

async function alter(broker: Broker, resourceType: number, name: string, change: Change, validateOnly: boolean): Promise<Failure | null> {
  if (resourceType !== TOPIC_RESOURCE) return refuseResource(resourceType, name);
  const topic = await broker.topic(name);
  if (isFailure(topic)) return topic;
  const altered = await broker.alterTopic(name, { configs: change(topic.configs), validateOnly });
  return isFailure(altered) ? altered : null;
}

async function alterGroup(
  broker: Broker,
  access: Access,
  groupId: string,
  configs: readonly Operation[],
  validateOnly: boolean,
): Promise<Failure | null> {
  const refused = access.refuse("ALTER_CONFIGS", "GROUP", groupId);
  if (refused !== null) return refused;
  const list = configs.find(({ configOperation }) => configOperation === APPEND || configOperation === SUBTRACT);
  if (list !== undefined) {
    return failure("INVALID_CONFIG", `the config '${list.name}' is no list: nothing can be added to it or taken from it`);
  }
  const changes = configs.map(({ name, configOperation, value }) => [name, configOperation === DELETE ? null : value] as const);
  return alterGroupConfigs(broker, groupId, Object.fromEntries(changes), validateOnly);
}

/** Why the configs of what is no topic cannot be set, and where they are. */
function refuseResource(resourceType: number, name: string): Failure {
  if (resourceType === BROKER_RESOURCE) {
    const detail = "a broker's configs are set where it is started (npm start -- --help, wrangler.toml), and are the same for all clients";
    return failure("INVALID_REQUEST", `${detail}: nothing of '${name || "all brokers"}' can be altered`);
  }
  return failure("INVALID_REQUEST", `there are no configs for resources of type ${resourceType}: 2 is a topic`);
}

function answer(resourceType: number, resourceName: string, refused: Failure | null) {
  return { errorCode: refused === null ? 0 : errorCode(refused.error), errorMessage: refused?.detail ?? null, resourceType, resourceName };
}
