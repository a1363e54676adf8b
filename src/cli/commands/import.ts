// `sluice import`: records of a file into a topic: JSON lines or CSV as `sluice export` writes them, any CSV, or the files of a folder.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { CompressionName } from "../compression.ts";
import { addExamples } from "../help.ts";
import { createPace } from "../produce/rate.ts";
import { recordsOfLines } from "../produce/record-sources.ts";
import { sendRecords } from "../produce/send-records.ts";
import { openProgress } from "../progress.ts";
import type { NewRecord } from "../records/record.ts";
import { type Session, withSession } from "../session.ts";
import { addFormOption, chooseForm, type Form } from "../transfer/form.ts";
import { positive } from "../values.ts";
import { addCompressionOption, report } from "./produce.ts";

interface ImportFlags {
  readonly as?: Form;
  readonly keyColumn?: string;
  readonly repartition?: boolean;
  readonly compression: CompressionName;
  readonly rate?: number;
}

/** Batches of a file fill at once: nobody waits for them. */
const LINGER_MS = 20;

export function addImportCommand(program: Command, cli: Cli): void {
  const command = program
    .command("import <topic> <file>")
    .description("write the records of a file, or each file of a folder as a record (its path is the key)")
    .option("--key-column <name>", "of a CSV file whose rows are values: the column that is the key")
    .option("--repartition", "let the keys choose the partitions, whatever the file says")
    .option("--rate <count>", "so many records a second", positive);
  addFormOption(command);
  addCompressionOption(command);
  addExamples(command, [
    "sluice import clicks clicks.ndjson",
    "sluice import users users.csv --key-column id",
    "sluice import pages site --as files --compression gzip",
  ]);
  command.action(withSession(cli, importFile));
}

async function importFile(session: Session, topic: string, file: string, flags: ImportFlags): Promise<void> {
  const { output, signal } = session;
  const { openProducer } = await import("../produce/open-producer.ts");
  const form = chooseForm(flags.as, file);
  const bytesRead = openProgress(output, { what: "imported", unit: "bytes", total: await sizeOf(file, form) });
  const records = await recordsOf(session, form, file, flags, (bytes) => bytesRead.add(bytes));
  const producer = openProducer(session, { compression: flags.compression, lingerMs: LINGER_MS });
  const perRecord = { add: () => {}, close: () => {} };
  try {
    const given = flags.repartition ? withoutPartitions(records) : records;
    const sent = await sendRecords(producer, given, { topic, pace: createPace(flags.rate ?? null), progress: perRecord, signal });
    bytesRead.close();
    await report(session, topic, sent);
  } finally {
    bytesRead.close();
    await producer.close();
  }
}

async function sizeOf(file: string, form: Form): Promise<number | null> {
  return file === "-" || form === "files" ? null : (await stat(file)).size;
}

async function recordsOf(
  { cli }: Session,
  form: Form,
  file: string,
  { keyColumn = null }: { readonly keyColumn?: string | null },
  onBytes: (bytes: number) => void,
): Promise<AsyncIterable<NewRecord>> {
  if (form === "files") return (await import("../transfer/file-records.ts")).recordsOfFolder(file);
  const bytes = counted(file === "-" ? cli.stdin : (createReadStream(file) as AsyncIterable<Uint8Array>), onBytes);
  if (form === "ndjson")
    return recordsOfLines(["-"], bytes, { ndjson: true, keySeparator: null, headers: [], key: null, tombstones: false });
  const { parseCsv } = await import("../transfer/csv.ts");
  const { recordsOfCsv } = await import("../transfer/csv-records.ts");
  return recordsOfCsv(parseCsv(bytes), { key: keyColumn });
}

async function* counted(chunks: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function* withoutPartitions(records: AsyncIterable<NewRecord>): AsyncGenerator<NewRecord> {
  for await (const { partition: _, ...record } of records) yield record;
}
