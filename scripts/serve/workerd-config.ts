// workerd's config for the broker, in Cap'n Proto's text form (workerd.capnp). `workerd serve` reads it once, at the start.

/** The Durable Object classes. A unique key is part of every stored object's name: never change one, or its objects are lost. */
export const NAMESPACES = [
  { binding: "CLUSTER", className: "ClusterObject", uniqueKey: "sluice-cluster-v1" },
  { binding: "PARTITION", className: "PartitionObject", uniqueKey: "sluice-partition-v1" },
  { binding: "GROUP", className: "GroupObject", uniqueKey: "sluice-group-v1" },
] as const;

/** Settings that come from the environment as they are. */
const SETTINGS = ["SLUICE_ADMIN_TOKEN", "SLUICE_ADVERTISED_LISTENER", "SLUICE_AUTO_CREATE_TOPICS", "SLUICE_GROUP_CONFIGS"];

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
}

export function workerdConfig(options: WorkerdConfigOptions): string {
  const namespaces = NAMESPACES.map(
    ({ className, uniqueKey }) => `(className = "${className}", uniqueKey = "${uniqueKey}", enableSql = true)`,
  );
  return `# Written by every \`npm start\`; changes are lost.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (path = ${text(options.objectsFolder)}, writable = true)),
  ],
  sockets = [
    (name = "http", address = ${text(socketAddress(options.host, options.port))}, http = (), service = "main"),
    (name = "kafka", address = ${text(socketAddress(options.host, options.kafkaPort))}, tcp = (), service = "main"),
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
    ${bindings(options.open).join(",\n    ")},
  ],
);
`;
}

function bindings(open: boolean): string[] {
  const objects = NAMESPACES.map(({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`);
  const settings = SETTINGS.map((name) => `(name = "${name}", fromEnvironment = "${name}")`);
  return [...objects, ...settings, ...(open ? [`(name = "SLUICE_OPEN", text = "1")`] : [])];
}

/** An address with its port, as workerd and URLs write it. */
export function socketAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A text literal. Cap'n Proto takes C's escapes, of which JSON's for these characters are a part. */
function text(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
