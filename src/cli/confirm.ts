// Asks before what cannot be undone. Without a person to ask (a script, --json) nothing is done unless the command line says --yes.

import { createInterface } from "node:readline/promises";
import { CliError, UsageError } from "./failure.ts";
import type { Session } from "./session.ts";

/** @param what the sentence after "This will". @throws CliError where the answer is no */
export async function confirm({ cli, output, signal }: Session, { yes = false }: { readonly yes?: boolean }, what: string): Promise<void> {
  if (yes) return;
  if (!cli.stdin.isTTY || !output.isWatched) throw new UsageError(`this will ${what}: --yes says that you mean it`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This will ${what}. Go on? [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("nothing was done");
  } finally {
    terminal.close();
  }
}
