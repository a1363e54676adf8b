// What `sluice tunnel` takes, what it refuses, and the words for both.

import { type HostPort, parseHostPort } from "../../common/host-port.ts";
import { UsageError } from "../failure.ts";
import type { Settings } from "../settings.ts";

export interface TunnelOptions {
  /** ws: or wss:, with the path of the door. */
  readonly url: URL;
  /** Where Kafka clients connect; port 0 takes a free one. */
  readonly listen: HostPort;
  /** What clients are told to connect to; null: the address that they came by. */
  readonly advertise: HostPort | null;
  /** null: clients authenticate by SASL. */
  readonly token: string | null;
}

export interface TunnelFlags {
  readonly listen: string;
  readonly advertise?: string;
}

/** Throws UsageError. */
export function tunnelOptions({ listen, advertise }: TunnelFlags, { url, isUrlGiven, token }: Settings): TunnelOptions {
  if (!isUrlGiven) throw new UsageError("--url is needed: the broker's, https://…");
  return {
    url: doorOf(url),
    listen: parseListen(listen),
    advertise: advertise === undefined ? null : parseAddress("--advertise", advertise),
    token: token ?? null,
  };
}

/** The door's own URL: the broker's, with its path before /kafka. */
function doorOf(broker: string): URL {
  const url = new URL(broker);
  const base = url.pathname.replace(/\/+$/, "").replace(/\/kafka$/, "");
  return new URL(`${url.protocol.replace("http", "ws")}//${url.host}${base}/kafka`);
}

/** As parseAddress, and port 0. */
function parseListen(text: string): HostPort {
  const free = /^(.+):0$/.exec(text)?.[1];
  return free === undefined ? parseAddress("--listen", text) : { ...parseAddress("--listen", `${free}:1`), port: 0 };
}

function parseAddress(flag: string, text: string): HostPort {
  const address = parseHostPort(text);
  if (address === null) throw new UsageError(`${flag} takes HOST:PORT, not "${text}"`);
  return address;
}

/** Whether only this machine reaches the address. */
export function isLoopback({ host }: HostPort): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "::1";
}
