// The Kafka listener's settings, from the environment and the address that a client came by.

import type { Env } from "../env.ts";
import type { AdvertisedAddress, KafkaSettings } from "../listeners/kafka/call.ts";

const DEFAULT_PORT = 9092;

/** @param localAddress HOST:PORT of this side of the connection, where the platform tells it */
export function kafkaSettings(env: Env, localAddress: string | undefined): KafkaSettings {
  return {
    adminToken: env.SLUICE_ADMIN_TOKEN || null,
    isOpen: env.SLUICE_OPEN === "1",
    isAutoCreated: env.SLUICE_AUTO_CREATE_TOPICS !== "false",
    maxReauthMs: parseReauthMs(env.SLUICE_MAX_REAUTH_MS),
    advertised: parseAddress(env.SLUICE_ADVERTISED_LISTENER || localAddress || "localhost"),
  };
}

/** Throws where the setting is no time: a broker that ignored it would never ask anybody to authenticate again. */
function parseReauthMs(text: string | null | undefined): number {
  const ms = Number(text || 0);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new Error(`SLUICE_MAX_REAUTH_MS must be a number of milliseconds, 0 or more, not '${text}'`);
}

/** HOST, HOST:PORT or [IPV6]:PORT */
export function parseAddress(address: string): AdvertisedAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? address, port: port === undefined ? DEFAULT_PORT : Number(port) };
}
