// The addresses that a mirror takes, and opening what they lead to:
//
//   http://HOST:PORT, https://HOST                       a Sluice broker
//   kafka://[USER@]HOST:PORT[,HOST:PORT…][?mechanism=M]  any Kafka cluster; kafkas:// with TLS
//
// A token or password comes from the environment or a flag, never from the address, which a list of processes shows.

import { Admin } from "../../sdk/admin/admin.ts";
import { createClient } from "../../sdk/client.ts";
import type { Codecs } from "../../sdk/compression.ts";
import { createBrokerFetch } from "../broker-fetch.ts";
import type { CompressionName } from "../compression.ts";
import { CliError, deepestMessage, UsageError } from "../failure.ts";
import { resolveSettings } from "../settings.ts";
import type { Cluster } from "./cluster.ts";

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
type Mechanism = (typeof MECHANISMS)[number];

export type Endpoint =
  | { readonly kind: "http"; readonly url: string; readonly token: string | undefined }
  | {
      readonly kind: "kafka";
      readonly brokers: readonly string[];
      readonly isTls: boolean;
      readonly sasl: { readonly mechanism: Mechanism; readonly username: string; readonly password: string } | null;
    };

const CLIENT_ID = "sluice-mirror";

/** A client that gets no answer gives up after about 10 s, rather than after Kafka's minutes. */
const KAFKA_RETRIES = 5;

/** @param flag by which the address was given. @throws UsageError */
export function parseEndpoint(flag: string, address: string, secret: string | undefined): Endpoint {
  if (/^https?:\/\//.test(address)) {
    const { url, token } = resolveSettings({ url: address, ...(secret === undefined ? {} : { token: secret }) }, {});
    return { kind: "http", url, token };
  }
  const [, secure, user, hosts = "", query = ""] = /^kafka(s?):\/\/(?:([^@/:]+)@)?([^/?@]+)\/?(?:\?(.*))?$/.exec(address) ?? [];
  const brokers = hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`));
  if (secure === undefined || brokers.some((broker) => !/^[\w.-]+:\d{1,5}$/.test(broker))) {
    throw new UsageError(
      `${flag} takes http(s)://HOST or kafka(s)://[USER@]HOST:PORT, not "${address}" (a password goes into ${flag}-secret)`,
    );
  }
  const mechanism = (new URLSearchParams(query).get("mechanism") ?? "PLAIN") as Mechanism;
  if (!MECHANISMS.includes(mechanism))
    throw new UsageError(`${flag}: the mechanism is one of ${MECHANISMS.join(", ")}, not "${mechanism}"`);
  if (user !== undefined && secret === undefined) throw new UsageError(`${flag} names a user: ${flag}-secret is its password`);
  const sasl = secret === undefined ? null : { mechanism, username: decodeURIComponent(user ?? "sluice"), password: secret };
  return { kind: "kafka", brokers, isTls: secure === "s", sasl };
}

/** @throws CliError where it cannot be reached */
export async function openCluster(endpoint: Endpoint, compression: CompressionName, codecs: Codecs): Promise<Cluster> {
  if (endpoint.kind === "http") {
    const { url, token } = endpoint;
    const { openHttpCluster } = await import("./http-cluster.ts");
    const client = createClient({ url, clientId: CLIENT_ID, fetch: createBrokerFetch(url), ...(token === undefined ? {} : { token }) });
    return openHttpCluster({ client, admin: new Admin(client), codecs }, compression);
  }
  const { openKafkaCluster } = await import("./kafka-cluster.ts");
  const { brokers, isTls, sasl } = endpoint;
  const options = {
    clientId: CLIENT_ID,
    bootstrapBrokers: [...brokers],
    retries: KAFKA_RETRIES,
    ...(isTls ? { tls: {} } : {}),
    ...(sasl === null ? {} : { sasl }),
  };
  return openKafkaCluster(options, compression).catch((error: unknown) => {
    throw new CliError(`kafka://${brokers.join(",")} cannot be used: ${deepestMessage(error)}`);
  });
}
