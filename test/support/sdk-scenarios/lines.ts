// The scenarios in a process of Bun or Deno. A line on stdin is a call of a function of program.ts, `{id, name, args}`; a line on stdout is
// its outcome, `{id, result}` or `{id, error}`, in the order in which they end. The process ends with its stdin.

import { createInterface } from "node:readline";
import { follow, run, seen } from "./program.ts";

const FUNCTIONS = { run, follow, seen };

export interface Call {
  readonly id: number;
  readonly name: keyof typeof FUNCTIONS;
  readonly args: readonly unknown[];
}

export interface Outcome {
  readonly id: number;
  readonly result?: unknown;
  /** What was thrown, with its stack. */
  readonly error?: string;
}

async function outcomeOf({ id, name, args }: Call): Promise<Outcome> {
  try {
    return { id, result: await (FUNCTIONS[name] as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    return { id, error: error instanceof Error ? `${error.stack ?? error}` : String(error) };
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void outcomeOf(JSON.parse(line)).then((outcome) => console.log(JSON.stringify(outcome))));
lines.on("close", () => process.exit(0)); // tails go on for ever
