// A program with names of its own: in a mount namespace where its /etc/hosts is a file of the test's (unshare(1), mount_namespaces(7)). The
// system's resolver is the real one, and nobody else sees the names. Needs root, or user namespaces for everybody as Debian has them; a
// container may forbid both.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

/** Name to address. */
export type Hosts = Readonly<Record<string, string>>;

/** Writes the machine's own names and these. */
export function writeHosts(file: string, hosts: Hosts): void {
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}\n`);
  writeFileSync(file, `${readFileSync("/etc/hosts", "utf8")}\n${lines.join("")}`);
}

/** The command as it is to be run for the file to count. It has the process id of the command itself: each step becomes the next. */
export function underHosts(file: string, command: readonly string[]): [string, ...string[]] {
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', file, ...command];
}

/** null: it works here; else why it does not. @param file to try it with */
export function whyNoOwnHosts(file: string): string | null {
  writeHosts(file, { "tried.example.com": "127.0.0.1" });
  const [command, ...args] = underHosts(file, ["getent", "ahostsv4", "tried.example.com"]);
  try {
    const found = execFileSync(command, args, { encoding: "utf8", stdio: "pipe" });
    return found.startsWith("127.0.0.1") ? null : `the name led to ${JSON.stringify(found)}`;
  } catch (error) {
    return String(error);
  }
}
