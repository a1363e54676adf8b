// librdkafka's own speed: a small C program (bench/clients/librdkafka.c), compiled once, because a client in any slower language would
// measure itself.

import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = `${root}bench/clients/librdkafka.c`;
const PROGRAM = `${root}build/librdkafka-client`;

export interface Produced {
  readonly records: number;
  readonly ms: number;
  /** From produce() to the acknowledgement. */
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Consumed {
  readonly records: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface LibrdkafkaClient {
  /** Waits until every record is acknowledged. */
  produce(address: string, topic: string, load: { records: number; recordBytes: number; properties: Properties }): Promise<Produced>;
  /** Reads that many records from the beginning of all partitions. */
  consume(address: string, topic: string, load: { records: number; partitions: number }): Promise<Consumed>;
}

/** librdkafka's configuration. */
export type Properties = Readonly<Record<string, string>>;

/** null, with a line that says so, where gcc or librdkafka's headers are missing. */
export function buildLibrdkafkaClient(): LibrdkafkaClient | null {
  if (!existsSync("/usr/include/librdkafka/rdkafka.h")) return missing("librdkafka's headers (librdkafka-dev)");
  mkdirSync(`${root}build`, { recursive: true });
  const { status, error, stderr } = spawnSync("gcc", ["-O2", "-Wall", "-o", PROGRAM, SOURCE, "-lrdkafka"], { encoding: "utf8" });
  if (error !== undefined) return missing("gcc");
  if (status !== 0) throw new Error(`gcc failed on ${SOURCE}:\n${stderr}`);
  return {
    produce: (address, topic, { records, recordBytes, properties }) =>
      run(["produce", address, topic, String(records), String(recordBytes), ...pairs(properties)]),
    consume: (address, topic, { records, partitions }) =>
      run(["consume", address, topic, String(records), String(partitions), "group.id=bench"]),
  };
}

function missing(what: string): null {
  console.log(`\n*** SKIPPED: ${what} is not here, so librdkafka is not measured ***`);
  return null;
}

function pairs(properties: Properties): string[] {
  return Object.entries(properties).map(([name, value]) => `${name}=${value}`);
}

async function run<Result>(args: readonly string[]): Promise<Result> {
  const { stdout } = await promisify(execFile)(PROGRAM, args);
  return JSON.parse(stdout) as Result;
}
