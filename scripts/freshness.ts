// Skips a build whose inputs have not changed: a stamp beside the output holds a digest of every input's path and content. Times are
// not used, because a checkout gives old content new times and the other way round.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface BuildStep {
  /** Absolute; everything below is relative to it. */
  readonly root: string;
  /** Files and folders that decide the output. */
  readonly inputs: readonly string[];
  readonly output: string;
  build(): Promise<void> | void;
}

/** Runs the step unless its output is there and was made from the same inputs. Resolves true if it ran. */
export async function buildIfStale(step: BuildStep): Promise<boolean> {
  const output = join(step.root, step.output);
  const stamp = `${output}.stamp`;
  const digest = digestInputs(step);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;
  await step.build();
  replaceFile(stamp, digest);
  return true;
}

/** Writes a file whole or not at all: two builds at once, or one that is killed, never leave a torn file. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function digestInputs({ root, inputs }: BuildStep): string {
  const hash = createHash("sha256");
  for (const path of inputs.flatMap((input) => listFiles(join(root, input))).sort()) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
