// Starts the broker as `npm run dev` does, under `wrangler dev` with R2 as wrangler emulates it, on a free port and with a folder of its own.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { killWithThisProcess } from "../../scripts/serve/processes.ts";
import { type DataLayout, WRANGLER_LAYOUT } from "./data-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const POLL_MS = 200;

export interface DevBroker {
  readonly url: string;
  /** What --persist-to was given. */
  readonly dataDir: string;
  readonly layout: DataLayout;
  /** kill -9 of wrangler and all that it started; resolves when it is gone. */
  kill9(): Promise<void>;
  /** The same, and its folder removed. */
  stop(): Promise<void>;
}

/** Resolves once it answers; rejects with what it printed if it ends before. */
export async function startDevBroker(): Promise<DevBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), "sluice-dev-"));
  const config = join(dataDir, "wrangler.toml");
  await writeFile(config, await configWithoutKafkaPort());
  const port = await freePort();
  const flags = ["--config", config, "--port", String(port), "--persist-to", dataDir, "--show-interactive-dev-session=false"];
  // A group of its own, which is killed whole: wrangler's children do not all end with it.
  const child = spawn(process.execPath, [`${root}scripts/dev.ts`, ...flags], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const guard = killWithThisProcess(-child.pid!);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve())).then(() => {
    hasEnded = true;
    guard.release();
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isHealthy(url))) {
    if (hasEnded) throw new Error(`wrangler dev ended before it answered:\n${printed}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const kill9 = async () => {
    if (!hasEnded) process.kill(-child.pid!, "SIGKILL");
    await ended;
  };
  const stop = async () => {
    await kill9();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url, dataDir, layout: WRANGLER_LAYOUT, kill9, stop };
}

/** The project's config, found from anywhere. Its Kafka port is fixed, and several brokers cannot have it. */
async function configWithoutKafkaPort(): Promise<string> {
  const text = await readFile(`${root}wrangler.toml`, "utf8");
  const config = text.replace('main = "src', `main = "${root}src`).replace(/\[\[connect\]\]\n(?:.+\n)+/, "");
  if (config.includes("[[connect]]")) throw new Error("wrangler.toml opens a Kafka port in another way than this expects");
  return config;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false; // it does not listen yet
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
