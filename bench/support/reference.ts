// Runs the reference Worker (bench/reference/) on plain workerd, with data in a temporary folder.

import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "../../scripts/build-worker.ts";
import { killWithThisProcess } from "../../scripts/serve/processes.ts";
import { listeningPorts, startWorkerd } from "../../scripts/serve/workerd.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Reference {
  readonly port: number;
  readonly workerdPid: number;
  stop(): Promise<void>;
}

export async function startReference(): Promise<Reference> {
  await bundleWorker(`${root}bench/reference/worker.ts`, `${root}build/reference.js`);
  const folder = mkdtempSync(join(tmpdir(), "sluice-reference-"));
  await mkdir(join(folder, "objects"));
  const child = startWorkerd(`${root}bench/reference/workerd.capnp`, folder);
  const guard = killWithThisProcess(child.pid!);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ports = await listeningPorts(child, ["http"]);
  if (ports === null) throw new Error("the reference Worker did not start");
  return {
    port: ports.http,
    workerdPid: child.pid!,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      guard.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
