// The data folder: one broker at a time, whatever way the last one ended.
//
//   lock.sqlite      held with an exclusive lock while a broker runs. The kernel frees it when its process is gone, kill -9 included,
//                    so there is no stale lock to recognise. It stores nothing.
//   running.json     the processes of the broker that holds, or held, the lock
//   workerd.capnp    the config that workerd was started with
//   objects/         the Durable Objects' storage
//   archive/         sealed segments, with --archive: the storage of the archive's own Durable Objects
//
// Two workerd processes on one folder would run each object twice: both assign the same offsets. workerd takes no lock of its own,
// so this one must be held before workerd starts, and a workerd that outlived its broker must be ended first.

import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { replaceFile } from "../freshness.ts";
import { endProcess, type ProcessIdentity } from "./processes.ts";
import { StartError } from "./start-error.ts";

/** A broker whose starter was killed needs a moment to notice and to stop. */
const LOCK_WAIT_MS = 3_000;

const SQLITE_BUSY = 5;

export interface DataFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly objectsFolder: string;
  readonly archiveFolder: string;
  readonly configFile: string;
  /** Tells the next start whom it must end if this one cannot. */
  recordWorkerd(workerd: ProcessIdentity): void;
}

/** What running.json holds. */
export interface RunningBroker {
  readonly pid: number;
  readonly workerd: ProcessIdentity | null;
}

/** Makes the folder if needed, locks it for this process's life and ends an orphaned workerd. Throws StartError with the reason. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const path = makeWritable(folder);
  const runningFile = join(path, "running.json");
  lock(path, runningFile);
  const previous = readRunning(runningFile);
  if (previous?.workerd) await endProcess(previous.workerd);
  replaceFile(runningFile, JSON.stringify({ pid: process.pid, workerd: null } satisfies RunningBroker));
  return {
    path,
    objectsFolder: join(path, "objects"),
    archiveFolder: join(path, "archive"),
    configFile: join(path, "workerd.capnp"),
    recordWorkerd: (workerd) => replaceFile(runningFile, JSON.stringify({ pid: process.pid, workerd } satisfies RunningBroker)),
  };
}

function makeWritable(folder: string): string {
  try {
    for (const part of ["objects", "archive"]) makeFolder(join(resolve(folder), part));
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (error) {
    throw new StartError(`the data folder ${folder} cannot be written: ${(error as Error).message}`);
  }
}

/** Node's own `recursive` never returns where a file system has no place for new folders, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** Kept reachable, so that the lock is not freed before the process ends. */
const heldLocks: DatabaseSync[] = [];

function lock(path: string, runningFile: string): void {
  try {
    const database = new DatabaseSync(join(path, "lock.sqlite"), { timeout: LOCK_WAIT_MS });
    database.exec("BEGIN EXCLUSIVE");
    heldLocks.push(database);
  } catch (error) {
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode !== SQLITE_BUSY) throw new StartError(`the data folder ${path} cannot be locked: ${message}`);
    const pid = readRunning(runningFile)?.pid ?? "unknown";
    throw new StartError(`the data folder ${path} is in use by another broker (process ${pid}): stop it, or give --data another folder`);
  }
}

/** Null when no broker has run here, or when the machine died while it was written. */
function readRunning(runningFile: string): RunningBroker | null {
  try {
    return JSON.parse(readFileSync(runningFile, "utf8")) as RunningBroker;
  } catch {
    return null;
  }
}
