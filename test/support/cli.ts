// Runs `sluice` as a user does, by its launcher, with nothing of the caller's own settings.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

/** A host and port where nothing listens: the system gives no program a port as low, and fetch has it not among those that it blocks. */
export const NOBODY = "127.0.0.1:2";

export const SLUICE = fileURLToPath(new URL("../../bin/sluice", import.meta.url));

export interface CliOptions {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCli {
  out(): string;
  err(): string;
  /** Ctrl-C; resolves when it has ended. */
  interrupt(): Promise<CliResult>;
  kill9(): Promise<CliResult>;
  ended: Promise<CliResult>;
}

/** Without the caller's brokers, tokens and config files. */
export function cliEnvironment(options: CliOptions = {}): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SLUICE_|AWS_|npm_)/.test(name)));
  return {
    ...inherited,
    XDG_CONFIG_HOME: "/nonexistent",
    ...(options.url === undefined ? {} : { SLUICE_URL: options.url }),
    ...options.env,
  };
}

/** Starts it; the test's end ends it. */
export function startSluice(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child = spawn(SLUICE, args, {
    env: cliEnvironment(options),
    stdio: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text));
  child.stdin.on("error", () => undefined); // a command that does not read its input
  if (options.input === undefined) child.stdin.end();
  else child.stdin.end(options.input);
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...printed }));
  onTestFinished(() => void (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")));
  const signal = (name: NodeJS.Signals) => {
    child.kill(name);
    return ended;
  };
  return { out: () => printed.out, err: () => printed.err, interrupt: () => signal("SIGINT"), kill9: () => signal("SIGKILL"), ended };
}

/** Runs it to its end. */
export async function runSluice(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startSluice(args, options).ended;
}

/** Runs it to its end, which has to be a good one. @returns what it printed */
export async function sluice(url: string, ...args: readonly string[]): Promise<string> {
  return sluiceWith({ url }, ...args);
}

export async function sluiceWith(options: CliOptions, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await runSluice(args, options);
  if (code !== 0) throw new Error(`sluice ${args.join(" ")} ended with ${code}: ${err}`);
  return out;
}

/** The answer of a command with --json. */
export async function sluiceJson<Answer>(url: string, ...args: readonly string[]): Promise<Answer> {
  return JSON.parse(await sluice(url, ...args, "--json")) as Answer;
}

/** Resolves once it has printed the text. */
export async function printed(running: RunningCli, text: string): Promise<void> {
  await until(`it prints "${text}", not\n${running.out()}${running.err()}`, () => `${running.out()}${running.err()}`.includes(text));
}
