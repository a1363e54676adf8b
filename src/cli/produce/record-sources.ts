// Where the records of `produce` come from: the lines of standard input or of files, each a value, a key and a value, or a JSON record.

import { createReadStream } from "node:fs";
import { CliError } from "../failure.ts";
import { parseJsonRecord, RecordFormatError } from "../records/json-record.ts";
import { readLines } from "../records/lines.ts";
import type { NewRecord, RecordHeader } from "../records/record.ts";

/** What is no UTF-8 would be written as something else; a byte order mark is none of the record. */
const decoder = new TextDecoder("utf-8", { fatal: true });

export interface LineForm {
  /** Each line is a JSON record. */
  readonly ndjson: boolean;
  /** What stands between a line's key and its value; null: a line is a value. */
  readonly keySeparator: Uint8Array | null;
  /** Of every record that does not bring its own. */
  readonly headers: readonly RecordHeader[];
  /** Of every record whose line has none. */
  readonly key: Uint8Array | null;
  /** An empty value is written as Kafka's null. */
  readonly tombstones: boolean;
}

/** The records of files, one after the other; `-` is standard input, and no file at all too. @throws CliError that names the line */
export async function* recordsOfLines(
  files: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  form: LineForm,
): AsyncGenerator<NewRecord> {
  for (const file of files.length === 0 ? ["-"] : files) {
    let number = 0;
    for await (const line of readLines(file === "-" ? stdin : (createReadStream(file) as AsyncIterable<Uint8Array>))) {
      number++;
      if (form.ndjson && line.length === 0) continue;
      yield parseLine(line, form, `${file === "-" ? "standard input" : file}, line ${number}`);
    }
  }
}

function parseLine(line: Uint8Array, form: LineForm, where: string): NewRecord {
  const { keySeparator, headers, key } = form;
  if (form.ndjson) return withDefaults(parseNamed(line, where), form);
  if (keySeparator === null) return { key, value: lineValue(line, form), headers };
  const at = Buffer.from(line.buffer, line.byteOffset, line.length).indexOf(keySeparator);
  if (at < 0) throw new CliError(`${where}: there is no key separator in it`);
  return { key: line.subarray(0, at), value: lineValue(line.subarray(at + keySeparator.length), form), headers };
}

function parseNamed(line: Uint8Array, where: string): NewRecord {
  try {
    return parseJsonRecord(decoder.decode(line));
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(`${where}: it is no UTF-8, which JSON is`);
    if (!(error instanceof RecordFormatError)) throw error;
    throw new CliError(`${where}: ${error.message}`);
  }
}

function withDefaults(record: NewRecord, { headers, key }: LineForm): NewRecord {
  return { ...record, key: record.key ?? key, headers: record.headers.length > 0 ? record.headers : headers };
}

function lineValue(bytes: Uint8Array, { tombstones }: LineForm): Uint8Array | null {
  return tombstones && bytes.length === 0 ? null : bytes;
}
