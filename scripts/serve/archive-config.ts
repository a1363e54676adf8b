// The archive's part of workerd's config: a Worker that speaks R2's protocol (src/archive/protocol.ts), and what it may reach.

import { allowedPeers, type S3ArchiveOptions } from "./archive-options.ts";
import { text } from "./capnp.ts";

/** Stored, as NAMESPACES in workerd-config.ts are: never change a unique key. */
export const ARCHIVE_NAMESPACES = [
  { binding: "INDEX", className: "ArchiveIndex", uniqueKey: "sluice-archive-index-v1" },
  { binding: "BLOBS", className: "ArchiveBlob", uniqueKey: "sluice-archive-blob-v1" },
] as const;

/** How the service is called in the config; an r2Bucket binding names it. */
export const ARCHIVE_SERVICE = "archive";

export interface LocalArchiveConfig {
  readonly kind: "local";
  /** Path from the config's own folder. */
  readonly script: string;
  /** Absolute, and there. */
  readonly folder: string;
  /** Text bindings that change the archive's times (src/archive/local/env.ts), for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type ArchiveConfig = LocalArchiveConfig | (S3ArchiveOptions & { readonly script: string });

/** Entries for the config's list of services, and what has to stand beside them. */
export interface ArchiveServices {
  readonly services: readonly string[];
  readonly worker: string;
}

export function archiveServices(archive: ArchiveConfig, compatibilityDate: string): ArchiveServices {
  const service = `(name = "${ARCHIVE_SERVICE}", worker = .archive)`;
  const { services, fields, bindings } = archive.kind === "local" ? localArchive(archive) : s3Archive(archive);
  return {
    services: [service, ...services],
    worker: `const archive :Workerd.Worker = (
  modules = [(name = "archive.js", esModule = embed ${text(archive.script)})],
  compatibilityDate = ${text(compatibilityDate)},
  ${fields.join(",\n  ")},
  bindings = [
    ${bindings.join(",\n    ")},
  ],
);
`,
  };
}

interface ArchiveParts {
  readonly services: readonly string[];
  readonly fields: readonly string[];
  readonly bindings: readonly string[];
}

function localArchive({ folder, settings = {} }: LocalArchiveConfig): ArchiveParts {
  const namespaces = ARCHIVE_NAMESPACES.map(
    ({ className, uniqueKey }) => `(className = "${className}", uniqueKey = "${uniqueKey}", enableSql = true)`,
  );
  return {
    services: [`(name = "archive-objects", disk = (path = ${text(folder)}, writable = true))`],
    fields: [
      `durableObjectNamespaces = [\n    ${namespaces.join(",\n    ")},\n  ]`,
      `durableObjectStorage = (localDisk = "archive-objects")`,
    ],
    bindings: [
      ...ARCHIVE_NAMESPACES.map(({ binding, className }) => `(name = "${binding}", durableObjectNamespace = "${className}")`),
      ...Object.entries(settings).map(textBinding),
    ],
  };
}

function s3Archive(archive: S3ArchiveOptions): ArchiveParts {
  const { endpoint, bucket, prefix, region } = archive;
  const peers = allowedPeers(archive).map(text).join(", ");
  const secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
  return {
    services: [`(name = "archive-network", network = (allow = [${peers}], tlsOptions = (trustBrowserCas = true)))`],
    fields: [`globalOutbound = "archive-network"`],
    bindings: [
      ...Object.entries({ S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_PREFIX: prefix, AWS_REGION: region }).map(textBinding),
      ...secrets.map((name) => `(name = "${name}", fromEnvironment = "${name}")`),
    ],
  };
}

function textBinding([name, value]: readonly [string, string]): string {
  return `(name = ${text(name)}, text = ${text(value)})`;
}
