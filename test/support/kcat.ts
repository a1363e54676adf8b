// kcat, the command line of librdkafka (Debian's package): runs it to its end, and says whether it is there.

import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import type { Readable, Writable } from "node:stream";

export function hasKcat(): boolean {
  return spawnSync("kcat", ["-V"]).status === 0;
}

/** Runs kcat and resolves to what it prints; rejects, with what it complains of, unless it ends with 0. */
export async function runKcat(args: readonly string[], input: string | Uint8Array = ""): Promise<string> {
  const { child, ended } = startKcat(args);
  child.stdin.on("error", () => {}); // it ended before it had read everything: its exit code and complaint say why
  child.stdin.end(input);
  const { code, output, complaint } = await ended;
  if (code !== 0) throw new Error(`kcat ${args.join(" ")} ended with ${code}: ${complaint}`);
  return output;
}

export interface RunningKcat {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has printed so far. */
  output(): string;
  /** What it has said of itself so far: rebalances, ends of partitions, complaints. */
  complaint(): string;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string; readonly complaint: string }>;
}

/** Starts kcat, for the caller to feed and to end. */
export function startKcat(args: readonly string[]): RunningKcat {
  const child = spawn("kcat", [...args], { stdio: ["pipe", "pipe", "pipe"] });
  const printed: Buffer[] = [];
  let complaint = "";
  child.stdout.on("data", (part: Buffer) => printed.push(part));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const output = (): string => Buffer.concat(printed).toString("utf8");
  const ended = new Promise<{ code: number | null; output: string; complaint: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, output: output(), complaint })),
  );
  return { child, output, complaint: () => complaint, ended };
}
