// Runs the broker: one workerd process, started on a locked data folder and watched until it ends.
//
// The broker lives as long as both processes: workerd's end ends this one with its exit code, and this one's end, however it comes,
// ends workerd (processes.ts). Records that were acknowledged are durable by then, so nothing is lost by a kill.

import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { constants } from "node:os";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CORE_WASM } from "../build-core.ts";
import { ARCHIVE_SCRIPTS, buildArchive, buildWorker, WORKER_SCRIPT } from "../build-worker.ts";
import type { ArchiveConfig } from "./archive-config.ts";
import type { ArchiveOptions } from "./archive-options.ts";
import { compatibilityDate } from "./compatibility-date.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import type { ServeOptions } from "./options.ts";
import { identifyProcess, killWithThisProcess, watchNpm } from "./processes.ts";
import { StartError } from "./start-error.ts";
import type { TlsOptions } from "./tls-options.ts";
import { listeningPorts, startWorkerd } from "./workerd.ts";
import { socketAddress, workerdConfig } from "./workerd-config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Time for requests in flight to be answered once a stop is asked for; waiting fetches and live tails are cut off after it. */
const STOP_WAIT_MS = 2_000;

/** Serves until workerd ends or a signal asks to stop; resolves to the exit code. Throws StartError if it cannot start. */
export async function serve(options: ServeOptions): Promise<number> {
  const folder = await openDataFolder(options.data);
  await checkPorts(options);
  await buildWorker();
  if (options.archive !== null) await buildArchive(options.archive.kind);
  folder.writeConfig(configText(options, folder));
  const child = startGuardedWorkerd(folder);
  const stopping = stopOnSignal(child);
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
  folder.watch(() => {
    console.error(`sluice: the data folder ${folder.path} was removed: what is written now would be lost`);
    child.kill("SIGKILL");
  });
  const ports = await Promise.race([listeningPorts(child, ["http", "kafka"]), ended.then(() => null)]);
  if (ports !== null) console.log(listeningLine(options, folder, ports));
  else if (!stopping()) await checkPorts(options);
  const exitCode = await ended;
  if (stopping()) return 0;
  console.error(`sluice: workerd ended unexpectedly (exit code ${exitCode})`);
  return exitCode === 0 ? 1 : exitCode;
}

async function checkPorts({ host, port, kafkaPort }: ServeOptions): Promise<void> {
  await checkPort(host, port, "--port");
  await checkPort(host, kafkaPort, "--kafka-port");
}

/** Refuses a port that something else listens on. workerd's own words for it are a stack trace. */
async function checkPort(host: string, port: number, flag: string): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => probe.once("error", reject).listen({ host, port, exclusive: true }, resolve));
  } catch (error) {
    throw new StartError(portRefusal(error as NodeJS.ErrnoException, socketAddress(host, port), flag));
  }
  await new Promise((resolve) => probe.close(resolve));
}

function portRefusal({ code, message }: NodeJS.ErrnoException, address: string, flag: string): string {
  if (code === "EADDRINUSE") return `port taken: something else listens on ${address}; stop it, or give ${flag} another number`;
  if (code === "EADDRNOTAVAIL") return `this machine has no address ${address}`;
  if (code === "EACCES") return `this user may not listen on ${address}`;
  return `cannot listen on ${address}: ${message}`;
}

function configText({ host, port, kafkaPort, open, allowPrivateWebhooks, archive, tls }: ServeOptions, folder: DataFolder): string {
  return workerdConfig({
    workerScript: relative(folder.path, root + WORKER_SCRIPT),
    coreWasm: relative(folder.path, root + CORE_WASM),
    objectsFolder: folder.objectsFolder,
    host,
    port,
    kafkaPort,
    compatibilityDate: compatibilityDate(),
    open,
    allowPrivateWebhooks,
    archive: archive && archiveConfig(archive, folder),
    tls: tls && tlsFiles(tls, folder),
  });
}

function tlsFiles({ certFile, keyFile, clientCaFile }: TlsOptions, { path }: DataFolder): TlsOptions {
  return {
    certFile: relative(path, certFile),
    keyFile: relative(path, keyFile),
    clientCaFile: clientCaFile && relative(path, clientCaFile),
  };
}

function archiveConfig(archive: ArchiveOptions, folder: DataFolder): ArchiveConfig {
  const script = relative(folder.path, root + ARCHIVE_SCRIPTS[archive.kind]);
  return archive.kind === "local" ? { kind: "local", script, folder: folder.archiveFolder } : { ...archive, script };
}

/** Starts workerd so that it cannot outlive this process. */
function startGuardedWorkerd(folder: DataFolder): ChildProcess {
  const child = startWorkerd(folder.configFile);
  if (child.pid === undefined) return child;
  const guard = killWithThisProcess(child.pid);
  child.once("exit", () => guard.release());
  const identity = identifyProcess(child.pid);
  if (identity !== null) folder.recordWorkerd(identity);
  return child;
}

/** Passes a stop on to workerd, which first answers what is in flight. Returns whether a stop was asked for. npm passes Ctrl-C on twice. */
function stopOnSignal(child: ChildProcess): () => boolean {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS).unref();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  watchNpm(stop);
  return () => stopping;
}

function listeningLine({ host, open, archive, tls }: ServeOptions, folder: DataFolder, ports: { http: number; kafka: number }): string {
  const access = open ? "open to this machine without a token (loopback only)" : "token required";
  const scheme = tls === null ? "http" : "https";
  const addresses = `${scheme}://${socketAddress(host, ports.http)} and for Kafka clients on ${socketAddress(host, ports.kafka)}`;
  return `Sluice listens on ${addresses}, ${access}, data in ${folder.path}${describeArchive(archive)}`;
}

function describeArchive(archive: ArchiveOptions | null): string {
  if (archive === null) return "";
  return archive.kind === "local" ? ", archive there too" : `, archive in s3://${archive.bucket}/${archive.prefix} at ${archive.endpoint}`;
}
