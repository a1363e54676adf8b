// The configs of consumer groups: Kafka's broker keys, as one table. They are set for the whole deployment, by SLUICE_GROUP_CONFIGS: a
// JSON object of keys and values as text. Where a default is not Kafka's, the table says why. What a single group may set for itself is
// in consumer-configs.ts and share-configs.ts.

import { int } from "./config-types.ts";
import { type DeploymentConfigTable, parseDeploymentConfigs } from "./deployment-configs.ts";
import { type Failure, failure, isFailure } from "./errors.ts";

const GROUP_CONFIGS = {
  "group.initial.rebalance.delay.ms": {
    type: int({ min: 0 }),
    defaultText: "100",
    doc: "How long the first rebalance of an empty group waits for more members, and again as long while more come. Kafka's default, 3000, is the wait that users meet as a slow first poll; consumers that one program starts together arrive within milliseconds, and for those that come later one more rebalance of a small group costs less than the wait.",
  },
  "group.min.session.timeout.ms": { type: int({ min: 1 }), defaultText: "6000", doc: "The shortest session that a member may ask for." },
  "group.max.session.timeout.ms": { type: int({ min: 1 }), defaultText: "1800000", doc: "The longest session that a member may ask for." },
  "group.max.size": {
    type: int({ min: 1 }),
    defaultText: "3000",
    doc: "Most members of a group. Kafka has no limit; here a group is one object, which takes about 1,000 requests a second, and a member sends a heartbeat every 3 s.",
  },
  "group.consumer.session.timeout.ms": {
    type: int({ min: 1 }),
    defaultText: "45000",
    doc: "How long a member of a consumer group (KIP-848) may be silent. An HTTP member may ask for another time.",
  },
  "group.consumer.heartbeat.interval.ms": {
    type: int({ min: 1 }),
    defaultText: "5000",
    doc: "How often the members of a consumer group are told to send a heartbeat.",
  },
  "group.consumer.min.session.timeout.ms": {
    type: int({ min: 1 }),
    defaultText: "45000",
    doc: "The least that a group may set its consumer.session.timeout.ms to. Unlike Kafka's, the four bounds do not hold for the deployment's own values.",
  },
  "group.consumer.max.session.timeout.ms": {
    type: int({ min: 1 }),
    defaultText: "60000",
    doc: "The most that a group may set its consumer.session.timeout.ms to.",
  },
  "group.consumer.min.heartbeat.interval.ms": {
    type: int({ min: 1 }),
    defaultText: "5000",
    doc: "The least that a group may set its consumer.heartbeat.interval.ms to.",
  },
  "group.consumer.max.heartbeat.interval.ms": {
    type: int({ min: 1 }),
    defaultText: "15000",
    doc: "The most that a group may set its consumer.heartbeat.interval.ms to.",
  },
  "group.consumer.max.size": {
    type: int({ min: 1 }),
    defaultText: "3000",
    doc: "Most members of a consumer group, of all kinds. Kafka has no limit: see group.max.size.",
  },
  "group.share.session.timeout.ms": {
    type: int({ min: 1 }),
    defaultText: "45000",
    doc: "How long a member of a share group (KIP-932) may be silent.",
  },
  "group.share.heartbeat.interval.ms": {
    type: int({ min: 1, max: 8_000, because: "members are in memory, which an object loses after 10 s in which nobody calls" }),
    defaultText: "5000",
    doc: "How often the members of a share group are told to send a heartbeat.",
  },
  "group.share.max.size": {
    type: int({ min: 1, max: 1000 }),
    defaultText: "200",
    doc: "Most members of a share group, of those that speak Kafka's protocol.",
  },
  "offsets.retention.minutes": {
    type: int({ min: 1 }),
    defaultText: "10080",
    doc: "How long offsets are kept once the group has no members.",
  },
  "offsets.retention.check.interval.ms": {
    type: int({ min: 1 }),
    defaultText: "600000",
    doc: "How long a group without members and offsets is kept.",
  },
} as const satisfies DeploymentConfigTable;

