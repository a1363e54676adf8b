// `sluice produce`: lines, files and JSON records into a topic.

import { type Command, Option } from "commander";
import type { Cli } from "../cli.ts";
import { COMPRESSION_NAMES, type CompressionName } from "../compression.ts";
import { UsageError } from "../failure.ts";
import { addExamples } from "../help.ts";
import { addAcksOption } from "../produce/acks.ts";
import { createPace } from "../produce/rate.ts";
import { recordsOfLines } from "../produce/record-sources.ts";
import { type Sent, sendRecords } from "../produce/send-records.ts";
import { openProgress } from "../progress.ts";
import { parseEscapes } from "../records/escapes.ts";
import { type Session, withSession } from "../session.ts";
import { counted, formatBytes } from "../table.ts";
import { duration, integer, pair, positive } from "../values.ts";

export interface ProduceFlags {
  readonly ndjson?: boolean;
  readonly key?: string;
  readonly keySeparator?: string;
  readonly header?: readonly (readonly [string, string])[];
  readonly partition?: number;
  readonly compression: CompressionName;
  readonly rate?: number;
  readonly linger: number;
  readonly tombstones?: boolean;
}

const encoder = new TextEncoder();

export function addProduceCommand(program: Command, cli: Cli): void {
  const produce = program
    .command("produce <topic> [files...]")
    .description("write records: each line of the files, or of standard input, is one")
    .option("--ndjson", 'lines are JSON: {"key": …, "value": …, "headers": […], "timestamp": …, "partition": …}')
    .option("-k, --key <text>", "the key of all records")
    .option("-K, --key-separator <text>", "what stands between a line's key and its value: \\t, :, …")
    .option("-H, --header <name=value>", "a header of all records; repeat it for more", pair)
    .option("-p, --partition <number>", "the partition of all records; else the key's", integer(0))
    .option("-Z, --tombstones", "an empty value is Kafka's null, which deletes the key in a compacted topic")
    .option("--rate <count>", "so many records a second", positive)
    .option("--linger <duration>", "how long records wait for others to share a request", duration, 5);
  addCompressionOption(produce);
  addAcksOption(produce);
  addExamples(produce, [
    "echo hello | sluice produce clicks",
    "sluice produce clicks access.log --compression gzip",
    "sluice produce clicks users.tsv --key-separator '\\t' --header source=import",
    "sluice produce clicks records.ndjson --ndjson --rate 1000",
  ]);
  produce.action(withSession(cli, runProduce));
}

export function addCompressionOption(command: Command): void {
  command.addOption(new Option("-z, --compression <codec>", "how batches are compressed").choices(COMPRESSION_NAMES).default("none"));
}

async function runProduce(session: Session, topic: string, files: readonly string[], flags: ProduceFlags): Promise<void> {
  const { output, signal } = session;
  if (flags.ndjson && flags.keySeparator !== undefined)
    throw new UsageError("--ndjson lines bring their keys: --key-separator is for others");
  const { openProducer } = await import("../produce/open-producer.ts");
  const producer = openProducer(session, { compression: flags.compression, lingerMs: flags.linger });
  const progress = openProgress(output, { what: "produced", unit: "records", total: null });
  try {
    const sent = await sendRecords(producer, recordsOfLines(files, session.cli.stdin, lineForm(flags)), {
      ...{ topic, pace: createPace(flags.rate ?? null), progress, signal },
      ...(flags.partition === undefined ? {} : { partition: flags.partition }),
    });
    progress.close();
    await report(session, topic, sent);
  } finally {
    progress.close();
    await producer.close();
  }
}

function lineForm({ ndjson = false, key, keySeparator, header = [], tombstones = false }: ProduceFlags) {
  return {
    ...{ ndjson, tombstones },
    key: key === undefined ? null : encoder.encode(key),
    keySeparator: keySeparator === undefined ? null : parseEscapes(keySeparator),
    headers: header.map(([name, value]) => ({ key: name, value: encoder.encode(value) })),
  };
}

/** What was written goes to standard error, so that standard output stays empty for a pipe, unless JSON is asked for. */
export async function report({ output }: Session, topic: string, { records, bytes, partitions }: Sent): Promise<void> {
  const places = [...partitions].sort(([one], [other]) => one - other).map(([partition, place]) => ({ partition, ...place }));
  if (output.json) return output.document({ topic, records, bytes, partitions: places }, () => "");
  const ranges = places.map(({ partition, firstOffset, lastOffset }) => `${partition}: ${firstOffset}-${lastOffset}`);
  output.note(
    `${counted(records, "record")} (${formatBytes(bytes)}) written to ${topic}${ranges.length === 0 ? "" : `, offsets by partition: ${ranges.join(", ")}`}`,
  );
}
