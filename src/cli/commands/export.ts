// `sluice export`: a topic, as it is now, into a file that `sluice import` reads.

import { rm } from "node:fs/promises";
import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addExamples } from "../help.ts";
import { openProgress } from "../progress.ts";
import { toJsonRecord } from "../records/json-record.ts";
import type { StoredRecord } from "../records/record.ts";
import { type Session, withSession } from "../session.ts";
import { counted } from "../table.ts";
import { addFormOption, chooseForm, type Form } from "../transfer/form.ts";
import { integerList, type Position, position } from "../values.ts";

interface ExportFlags {
  readonly as?: Form;
  readonly from: Position;
  readonly to: Position;
  readonly partition?: readonly number[];
}

export function addExportCommand(program: Command, cli: Cli): void {
  const command = program
    .command("export <topic> <file>")
    .description("write a topic's records to a new file (- for standard output), or each value to a file of a folder")
    .option(
      "--from <position>",
      "earliest, an offset, -K (the last K records), a time (2026-01-31T12:00:00Z, @MS) or 15m (ago)",
      position,
      { kind: "earliest" } as Position,
    )
    .option("--to <position>", "end before it: latest (what is there now), an offset or a time", position, { kind: "latest" } as Position)
    .option("-p, --partition <list>", "only these: 0,2,5-7", integerList);
  addFormOption(command);
  addExamples(command, [
    "sluice export clicks clicks.ndjson",
    "sluice export clicks clicks.csv --from 24h",
    "sluice export clicks values --as files",
  ]);
  command.action(withSession(cli, exportTopic));
}

/** Where records go. */
interface Sink {
  write(records: readonly StoredRecord[]): Promise<void>;
  close(): Promise<void>;
  /** Half an export is none. The files of values stay: each is whole. */
  discard(): Promise<void>;
}

async function exportTopic(session: Session, topic: string, file: string, flags: ExportFlags): Promise<void> {
  const { output, signal } = session;
  const form = chooseForm(flags.as, file);
  const { resolveRanges } = await import("../consume/ranges.ts");
  const { readRanges } = await import("../consume/read-ranges.ts");
  const ranges = await resolveRanges(session, [topic], {
    from: flags.from,
    to: flags.to,
    ...(flags.partition && { partitions: flags.partition }),
  });
  const progress = openProgress(output, {
    ...{ what: "exported", unit: "records" },
    total: ranges.reduce((sum, { start, end }) => sum + Math.max(0, (end ?? start) - start), 0),
  });
  const sink = await openSink(session, form, file);
  let records = 0;
  try {
    for await (const page of readRanges(session, ranges, { signal })) {
      await sink.write(page);
      records += page.length;
      progress.add(page.length);
    }
    await sink.close();
    signal.throwIfAborted();
  } catch (error) {
    await sink.discard();
    throw error;
  } finally {
    progress.close();
  }
  if (file === "-") return output.note(`${counted(records, "record")} of ${topic} exported`);
  await output.done({ topic, file, form, records }, `${counted(records, "record")} of ${topic} exported to ${file}`);
}

async function openSink({ output }: Session, form: Form, file: string): Promise<Sink> {
  if (form === "files") {
    const { openValueFolder } = await import("../transfer/file-records.ts");
    const writeValue = await openValueFolder(file);
    return {
      async write(records) {
        for (const record of records) await writeValue(record);
      },
      ...{ close: async () => {}, discard: async () => {} },
    };
  }
  const text = await openText(output, file);
  const { CSV_COLUMNS, formatCsvRecord } = await import("../transfer/csv-records.ts");
  if (form === "csv") await text.write(`${CSV_COLUMNS.join(",")}\r\n`);
  const format = form === "csv" ? formatCsvRecord : (record: StoredRecord) => `${JSON.stringify(toJsonRecord(record))}\n`;
  return { ...text, write: (records) => text.write(records.map(format).join("")) };
}

async function openText(output: Session["output"], file: string): Promise<Omit<Sink, "write"> & { write(text: string): Promise<void> }> {
  if (file === "-") return { write: (text) => output.write(text), close: async () => {}, discard: async () => {} };
  const { createNewFile } = await import("../transfer/file-records.ts");
  const handle = await createNewFile(file);
  return {
    write: (text) => handle.writeFile(text),
    close: () => handle.close(),
    async discard() {
      await handle.close(); // again does nothing
      await rm(file);
    },
  };
}
