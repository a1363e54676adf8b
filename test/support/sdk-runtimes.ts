// Bun and Deno, with the built package installed beside a program, as their users have it. The runtimes come from a package.json of their own
// (test/runtimes), since 200 MB are more than everybody should download who starts a broker.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { Call, Outcome } from "./sdk-scenarios/lines.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARIES = `${ROOT}test/runtimes/node_modules/.bin/`;

/** By the name of the program: what goes before the file. Deno is given no more than the SDK needs: a network, and the core's file. */
export const RUNTIMES = {
  bun: ["run"],
  deno: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read=.", "--allow-env=SLUICE_TOKEN"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Runtime = keyof typeof RUNTIMES;

export function hasRuntime(runtime: Runtime): boolean {
  return existsSync(BINARIES + runtime);
}

/** A folder in which a program finds `sluice` installed: a copy of what the package has, which must be built. */
export interface InstalledSdk {
  /** Runs a program of this repository to its end. @returns what it printed; rejects where it fails */
  run(runtime: Runtime, file: string, ...args: readonly string[]): Promise<string>;
  /** Starts the scenarios. */
  start(runtime: Runtime): RuntimeProcess;
  remove(): void;
}

export async function installSdk(): Promise<InstalledSdk> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-installed-"));
  const home = join(folder, "node_modules/sluice");
  mkdirSync(home, { recursive: true });
  for (const part of ["package.json", "dist"]) cpSync(ROOT + part, join(home, part), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { sluice: "*" } }));
  const entryPoints = [`${ROOT}test/support/sdk-scenarios/lines.ts`];
  await build({ entryPoints, bundle: true, format: "esm", external: ["sluice/*", "node:*"], outdir: folder });
  const commandOf = (runtime: Runtime, file: string, args: readonly string[]) => [...RUNTIMES[runtime], file, ...args];
  return {
    async run(runtime, file, ...args) {
      cpSync(ROOT + file, join(folder, "program.ts"));
      const { stdout } = await promisify(execFile)(BINARIES + runtime, commandOf(runtime, "program.ts", args), { cwd: folder });
      return stdout;
    },
    start: (runtime) => runtimeProcess(spawn(BINARIES + runtime, commandOf(runtime, "lines.js", []), { cwd: folder, stdio: "pipe" })),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface RuntimeProcess {
  /** Calls a function of sdk-scenarios/program.ts. */
  call(name: Call["name"], ...args: readonly unknown[]): Promise<unknown>;
  /** Resolves to the exit code, with what it printed to stderr. */
  close(): Promise<{ readonly code: number | null; readonly complaints: string }>;
}

function runtimeProcess(child: ChildProcess): RuntimeProcess {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as Outcome;
    if (error === undefined) waiting.get(id)!.resolve(result);
    else waiting.get(id)!.reject(new Error(error));
    waiting.delete(id);
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  const settled = ended.then(
    (code) => new Error(`it ended with code ${code}:\n${complaints}`),
    (error: Error) => error,
  );
  void settled.then((error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  return {
    async call(name, ...args) {
      const id = calls++;
      const outcome = Promise.withResolvers<unknown>();
      waiting.set(id, outcome);
      child.stdin!.write(`${JSON.stringify({ id, name, args } satisfies Call)}\n`);
      return Promise.race([outcome.promise, settled.then((error) => Promise.reject(error))]);
    },
    async close() {
      child.stdin!.end();
      return { code: await ended, complaints };
    },
  };
}
