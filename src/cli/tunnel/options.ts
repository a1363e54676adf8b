// The command line of the tunnel: what it takes, what it refuses, and the words for both.

import { parseArgs } from "node:util";
import { type HostPort, parseHostPort } from "../../common/host-port.ts";

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

/** A flag or a value that is refused. */
export class TunnelUsageError extends Error {}

export const TUNNEL_HELP = `Carries Kafka clients to a Sluice broker that is reached by HTTPS alone.

  npm run tunnel -- --url https://sluice.example.workers.dev [--listen 127.0.0.1:9092] [--token TOKEN]

  --url URL            The broker: https://, or http:// on this machine.
  --listen HOST:PORT   Where Kafka clients connect (127.0.0.1:9092); port 0 takes a free one.
  --advertise HOST:PORT
                       What clients are told to connect to, where it is not the address that they came by.
  --token TOKEN        The broker's token; better in the environment, as SLUICE_TOKEN. Whoever reaches the tunnel uses it.
                       Without one, clients authenticate themselves (SASL PLAIN, with the token as the password).
  --help               This text.
`;

/** Parses the arguments after the command's name. Null: help was asked for. Throws TunnelUsageError for anything it does not know. */
export function parseTunnelOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): TunnelOptions | null {
  const { help, url, listen, advertise, token = environment.SLUICE_TOKEN } = parseFlags(args);
  if (help) return null;
  return {
    url: parseBrokerUrl(url),
    listen: parseListen(listen),
    advertise: advertise === undefined ? null : parseAddress("--advertise", advertise),
    token: token ? checkToken(token) : null,
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: "boolean", default: false },
        url: { type: "string" },
        listen: { type: "string", default: "127.0.0.1:9092" },
        advertise: { type: "string" },
        token: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new TunnelUsageError(`${(error as Error).message} (--help lists the flags)`);
  }
}

/** The door's own URL: the broker's, with its path before /kafka. */
function parseBrokerUrl(text: string | undefined): URL {
  if (text === undefined) throw new TunnelUsageError("--url is needed: the broker's, https://…");
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(https?|wss?):$/.test(url.protocol)) throw new TunnelUsageError(`--url takes an http or https URL, not "${text}"`);
  if (url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new TunnelUsageError("--url takes no user, query or fragment; the token goes into --token or SLUICE_TOKEN");
  }
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
  if (address === null) throw new TunnelUsageError(`${flag} takes HOST:PORT, not "${text}"`);
  return address;
}

/** A header's value is printable ASCII; the token itself is in no message. */
function checkToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new TunnelUsageError("the token has characters that no token of a broker has");
}

/** Whether only this machine reaches the address. */
export function isLoopback({ host }: HostPort): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "::1";
}
