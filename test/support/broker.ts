// Starts the broker as a user does, by the entry behind `npm start`, on a free port of its own, and ends it in the ways that a machine can.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunningBroker } from "../../scripts/serve/data-folder.ts";
import { identifyProcess } from "../../scripts/serve/processes.ts";
import { type Hosts, underHosts, writeHosts } from "./own-hosts.ts";
import type { SmallDisk } from "./small-disk.ts";

const START = fileURLToPath(new URL("../../scripts/start.ts", import.meta.url));

export interface BrokerOptions {
  /** A temporary folder, removed by `stop`, where absent. */
  readonly dataDir?: string;
  /** A free one where absent. A restart keeps the first port. */
  readonly port?: number;
  /** A free one where absent. A restart keeps the first. */
  readonly kafkaPort?: number;
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What follows --archive: "" for one in the data folder. Without it there is none. */
  readonly archive?: string;
  /** Further flags. */
  readonly flags?: readonly string[];
  /** Names that the broker's resolver has beside the machine's (own-hosts.ts). */
  readonly hosts?: Hosts;
  /** What the data folder is on, in place of `dataDir`. */
  readonly disk?: SmallDisk;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Broker {
  readonly url: string;
  readonly port: number;
  /** HOST:PORT for Kafka clients. */
  readonly kafkaAddress: string;
  readonly dataDir: string;
  /** The process that runs scripts/start.ts. */
  readonly pid: number;
  /** The runtime itself, which holds the port and the data. */
  readonly workerdPid: number;
  /** What the broker has printed so far, both streams. */
  output(): string;
  /** Resolves when the process of `pid` has ended. */
  ended(): Promise<Ended>;
  /** kill -9 of the runtime; resolves when both processes are gone. */
  kill9(): Promise<Ended>;
  /** Starts again on the same data and port, after the broker has ended. */
  restart(): Promise<void>;
  /** SIGTERM if it runs, and the temporary folder removed. */
  stop(): Promise<Ended>;
}

/** Resolves once the broker listens; rejects with what it printed if it ends before. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const givenDir = options.disk?.folder ?? options.dataDir;
  const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), "sluice-")));
  let run = await launch({ ...options, dataDir }).catch(async (error) => {
    if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  const { port, kafkaAddress, url } = run;
  return {
    url,
    port,
    kafkaAddress,
    dataDir,
    get pid() {
      return run.child.pid!;
    },
    get workerdPid() {
      return run.workerdPid;
    },
    output: () => run.output(),
    ended: () => run.ended,
    async kill9() {
      process.kill(run.workerdPid, "SIGKILL");
      return run.ended;
    },
    async restart() {
      await run.ended;
      run = await launch({ ...options, dataDir, port, kafkaPort: Number(kafkaAddress.split(":").at(-1)) });
    },
    async stop() {
      run.child.kill("SIGTERM");
      const ended = await run.ended;
      if (givenDir === undefined) await rm(dataDir, { recursive: true, force: true });
      return ended;
    },
  };
}

/** Runs scripts/start.ts with any arguments to its end, for starts that are refused. */
export async function runStart(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended & { output: string }> {
  const { ended, output } = spawnStart(args, env);
  return { ...(await ended), output: output() };
}

/** Resolves once no process has this id any more. */
export async function processGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20);
}

export function isAlive(pid: number): boolean {
  return identifyProcess(pid) !== null;
}

interface Run {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
  readonly kafkaAddress: string;
  readonly workerdPid: number;
  readonly ended: Promise<Ended>;
  output(): string;
}

async function launch({
  host = "127.0.0.1",
  port = 0,
  kafkaPort = 0,
  dataDir,
  env = {},
  archive,
  flags = [],
  hosts,
  disk,
}: BrokerOptions & { dataDir: string }): Promise<Run> {
  const archiveFlag = archive === undefined ? [] : [`--archive=${archive}`];
  const ports = ["--port", String(port), "--kafka-port", String(kafkaPort)];
  const args = ["--host", host, ...ports, "--data", dataDir, ...archiveFlag, ...flags];
  const { child, ended, output } = spawnStart(args, env, surroundings(dataDir, hosts, disk));
  const url = await Promise.race([
    printedUrl(child, output),
    ended.then(({ code, signal }) => {
      throw new Error(`the broker ended before it listened (code ${code}, signal ${signal}):\n${output()}`);
    }),
  ]);
  const running = JSON.parse(await readFile(join(disk?.outside ?? dataDir, "running.json"), "utf8")) as RunningBroker;
  const kafkaAddress = /for Kafka clients on (\S+),/.exec(output())![1]!;
  return { child, url, port: Number(new URL(url).port), kafkaAddress, workerdPid: running.workerd!.pid, ended, output };
}

/** What a command is to be run under. */
type Surroundings = (command: readonly string[]) => readonly string[];

function surroundings(dataDir: string, hosts: Hosts | undefined, disk: SmallDisk | undefined): Surroundings {
  if (disk !== undefined) return (command) => disk.under(command);
  if (hosts === undefined) return (command) => command;
  const file = hostsFile(dataDir, hosts);
  return (command) => underHosts(file, command);
}

/** In the data folder, with which it goes. */
function hostsFile(dataDir: string, hosts: Hosts): string {
  const file = join(dataDir, "hosts-of-test");
  writeHosts(file, hosts);
  return file;
}

function spawnStart(args: readonly string[], env: Readonly<Record<string, string>>, surround: Surroundings = (command) => command) {
  // Nothing of the caller's own settings may open, close or name the broker under test.
  const { SLUICE_ADMIN_TOKEN: _token, npm_lifecycle_event: _npm, ...inherited } = withoutAws(process.env);
  const [command, ...rest] = surround([process.execPath, START, ...args]);
  const child = spawn(command!, rest, { env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  return { child, ended, output: () => printed };
}

function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_")));
}

function printedUrl(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve) => {
    child.stdout!.on("data", () => {
      const url = /^Sluice listens on (https?:\/\/[^\s,]+)/m.exec(output())?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
