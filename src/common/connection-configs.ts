// The configs of Kafka clients' connections: Kafka's broker keys, set for the whole deployment by SLUICE_CONNECTION_CONFIGS, a JSON object
// of keys and values as text. Counts are an isolate's: of the whole broker with `npm start`, of one of many edge nodes when deployed.

import { int, long } from "./config-types.ts";
import { type DeploymentConfigTable, readDeploymentConfigs } from "./deployment-configs.ts";
import { IDLE_CONNECTION_MS, MAX_KAFKA_CONNECTIONS } from "./limits/kafka.ts";

const CONNECTION_CONFIGS = {
  "connections.max.idle.ms": {
    type: long({ min: 1_000 }),
    defaultText: String(IDLE_CONNECTION_MS),
    doc: "How long a client may say nothing. Kafka's default.",
  },
  "max.connections": {
    type: int({ min: 0 }),
    defaultText: String(MAX_KAFKA_CONNECTIONS),
    doc: "Most TCP connections at a time; what is above is closed at once. Kafka has no limit.",
  },
  "max.connections.per.ip": {
    type: int({ min: 0 }),
    defaultText: String(2 ** 31 - 1),
    doc: "Most TCP connections at a time from one address, where the platform tells it. Kafka's default: no limit.",
  },
} as const satisfies DeploymentConfigTable;

export interface ConnectionConfig {
  readonly maxIdleMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
}

/** The configs of a deployment: `text` is JSON, or absent for the defaults. Throws where it is not valid: it is the operator's. */
export function readConnectionConfigs(text: string | null | undefined): ConnectionConfig {
  const values = readDeploymentConfigs("SLUICE_CONNECTION_CONFIGS", "connection", CONNECTION_CONFIGS, text);
  return {
    maxIdleMs: values["connections.max.idle.ms"],
    maxConnections: values["max.connections"],
    maxConnectionsPerIp: values["max.connections.per.ip"],
  };
}
