// Memory of another process, by Linux's account.

import { readFileSync } from "node:fs";

/** Resident memory of the process (bytes). */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
  return Number(kib) * 1024;
}
