// Which process is which, and how workerd's life is tied to that of the process that started it.
//
// A process that is ended with kill -9 cannot end its children. So a shell with nothing else to do (one per broker, about 1 MB) waits
// at the end of a pipe that only the broker's process holds: the kernel closes the pipe with the process, and the shell kills workerd.
// The shell is in a session of its own, so that a kill of the broker's whole process group does not take it along.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process, told apart from a later one with the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** How long a process may take to be gone once it was sent SIGKILL: it may be inside an fsync. */
const KILL_WAIT_MS = 10_000;

/** Null: there is no such process. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  try {
    return { pid, startedAt: process.platform === "linux" ? linuxStartTime(pid) : psStartTime(pid) };
  } catch {
    return null; // neither a /proc entry nor a line of ps: the process is gone
  }
}

/** proc(5): field 22 of stat, in clock ticks since the machine started, so the boot id goes with it. A zombie (state Z) has ended. */
function linuxStartTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") throw new Error(`process ${pid} has ended`);
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${fields[19]}`;
}

function psStartTime(pid: number): string {
  return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
}

/** Kills the process, if it is still the one meant, and waits until it is gone. */
export async function endProcess(target: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + KILL_WAIT_MS;
  while (identifyProcess(target.pid)?.startedAt === target.startedAt) {
    if (Date.now() > deadline) throw new Error(`process ${target.pid} does not end`);
    killIfThere(target.pid);
    await sleep(20);
  }
}

/** It may be gone since it was looked at: the shell of a broker that was killed a moment ago kills the same process. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Has `pid` killed when this process ends in any way. Call `release` once `pid` has ended, before its id can be used again. */
export function killWithThisProcess(pid: number): { release(): void } {
  const script = 'read -r line; [ "$line" = release ] || kill -9 "$0"';
  const guard = spawn("/bin/sh", ["-c", script, String(pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.unref();
  return {
    release() {
      guard.stdin.end("release\n");
    },
  };
}

/**
 * Calls `onGone` when the npm that runs this script is gone: npm passes SIGTERM on, but cannot pass on kill -9. Scripts that were
 * started by hand are left alone, so that they may outlive their shell.
 */
export function watchNpm(onGone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 250);
  timer.unref();
}
