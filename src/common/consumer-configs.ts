// The configs that a consumer group (KIP-848) may have of its own, over those of the deployment: of Kafka's GroupConfig the keys that begin
// with `consumer.`. The deployment also says between which bounds (group-configs.ts); what is refused is told in GroupConfig's words.

import { int } from "./config-types.ts";
import { type Failure, failure } from "./errors.ts";
import type { GroupConfig } from "./group-configs.ts";

const SESSION = "consumer.session.timeout.ms";
const HEARTBEAT = "consumer.heartbeat.interval.ms";

/** By key. */
const KEYS = [HEARTBEAT, SESSION] as const;
export type ConsumerConfigKey = (typeof KEYS)[number];

/** What a group has set (ms). Stored: never rename a key. */
export type ConsumerConfigs = { readonly [Key in ConsumerConfigKey]?: number };

const DOCS: Readonly<Record<ConsumerConfigKey, string>> = {
  [HEARTBEAT]: "How often the group's members are told to send a heartbeat. Each is told by its next one.",
  [SESSION]: "How long a member of the group may be silent. It holds for each from its next heartbeat on.",
};

const MILLISECONDS = int({ min: 1 });

export interface ConsumerConfigDescription {
  readonly key: ConsumerConfigKey;
  readonly value: string;
  readonly type: "int";
  readonly isDefault: boolean;
  readonly doc: string;
}

export function isConsumerConfigKey(key: string): key is ConsumerConfigKey {
  return (KEYS as readonly string[]).includes(key);
}

/** The deployment's configs as they are for a group that has set these. */
export function withConsumerConfigs(config: GroupConfig, set: ConsumerConfigs): GroupConfig {
  return {
    ...config,
    consumerSessionTimeoutMs: set[SESSION] ?? config.consumerSessionTimeoutMs,
    consumerHeartbeatIntervalMs: set[HEARTBEAT] ?? config.consumerHeartbeatIntervalMs,
  };
}

/** By key. @param config the deployment's */
export function describeConsumerConfigs(set: ConsumerConfigs, config: GroupConfig): ConsumerConfigDescription[] {
  const now = withConsumerConfigs(config, set);
  const values = { [HEARTBEAT]: now.consumerHeartbeatIntervalMs, [SESSION]: now.consumerSessionTimeoutMs };
  return KEYS.map((key) => ({ key, value: String(values[key]), type: "int", isDefault: set[key] === undefined, doc: DOCS[key] }));
}

/**
 * What a group has set after these changes.
 * @param changes values by key; null: back to the deployment's
 * @returns INVALID_CONFIG with the first that is refused
 */
export function alterConsumerConfigs(
  set: ConsumerConfigs,
  changes: Readonly<Record<string, string | null>>,
  config: GroupConfig,
): ConsumerConfigs | Failure {
  const altered: Record<string, number> = { ...set };
  for (const [key, text] of Object.entries(changes)) {
    if (!isConsumerConfigKey(key)) return failure("INVALID_CONFIG", `Unknown group config name: ${key.slice(0, 100)}`);
    delete altered[key];
    if (text === null) continue;
    const parsed = MILLISECONDS.parse(text);
    if (!("value" in parsed)) return failure("INVALID_CONFIG", `Invalid value '${text}' for ${key}: it must be ${parsed.expected}.`);
    altered[key] = parsed.value;
  }
  return refuse(altered, config) ?? altered;
}

/** As GroupConfig.validateValues. What the group has from the deployment is not held against the bounds. */
function refuse(set: ConsumerConfigs, config: GroupConfig): Failure | null {
  const { consumerSessionTimeoutMs, consumerHeartbeatIntervalMs } = withConsumerConfigs(config, set);
  return (
    refuseOutside(set, HEARTBEAT, config.consumerMinHeartbeatIntervalMs, config.consumerMaxHeartbeatIntervalMs) ??
    refuseOutside(set, SESSION, config.consumerMinSessionTimeoutMs, config.consumerMaxSessionTimeoutMs) ??
    (consumerSessionTimeoutMs <= consumerHeartbeatIntervalMs
      ? failure("INVALID_CONFIG", `${SESSION} must be greater than ${HEARTBEAT}`)
      : null)
  );
}

function refuseOutside(set: ConsumerConfigs, key: ConsumerConfigKey, min: number, max: number): Failure | null {
  const value = set[key];
  if (value === undefined || (value >= min && value <= max)) return null;
  const [than, bound] = value < min ? ["greater", "min"] : ["less", "max"];
  return failure("INVALID_CONFIG", `${key} must be ${than} than or equal to ${key.replace("consumer.", `group.consumer.${bound}.`)}`);
}
