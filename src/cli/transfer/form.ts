// The forms of import and export: JSON lines, CSV, or a file for each value.

import { type Command, Option } from "commander";
import { UsageError } from "../failure.ts";

export const FORMS = ["ndjson", "csv", "files"] as const;
export type Form = (typeof FORMS)[number];

export function addFormOption(command: Command): void {
  command.addOption(new Option("--as <form>", "the form; else by the file's name: .ndjson, .jsonl, .csv").choices(FORMS));
}

/** By the flag, or by the file's name. @throws UsageError where neither tells */
export function chooseForm(flag: Form | undefined, file: string): Form {
  if (flag !== undefined) return flag;
  if (/\.(ndjson|jsonl)$/i.test(file)) return "ndjson";
  if (/\.csv$/i.test(file)) return "csv";
  throw new UsageError(`what is the form of ${file}? Say --as ndjson, --as csv or --as files`);
}
