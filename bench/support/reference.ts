// Runs a reference Worker (bench/reference/) on plain workerd, with data in a temporary folder.

import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore } from "../../scripts/build-core.ts";
import { bundleWorker } from "../../scripts/build-worker.ts";
import { killWithThisProcess } from "../../scripts/serve/processes.ts";
import { listeningPorts, startWorkerd } from "../../scripts/serve/workerd.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Reference {
  readonly port: number;
  readonly workerdPid: number;
  stop(): Promise<void>;
}

/** The bare Worker and object that answer HTTP. */
export function startReference(): Promise<Reference> {
  return start("worker", "reference", "http");
}

/** The bare Kafka produce door. */
export function startDoor(): Promise<Reference> {
  return start("door", "door", "kafka");
}

/** Bundles bench/reference/NAME.ts to build/BUNDLE.js and runs bench/reference/NAME.capnp. */
async function start(name: string, bundle: string, socket: string): Promise<Reference> {
  await buildCore();
  await bundleWorker(`${root}bench/reference/${name}.ts`, `${root}build/${bundle}.js`);
  const folder = mkdtempSync(join(tmpdir(), "sluice-reference-"));
  await mkdir(join(folder, "objects"));
  const child = startWorkerd(`${root}bench/reference/${name}.capnp`, folder);
  const guard = killWithThisProcess(child.pid!);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ports = await listeningPorts(child, [socket]);
  if (ports === null) throw new Error(`the reference ${name} did not start`);
  return {
    port: ports[socket]!,
    workerdPid: child.pid!,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      guard.release();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
