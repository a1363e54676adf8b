// A disk of a few megabytes that can be filled, emptied, and made read-only while a broker works on it: a tmpfs in a mount namespace that a
// process of its own holds open (unshare(1), nsenter(1), mount_namespaces(7)), so that it outlives every kill of the broker. What the
// broker sees is ENOSPC and EROFS as a full or failing disk gives them. Needs root, or user namespaces for everybody; a container may forbid
// both.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BALLAST = "ballast";
const MOUNTED = "mounted\n";

export class SmallDisk {
  /** As the broker knows it. */
  readonly folder: string;
  readonly #holder: ChildProcess;

  private constructor(folder: string, holder: ChildProcess) {
    this.folder = folder;
    this.#holder = holder;
  }

  /** Rejects where the machine has no namespaces for us, with what it said. */
  static async mount(bytes: number): Promise<SmallDisk> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-disk-"));
    const script = `mount -t tmpfs -o size=${bytes} none "$0" && echo ${MOUNTED.trim()} && exec cat`;
    const holder = spawn("unshare", ["--map-root-user", "--mount", "sh", "-c", script, folder], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    for (const stream of [holder.stdout, holder.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = once(holder, "close").then(() => Promise.reject(new Error(`no disk of our own: ${said}`)));
    await Promise.race([once(holder.stdout, "data"), ended]);
    ended.catch(() => undefined); // at unmount
    return new SmallDisk(folder, holder);
  }

  /** The same folder, as everybody else reaches it. */
  get outside(): string {
    return `/proc/${this.#holder.pid}/root${this.folder}`;
  }

  /** The command as it is to be run for the disk to be there. It has the process id of the command itself. */
  under(command: readonly string[]): [string, ...string[]] {
    return ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", String(this.#holder.pid), "--", ...command];
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.outside);
    return bavail * bsize;
  }

  /** Leaves so many bytes free. */
  fill(leaveBytes = 0): void {
    const bytes = this.freeBytes - leaveBytes;
    if (bytes > 0) writeFileSync(join(this.outside, BALLAST), new Uint8Array(bytes));
  }

  /** Takes away what `fill` put there. */
  empty(): void {
    rmSync(join(this.outside, BALLAST), { force: true });
  }

  async unmount(): Promise<void> {
    if (this.#holder.exitCode === null) {
      const closed = once(this.#holder, "close");
      this.#holder.stdin!.end();
      await closed;
    }
    rmdirSync(this.folder);
  }
}

/** null: it works here; else why it does not. */
export function whyNoSmallDisk(): string | null {
  try {
    execFileSync("unshare", ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", tmpdir()], { stdio: "pipe" });
    return null;
  } catch (error) {
    return String(error);
  }
}
