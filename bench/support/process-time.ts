// How much of the processor a process has used. Linux only.

import { readdirSync, readFileSync } from "node:fs";

/** Time on a processor so far (ms), to the microsecond: of all threads that live (schedstat, in the kernel's Documentation/scheduler). */
export function processMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]));
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6;
}

/** Milliseconds in a clock tick of /proc (sysconf _SC_CLK_TCK is 100 on Linux). */
const TICK_MS = 10;

/** User and system time so far (ms; proc(5): fields 14 and 15 of stat). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