export interface GroupConfig {
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxSize: number;
  readonly consumerSessionTimeoutMs: number;
  readonly consumerHeartbeatIntervalMs: number;
  readonly consumerMinSessionTimeoutMs: number;
  readonly consumerMaxSessionTimeoutMs: number;
  readonly consumerMinHeartbeatIntervalMs: number;
  readonly consumerMaxHeartbeatIntervalMs: number;
  readonly consumerMaxSize: number;
  readonly shareSessionTimeoutMs: number;
  readonly shareHeartbeatIntervalMs: number;
  readonly shareMaxSize: number;
  readonly offsetsRetentionMs: number;
  readonly emptyGroupRetentionMs: number;
}

/** The configs with `set` over their defaults, or INVALID_CONFIG with the first key or value that is refused. */
export function parseGroupConfigs(set: Readonly<Record<string, string>>): GroupConfig | Failure {
  const values = parseDeploymentConfigs("group", GROUP_CONFIGS, set);
  if (isFailure(values)) return values;
  return checkRelations({
    initialRebalanceDelayMs: values["group.initial.rebalance.delay.ms"],
    minSessionTimeoutMs: values["group.min.session.timeout.ms"],
    maxSessionTimeoutMs: values["group.max.session.timeout.ms"],
    maxSize: values["group.max.size"],
    consumerSessionTimeoutMs: values["group.consumer.session.timeout.ms"],
    consumerHeartbeatIntervalMs: values["group.consumer.heartbeat.interval.ms"],
    consumerMinSessionTimeoutMs: values["group.consumer.min.session.timeout.ms"],
    consumerMaxSessionTimeoutMs: values["group.consumer.max.session.timeout.ms"],
    consumerMinHeartbeatIntervalMs: values["group.consumer.min.heartbeat.interval.ms"],
    consumerMaxHeartbeatIntervalMs: values["group.consumer.max.heartbeat.interval.ms"],
    consumerMaxSize: values["group.consumer.max.size"],
    shareSessionTimeoutMs: values["group.share.session.timeout.ms"],
    shareHeartbeatIntervalMs: values["group.share.heartbeat.interval.ms"],
    shareMaxSize: values["group.share.max.size"],
    offsetsRetentionMs: values["offsets.retention.minutes"] * 60_000,
    emptyGroupRetentionMs: values["offsets.retention.check.interval.ms"],
  });
}

/** The configs of a deployment: `text` is JSON, or absent for the defaults. Throws where it is not valid: it is the operator's. */
export function readGroupConfigs(text: string | null | undefined): GroupConfig {
  const config = parseGroupConfigs(text ? JSON.parse(text) : {});
  if (isFailure(config)) throw new Error(`SLUICE_GROUP_CONFIGS: ${config.detail}`);
  return config;
}

function checkRelations(config: GroupConfig): GroupConfig | Failure {
  if (config.minSessionTimeoutMs > config.maxSessionTimeoutMs) {
    return failure("INVALID_CONFIG", "group.min.session.timeout.ms must not be above group.max.session.timeout.ms.");
  }
  if (config.consumerMinSessionTimeoutMs > config.consumerMaxSessionTimeoutMs) {
    return failure("INVALID_CONFIG", "group.consumer.min.session.timeout.ms must not be above group.consumer.max.session.timeout.ms.");
  }
  if (config.consumerMinHeartbeatIntervalMs > config.consumerMaxHeartbeatIntervalMs) {
    return failure(
      "INVALID_CONFIG",
      "group.consumer.min.heartbeat.interval.ms must not be above group.consumer.max.heartbeat.interval.ms.",
    );
  }
  if (config.consumerHeartbeatIntervalMs >= config.consumerSessionTimeoutMs) {
    return failure("INVALID_CONFIG", "group.consumer.heartbeat.interval.ms must be below group.consumer.session.timeout.ms.");
  }
  if (config.shareHeartbeatIntervalMs < config.shareSessionTimeoutMs) return config;
  return failure("INVALID_CONFIG", "group.share.heartbeat.interval.ms must be below group.share.session.timeout.ms.");
}
