// Runs one command line: parses it, acts, and turns whatever went wrong into a line and an exit code.

import { CommanderError } from "commander";
import type { Cli, Launcher } from "./cli.ts";
import { describeFailure, type Failure, INTERRUPTED_EXIT_CODE, USAGE_EXIT_CODE } from "./failure.ts";
import { createProgram } from "./program.ts";
import type { GlobalFlags } from "./settings.ts";

/** Ctrl-C a second time ends the process at once: what has not been closed by then hangs. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A terminal signals everybody, and a parent that passes its signals on (`timeout`, some package managers) does it again: that is one Ctrl-C. */
const ECHO_MS = 500;

/** @param args what follows the command's name. Resolves to the exit code, once all output is written. */
export async function runCli(args: readonly string[], launcher: Launcher): Promise<number> {
  const stop = new AbortController();
  stopOnSignals(stop);
  endWithReader(stop);
  let exitCode = 0;
  const { environment, stdin, stdout, stderr } = { ...process, environment: process.env };
  const setExitCode = (code: number): void => {
    exitCode = code;
  };
  const failedWith = await runProgram(args, { environment, stdin, stdout, stderr, signal: stop.signal, launcher, setExitCode });
  for (const stream of [process.stdout, process.stderr]) await flushed(stream);
  return failedWith ?? exitCode;
}

/** Null where nothing failed. */
export async function runProgram(args: readonly string[], cli: Cli): Promise<number | null> {
  const program = createProgram(cli);
  try {
    await program.parseAsync(args, { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? null : USAGE_EXIT_CODE; // it has said what is wrong
    if (cli.signal.aborted && error === cli.signal.reason) return INTERRUPTED_EXIT_CODE;
    const failure = describeFailure(error);
    if (failure === null) throw error;
    cli.stderr.write(`${failureLine(failure, program.opts<GlobalFlags>().json === true)}\n`);
    return failure.exitCode;
  }
}

function failureLine({ exitCode: _, ...failure }: Failure, json: boolean): string {
  return json ? JSON.stringify({ error: failure }) : `sluice: ${failure.message.replaceAll("\n", " ")}`;
}

function stopOnSignals(stop: AbortController): void {
  let firstMs: number | null = null;
  const onSignal = (): void => {
    firstMs ??= performance.now();
    if (performance.now() - firstMs > ECHO_MS) process.exit(INTERRUPTED_EXIT_CODE);
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

/** A reader that has gone (`| head`) ends the command as Ctrl-C does. */
function endWithReader(stop: AbortController): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stop.abort();
  });
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return;
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
