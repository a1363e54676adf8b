// Runs the bucket Worker in plain workerd, its binding served by the archive, on a free port.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ARCHIVE_SCRIPTS, buildArchive, bundleWorker } from "../../../scripts/build-worker.ts";
import { ARCHIVE_SERVICE, type ArchiveConfig, archiveServices } from "../../../scripts/serve/archive-config.ts";
import type { S3ArchiveOptions } from "../../../scripts/serve/archive-options.ts";
import { text } from "../../../scripts/serve/capnp.ts";
import { compatibilityDate } from "../../../scripts/serve/compatibility-date.ts";
import { listeningPorts, startWorkerd } from "../../../scripts/serve/workerd.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface BucketServer {
  readonly url: string;
  readonly pid: number;
  /** The folder of the local archive's storage. */
  readonly folder: string;
  /** kill -9, resolves when it has ended. */
  kill9(): Promise<void>;
  /** Starts again on the same data, on another port. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Where the archive keeps its objects; `settings` are the local one's times (src/archive/local/env.ts). */
export type BucketBackEnd = { readonly kind: "local"; readonly settings?: Readonly<Record<string, string>> } | S3ArchiveOptions;

/** `environment` is what workerd finds in its own: the credentials. */
export async function startBucketServer(backEnd: BucketBackEnd, environment: Readonly<Record<string, string>> = {}): Promise<BucketServer> {
  const base = await mkdtemp(join(tmpdir(), "sluice-bucket-"));
  const folder = join(base, "archive");
  await mkdir(folder);
  await buildArchive(backEnd.kind);
  await bundleWorker(fileURLToPath(new URL("worker.ts", import.meta.url)), join(base, "worker.js"));
  const script = relative(base, root + ARCHIVE_SCRIPTS[backEnd.kind]);
  const configFile = join(base, "workerd.capnp");
  await writeFile(configFile, configText(backEnd.kind === "local" ? { ...backEnd, script, folder } : { ...backEnd, script }));
  let run = await launch(configFile, environment);
  return {
    get url() {
      return run.url;
    },
    get pid() {
      return run.pid;
    },
    folder,
    async kill9() {
      await run.end();
    },
    async restart() {
      run = await launch(configFile, environment);
    },
    async stop() {
      await run.end();
      await rm(base, { recursive: true, force: true });
    },
  };
}

async function launch(configFile: string, environment: Readonly<Record<string, string>>) {
  const child = startWorkerd(configFile, dirname(configFile), { ...environment });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ports = await listeningPorts(child, ["http"]);
  if (ports === null) throw new Error("workerd ended before it listened");
  return {
    url: `http://127.0.0.1:${ports.http}`,
    pid: child.pid!,
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function configText(archive: ArchiveConfig): string {
  const { services, worker } = archiveServices(archive, compatibilityDate());
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .main), ${services.join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${text(compatibilityDate())},
  bindings = [(name = "BUCKET", r2Bucket = "${ARCHIVE_SERVICE}")],
);

${worker}`;
}
