// The Kafka listener's settings, from the environment and the way that a client came.

import { advertisedListener, type Door } from "../common/advertised-listeners.ts";
import { type HostPort, parseHostPort } from "../common/host-port.ts";
import { readTopicCreationConfigs } from "../common/topic-creation-configs.ts";
import type { Env } from "../env.ts";
import type { KafkaSettings } from "../listeners/kafka/call.ts";

const DEFAULT_PORT = 9092;

/** Where the platform does not tell what a client came by. */
const NOWHERE: HostPort = { host: "localhost", port: DEFAULT_PORT };

/**
 * The settings of a connection over TCP.
 * @param localAddress HOST:PORT of this side of it, where the platform tells
 */
export function socketSettings(env: Env, localAddress: string | undefined): KafkaSettings {
  const cameBy = parseHostPort(localAddress ?? "", DEFAULT_PORT);
  return kafkaSettings(env, advertised(env, cameBy?.port ?? null) ?? cameBy ?? NOWHERE);
}

/** What the clients of a WebSocket are told to connect to, unless their tunnel says it. */
export function webSocketAdvertised(env: Env, url: URL): HostPort {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return advertised(env, "websocket") ?? parseHostPort(url.hostname, port) ?? NOWHERE;
}

export function kafkaSettings(env: Env, advertised: HostPort): KafkaSettings {
  return {
    adminToken: env.SLUICE_ADMIN_TOKEN || null,
    isOpen: env.SLUICE_OPEN === "1",
    isAutoCreated: env.SLUICE_AUTO_CREATE_TOPICS !== "false",
    ...readTopicCreationConfigs(env.SLUICE_TOPIC_CONFIGS),
    maxReauthMs: parseReauthMs(env.SLUICE_MAX_REAUTH_MS),
    advertised,
  };
}

function advertised(env: Env, door: Door | null): HostPort | null {
  return advertisedListener(env.SLUICE_ADVERTISED_LISTENER ?? "", door);
}

/** Throws where the setting is no time: a broker that ignored it would never ask anybody to authenticate again. */
function parseReauthMs(text: string | null | undefined): number {
  const ms = Number(text || 0);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new Error(`SLUICE_MAX_REAUTH_MS must be a number of milliseconds, 0 or more, not '${text}'`);
}
