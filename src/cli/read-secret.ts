// A secret comes by standard input or a file, never by a flag, which every user of the machine can read.

import { readFile } from "node:fs/promises";
import { UsageError } from "./failure.ts";
import type { Session } from "./session.ts";

/**
 * Without the newline that editors and `echo` put at its end.
 * @param file - for standard input; @param what it is, for people
 */
export async function readSecret({ cli }: Pick<Session, "cli">, file: string, what: string): Promise<string> {
  const parts: Uint8Array[] = [];
  if (file === "-") for await (const part of cli.stdin) parts.push(part);
  else parts.push(await readFile(file));
  const secret = Buffer.concat(parts)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (secret === "") throw new UsageError(`the ${what} is empty`);
  return secret;
}
