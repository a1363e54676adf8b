// Runs the counting broker (bench/cost/worker.ts) on plain workerd, configured as `npm start -- --archive` configures the broker.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore, CORE_WASM } from "../../scripts/build-core.ts";
import { ARCHIVE_SCRIPTS, buildArchive, bundleWorker } from "../../scripts/build-worker.ts";
import { compatibilityDate } from "../../scripts/serve/compatibility-date.ts";
import { killWithThisProcess } from "../../scripts/serve/processes.ts";
import { listeningPorts, startWorkerd } from "../../scripts/serve/workerd.ts";
import { workerdConfig } from "../../scripts/serve/workerd-config.ts";
import type { Counts } from "../cost/counts.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = "build/counted-worker.js";

export interface CountedBroker {
  readonly url: string;
  readonly port: number;
  readonly workerdPid: number;
  /** Since the last `resetCounts`. */
  counts(): Promise<Counts>;
  resetCounts(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCountedBroker(): Promise<CountedBroker> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-counted-"));
  await buildCore();
  await bundleWorker(`${root}bench/cost/worker.ts`, root + SCRIPT);
  await buildArchive("local");
  for (const name of ["objects", "archive"]) await mkdir(join(folder, name));
  const configFile = join(folder, "workerd.capnp");
  writeFileSync(configFile, configText(folder));
  const child = startWorkerd(configFile);
  const guard = killWithThisProcess(child.pid!);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ports = await listeningPorts(child, ["http"]);
  if (ports === null) throw new Error("the counting broker did not start");
  const url = `http://127.0.0.1:${ports.http}`;
  return {
    url,
    port: ports.http,
    workerdPid: child.pid!,
    counts: async () => (await fetch(`${url}/counts`)).json() as Promise<Counts>,
    async resetCounts() {
      await fetch(`${url}/counts`, { method: "POST" });
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
      guard.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configText(folder: string): string {
  const path = (file: string) => relative(folder, root + file);
  return workerdConfig({
    workerScript: path(SCRIPT),
    coreWasm: path(CORE_WASM),
    objectsFolder: join(folder, "objects"),
    host: "127.0.0.1",
    port: 0,
    kafkaPort: 0,
    compatibilityDate: compatibilityDate(),
    open: true,
    archive: { kind: "local", script: path(ARCHIVE_SCRIPTS.local), folder: join(folder, "archive") },
    allowPrivateWebhooks: false,
    tls: null,
  });
}
