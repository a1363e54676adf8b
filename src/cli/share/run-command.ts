// A command of the user's that handles one record: the value on its standard input, the rest in its environment, and its exit code the
// verdict, by the convention of mail filters and of sysexits.h: 0 is done, 75 (EX_TEMPFAIL) is to be tried again.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { asText } from "../../sdk/consumer/records.ts";
import type { LeasedRecord } from "../../sdk/share/share-consumer.ts";
import { CliError } from "../failure.ts";
import type { Environment } from "../settings.ts";

/** EX_TEMPFAIL of sysexits.h. */
export const TEMPORARY_FAILURE = 75;
/** What POSIX shells say of a command that cannot be run, and of one that is not there: the command line is wrong, not the record. */
const CANNOT_RUN: readonly number[] = [126, 127];

export interface CommandSurroundings {
  readonly environment: Environment;
  /** What the command prints, and what it says of errors. */
  printed(chunk: Uint8Array): Promise<void>;
  said(chunk: Uint8Array): Promise<void>;
}

/**
 * Runs `sh -c COMMAND` to its end.
 * @returns its exit code; null where a signal ended it
 * @throws CliError where there is no such command
 */
export async function runCommand(command: string, record: LeasedRecord, surroundings: CommandSurroundings): Promise<number | null> {
  const child = spawn("sh", ["-c", command], { env: environmentOf(record, surroundings.environment), stdio: "pipe" });
  const ended = exitCodeOf(child);
  child.stdin.on("error", () => undefined); // a command need not read its input
  child.stdin.end(record.value ?? new Uint8Array());
  const [code] = await Promise.all([ended, copy(child.stdout, surroundings.printed), copy(child.stderr, surroundings.said)]);
  if (code !== null && CANNOT_RUN.includes(code)) throw new CliError(`the command cannot be run (exit code ${code}): ${command}`);
  return code;
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}

async function copy(from: Readable, to: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of from as AsyncIterable<Uint8Array>) await to(chunk);
}

/** The key is left out where it is null, or no text that an environment can hold. */
function environmentOf({ topic, partition, offset, timestamp, key, deliveryCount }: LeasedRecord, environment: Environment): Environment {
  const text = asText(key);
  return {
    ...environment,
    SLUICE_RECORD_TOPIC: topic,
    SLUICE_RECORD_PARTITION: String(partition),
    SLUICE_RECORD_OFFSET: String(offset),
    SLUICE_RECORD_TIMESTAMP: String(timestamp),
    SLUICE_RECORD_DELIVERY: String(deliveryCount),
    ...(text === null || text.includes("\0") ? {} : { SLUICE_RECORD_KEY: text }),
  };
}
