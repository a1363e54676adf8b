// workerd's config for the broker, in Cap'n Proto's text form (workerd.capnp). `workerd serve` reads it once, at the start.

import { formatHostPort } from "../../src/common/host-port.ts";
import { ARCHIVE_SERVICE, type ArchiveConfig, archiveServices } from "./archive-config.ts";
import { text } from "./capnp.ts";
import type { TlsOptions } from "./tls-options.ts";
import { WEBHOOK_SERVICE, webhookNetwork } from "./webhook-network.ts";

/** The Durable Object classes. A unique key is part of every stored object's name: never change one, or its objects are lost. */
export const NAMESPACES = [
  { binding: "CLUSTER", className: "ClusterObject", uniqueKey: "sluice-cluster-v1" },
  { binding: "PARTITION", className: "PartitionObject", uniqueKey: "sluice-partition-v1" },
  { binding: "GROUP", className: "GroupObject", uniqueKey: "sluice-group-v1" },
  { binding: "CONNECTION", className: "ConnectionObject", uniqueKey: "sluice-connection-v1" },
  { binding: "TRANSACTION", className: "TransactionObject", uniqueKey: "sluice-transaction-v1" },
  { binding: "SUBSCRIPTION", className: "SubscriptionObject", uniqueKey: "sluice-subscription-v1" },
  { binding: "SHARE_GROUP", className: "ShareGroupObject", uniqueKey: "sluice-share-group-v1" },
  { binding: "SHARE_PARTITION", className: "SharePartitionObject", uniqueKey: "sluice-share-partition-v1" },
] as const;

/** Settings that come from the environment as they are. */
const SETTINGS = [
  "SLUICE_ADMIN_TOKEN",
  "SLUICE_ADVERTISED_LISTENER",
  "SLUICE_ALLOWED_ORIGINS",
  "SLUICE_AUTO_CREATE_TOPICS",
  "SLUICE_CONNECTION_CONFIGS",
  "SLUICE_GROUP_CONFIGS",
  "SLUICE_MAX_REAUTH_MS",
  "SLUICE_TOPIC_CONFIGS",
  "SLUICE_TRANSACTION_CONFIGS",
];

/** Objects that Kafka's WebSockets share. There is one thread for all of them, and workerd keeps a file for each that there ever was. */
const CONNECTION_OBJECTS = 16;

export interface WorkerdConfigOptions {
  /** Paths from the config's own folder. */
  readonly workerScript: string;
  readonly coreWasm: string;
  /** Absolute, and there: workerd does not make it. */
  readonly objectsFolder: string;
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly kafkaPort: number;
  readonly compatibilityDate: string;
  /** Serve without a token. */
  readonly open: boolean;
  /** Webhooks may go to private addresses. */
  readonly allowPrivateWebhooks: boolean;
  /** Where sealed segments go; null: nowhere. */
  readonly archive: ArchiveConfig | null;
  /** Files as paths from the config's own folder; null: no TLS. */
  readonly tls: TlsOptions | null;
}

export function workerdConfig(options: WorkerdConfigOptions): string {
  const namespaces = NAMESPACES.map(
    ({ className, uniqueKey }) => `(className = "${className}", uniqueKey = "${uniqueKey}", enableSql = true)`,
  );
  const archive = options.archive && archiveServices(options.archive, options.compatibilityDate);
  const services = [
    `(name = "main", worker = .main)`,
    `(name = "objects", disk = (path = ${text(options.objectsFolder)}, writable = true))`,
    webhookNetwork(options.allowPrivateWebhooks),
    ...(archive?.services ?? []),
  ];
  return `# Written by every \`npm start\`; changes are lost.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")},
  ],
  sockets = [
    (name = "http", address = ${text(socketAddress(options.host, options.port))}, ${httpListener(options.tls)}, service = "main"),
    (name = "kafka", address = ${text(socketAddress(options.host, options.kafkaPort))}, ${kafkaListener(options.tls)}, service = "main"),
  ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed ${text(options.workerScript)}),
    (name = "core.wasm", wasm = embed ${text(options.coreWasm)}),
  ],
  compatibilityDate = ${text(options.compatibilityDate)},
  durableObjectNamespaces = [
    ${namespaces.join(",\n    ")},
  ],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
    ${bindings(options).join(",\n    ")},
  ],
);
${archive === null ? "" : `\n${archive.worker}`}`;
}

function httpListener(tls: TlsOptions | null): string {
  return tls === null ? "http = ()" : `https = (options = (), tlsOptions = ${tlsOptions(tls)})`;
}

function kafkaListener(tls: TlsOptions | null): string {
  return tls === null ? "tcp = ()" : `tcp = (tlsOptions = ${tlsOptions(tls)})`;
}

function tlsOptions({ certFile, keyFile, clientCaFile }: TlsOptions): string {
  const keypair = `keypair = (privateKey = embed ${text(keyFile)}, certificateChain = embed ${text(certFile)})`;
  const clients = clientCaFile === null ? "" : `, requireClientCerts = true, trustedCertificates = [embed ${text(clientCaFile)}]`;
  return `(${keypair}${clients})`;
}

function bindings({ open, archive, allowPrivateWebhooks }: WorkerdConfigOptions): string[] {
  const objects = NAMESPACES.map(({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`);
  const settings = SETTINGS.map((name) => `(name = "${name}", fromEnvironment = "${name}")`);
  const bucket = archive === null ? [] : [`(name = "ARCHIVE", r2Bucket = "${ARCHIVE_SERVICE}")`];
  const connections = `(name = "SLUICE_CONNECTION_OBJECTS", text = "${CONNECTION_OBJECTS}")`;
  const webhooks = [
    `(name = "WEBHOOKS", service = "${WEBHOOK_SERVICE}")`,
    ...(allowPrivateWebhooks ? [`(name = "SLUICE_ALLOW_PRIVATE_WEBHOOKS", text = "1")`] : []),
  ];
  const openness = open ? [`(name = "SLUICE_OPEN", text = "1")`] : [];
  return [...objects, ...settings, connections, ...openness, ...webhooks, ...bucket];
}

/** An address with its port, as workerd and URLs write it. */
export function socketAddress(host: string, port: number): string {
  return formatHostPort({ host, port });
}
