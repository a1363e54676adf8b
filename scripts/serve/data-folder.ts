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

import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { replaceFile } from "../freshness.ts";
import { endProcess, type ProcessIdentity } from "./processes.ts";
import { StartError } from "./start-error.ts";

/** A broker whose starter was killed needs a moment to notice and to stop. */
const LOCK_WAIT_MS = 3_000;

/** How long records may be acknowledged that go into a folder which is removed: a look at one file costs microseconds. */
const WATCH_INTERVAL_MS = 500;

const SQLITE_BUSY = 5;

export interface DataFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly objectsFolder: string;
  readonly archiveFolder: string;
  readonly configFile: string;
  /** Writes the config. Throws StartError where the folder takes nothing. */
  writeConfig(text: string): void;
  /** Tells the next start whom it must end if this one cannot. Throws StartError where the folder takes nothing. */
  recordWorkerd(workerd: ProcessIdentity): void;
  /** Calls `onGone` once the folder is no longer where it was. */
  watch(onGone: () => void): void;
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
  const write = (file: string, text: string): void => orRefused(path, () => replaceFile(file, text));
  const record = (running: RunningBroker): void => write(runningFile, JSON.stringify(running));
  record({ pid: process.pid, workerd: null });
  const configFile = join(path, "workerd.capnp");
  return {
    path,
    objectsFolder: join(path, "objects"),
    archiveFolder: join(path, "archive"),
    configFile,
    writeConfig: (text) => write(configFile, text),
    recordWorkerd: (workerd) => record({ pid: process.pid, workerd }),
    watch: (onGone) => watchFile(runningFile, onGone),
  };
}

/**
 * A folder that is removed while files in it are open goes on taking records, and acknowledging them, until the last process that has them
 * open ends: nobody could read them again.
 */
function watchFile(file: string, onGone: () => void): void {
  const timer = setInterval(() => {
    if (!isGone(file)) return;
    clearInterval(timer);
    onGone();
  }, WATCH_INTERVAL_MS);
  timer.unref();
}

/** A disk that does not answer for a while is not one that has lost the file. */
function isGone(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false; // EIO, ESTALE, EACCES: SQLite says more of that than we could
  }
}

function orRefused<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StartError(`the data folder ${folder} cannot be written: ${(error as Error).message}`);
  }
}

function makeWritable(folder: string): string {
  return orRefused(folder, () => {
    for (const part of ["objects", "archive"]) makeFolder(join(resolve(folder), part));
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  });
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
