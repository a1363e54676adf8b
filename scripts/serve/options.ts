// The command line of `npm start`: what it takes, what it refuses, and the words for both.

import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { parseListeners } from "../../src/common/advertised-listeners.ts";
import { parseAllowedOrigins } from "../../src/common/allowed-origins.ts";
import { readConnectionConfigs } from "../../src/common/connection-configs.ts";
import { readTopicCreationConfigs } from "../../src/common/topic-creation-configs.ts";
import { type ArchiveOptions, type Environment, parseArchive } from "./archive-options.ts";
import { StartError, USAGE_EXIT_CODE } from "./start-error.ts";
import { parseTls, type TlsOptions } from "./tls-options.ts";

export interface ServeOptions {
  /** An IP address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** For Kafka clients; 0 takes a free one. */
  readonly kafkaPort: number;
  /** The data folder, as given. */
  readonly data: string;
  /** Serve without a token: only ever on loopback. */
  readonly open: boolean;
  /** Webhooks may go to http URLs and private addresses. */
  readonly allowPrivateWebhooks: boolean;
  /** Where sealed segments go; null: they stay where they are. */
  readonly archive: ArchiveOptions | null;
  /** For both ports; null: neither speaks it. */
  readonly tls: TlsOptions | null;
}

export const HELP = `Runs the broker on this machine.

  npm start -- [--host 127.0.0.1] [--port 8787] [--kafka-port 9092] [--data .sluice] [--archive [s3://bucket/prefix]]

  --host ADDRESS   IP address to listen on. Any but a loopback address needs SLUICE_ADMIN_TOKEN.
  --port PORT      HTTP port; 0 takes a free one.
  --kafka-port PORT
                   Port for Kafka clients; 0 takes a free one.
  --data FOLDER    Where topics, records and groups are kept; made if it is not there.
  --archive        Move sealed segments to an archive, in the data folder.
  --archive s3://BUCKET/PREFIX
                   Move them to S3, or to what speaks its protocol. Takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
                   AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL from the environment.
  --tls-cert FILE --tls-key FILE
                   Serve TLS on both ports: HTTPS, and SSL for Kafka clients. PEM; the certificate with its chain.
  --tls-client-ca FILE
                   Let in only clients with a certificate of these authorities (mTLS), beside the token.
  --help           This text.

  SLUICE_ADMIN_TOKEN            (environment) The token that clients must send (Kafka clients: SASL PLAIN, as the password).
                                Without it the broker is open, on loopback only.
  SLUICE_ALLOWED_ORIGINS        (environment) Whose pages may use the broker from a browser: https://shop.example, http://localhost:5173
                                "*" for any, where there is a token. Without a token, pages of this machine may in any case.
  SLUICE_ADVERTISED_LISTENER    (environment) HOST:PORT that Kafka clients are told to connect to; else the address they came by.
                                PORT=HOST:PORT for those who came by a port, websocket=HOST:PORT for /kafka; commas between.
  SLUICE_CONNECTION_CONFIGS     (environment) JSON: {"connections.max.idle.ms": "600000", "max.connections": "10000",
                                "max.connections.per.ip": "2147483647"}
  SLUICE_AUTO_CREATE_TOPICS     (environment) "false": Kafka clients get no topic by asking for one.
  SLUICE_TOPIC_CONFIGS          (environment) JSON: {"num.partitions": "1"}, of topics made without a number of partitions.
  SLUICE_MAX_REAUTH_MS          (environment) Kafka clients authenticate again after so many ms (connections.max.reauth.ms); else never.
  SLUICE_ALLOW_PRIVATE_WEBHOOKS (environment) "1": webhooks may go to http URLs, private addresses and local names.
`;

/** Parses the arguments after the script's name. Null: help was asked for. Throws StartError for anything it does not know. */
export function parseServeOptions(args: readonly string[], environment: Environment): ServeOptions | null {
  const { help, host, port, "kafka-port": kafkaPort, data, archive, ...tls } = parseFlags(args);
  if (help) return null;
  const address = parseHost(host);
  const open = !environment.SLUICE_ADMIN_TOKEN;
  if (open && !isLoopback(address)) {
    throw new StartError(
      `--host ${host} can be reached from other machines: set SLUICE_ADMIN_TOKEN in the environment, or listen on 127.0.0.1`,
      USAGE_EXIT_CODE,
    );
  }
  checkSettings(environment, open);
  if (data === "") throw new StartError("--data needs a folder", USAGE_EXIT_CODE);
  return {
    host: address,
    port: parsePort("--port", port),
    kafkaPort: parsePort("--kafka-port", kafkaPort),
    data,
    open,
    allowPrivateWebhooks: environment.SLUICE_ALLOW_PRIVATE_WEBHOOKS === "1",
    archive: archive === undefined ? null : parseArchive(archive, environment),
    tls: parseTls(tls),
  };
}

/** What the broker would refuse at the first connection is refused now. */
function checkSettings(environment: Environment, open: boolean): void {
  checkSetting("SLUICE_ALLOWED_ORIGINS", () => {
    const { any } = parseAllowedOrigins(environment.SLUICE_ALLOWED_ORIGINS ?? "");
    if (any && open) throw new Error('SLUICE_ALLOWED_ORIGINS: "*" needs SLUICE_ADMIN_TOKEN, or any page could write to the broker');
  });
  checkSetting("SLUICE_ADVERTISED_LISTENER", () => parseListeners(environment.SLUICE_ADVERTISED_LISTENER ?? ""));
  checkSetting("SLUICE_CONNECTION_CONFIGS", () => readConnectionConfigs(environment.SLUICE_CONNECTION_CONFIGS));
  checkSetting("SLUICE_TOPIC_CONFIGS", () => readTopicCreationConfigs(environment.SLUICE_TOPIC_CONFIGS));
}

/** @param parse throws what the setting's text is not */
function checkSetting(name: string, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    const { name: kind, message } = error as Error;
    throw new StartError(kind === "SyntaxError" ? `${name}: ${message}` : message, USAGE_EXIT_CODE);
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.flatMap(spellOutArchive),
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: "boolean", default: false },
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "8787" },
        "kafka-port": { type: "string", default: "9092" },
        data: { type: "string", default: ".sluice" },
        archive: { type: "string" },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        "tls-client-ca": { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new StartError(`${(error as Error).message} (--help lists the flags)`, USAGE_EXIT_CODE);
  }
}

/** --archive may stand alone, which parseArgs has no word for: it becomes `--archive=`. */
function spellOutArchive(arg: string, index: number, args: readonly string[]): string[] {
  const next = args[index + 1];
  const isAlone = next === undefined || next.startsWith("--");
  return [arg === "--archive" && isAlone ? "--archive=" : arg];
}

function parseHost(host: string): string {
  const address = host === "localhost" ? "127.0.0.1" : host;
  if (isIP(address) === 0) throw new StartError(`--host takes an IP address or localhost, not "${host}"`, USAGE_EXIT_CODE);
  return address;
}

function parsePort(flag: string, port: string): number {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
  if (!(number <= 65_535)) throw new StartError(`${flag} takes a number from 0 to 65535, not "${port}"`, USAGE_EXIT_CODE);
  return number;
}

/** 127.0.0.0/8 (RFC 1122) and ::1 (RFC 4291). */
function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
