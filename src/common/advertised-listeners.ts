// advertised.listeners: which address Kafka clients are told to connect to, by the door that they came by.
//
//   SLUICE_ADVERTISED_LISTENER = "kafka.example.com:9092"                          every door
//                              = "kafka.example.com:9092, 9094=lan.example:9094"   one for those who came by port 9094
//                              = "websocket=127.0.0.1:9092"                        one for /kafka, where the tunnel does not say its own
//
// A door that is not named, where there is no address for all, is where the client came by.

import { type HostPort, parseHostPort } from "./host-port.ts";

/** A local port, or the WebSocket. */
export type Door = number | "websocket";

const DEFAULT_PORT = 9092;

/**
 * The address that the setting has for a door; null where it has none.
 * @throws Error that names the part that is no listener: the setting is the operator's
 */
export function advertisedListener(setting: string, door: Door | null): HostPort | null {
  const listeners = parseListeners(setting);
  return listeners.get(door === null ? "" : String(door)) ?? listeners.get("") ?? null;
}

/** By door; "" is for all others. @throws as advertisedListener does */
export function parseListeners(setting: string): ReadonlyMap<string, HostPort> {
  const listeners = new Map<string, HostPort>();
  for (const part of setting.split(",").map((text) => text.trim())) {
    if (part === "") continue;
    const [, door = "", address = ""] = /^(?:(\d{1,5}|websocket)=)?(.*)$/.exec(part) ?? [];
    const listener = parseHostPort(address, DEFAULT_PORT);
    if (listener === null) throw new Error(`SLUICE_ADVERTISED_LISTENER: "${part}" is not [PORT= or websocket=]HOST:PORT`);
    if (listeners.has(door)) throw new Error(`SLUICE_ADVERTISED_LISTENER: two listeners for ${door === "" ? "every door" : door}`);
    listeners.set(door, listener);
  }
  return listeners;
}
