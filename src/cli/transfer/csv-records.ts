// Records as rows of CSV: partition, offset, timestamp, key, value, headers. Headers are the API's JSON. CSV is text: a key or a value that
// is no UTF-8 has no place in it, and is refused rather than changed.

import { CliError } from "../failure.ts";
import { decodeUtf8, parseJsonRecord, RecordFormatError, toJsonRecord } from "../records/json-record.ts";
import type { NewRecord, StoredRecord } from "../records/record.ts";
import { formatCsvRow } from "./csv.ts";

export const CSV_COLUMNS = ["partition", "offset", "timestamp", "key", "value", "headers"] as const;

/** @throws CliError where the record is no text */
export function formatCsvRecord(record: StoredRecord): string {
  const { partition, offset, timestamp, headers } = record;
  const headersText = headers.length === 0 ? null : JSON.stringify((toJsonRecord(record) as { headers: unknown }).headers);
  return formatCsvRow([String(partition), String(offset), String(timestamp), textOf(record, "key"), textOf(record, "value"), headersText]);
}

function textOf(record: StoredRecord, field: "key" | "value"): string | null {
  const bytes = record[field];
  const text = bytes === null ? null : decodeUtf8(bytes);
  if (bytes !== null && text === null) {
    throw new CliError(
      `${record.topic}/${record.partition}, offset ${record.offset}: the ${field} is no UTF-8, which CSV cannot hold: --as ndjson can`,
    );
  }
  return text;
}

export interface CsvColumns {
  /** Whose text is the key of a row that is a value of its own; null: it has none. */
  readonly key: string | null;
}

/**
 * The records of rows. With a column `value` they are as they were exported; else each row is a JSON object, by the names in the first row.
 * @throws CliError that names the row
 */
export async function* recordsOfCsv(rows: AsyncIterable<readonly (string | null)[]>, columns: CsvColumns): AsyncGenerator<NewRecord> {
  let header: readonly string[] | null = null;
  let number = 0;
  for await (const row of rows) {
    number++;
    if (header === null) {
      header = row.map((name) => name ?? "");
      if (columns.key !== null && !header.includes(columns.key)) throw new CliError(`the first row names no column "${columns.key}"`);
      continue;
    }
    if (row.length !== header.length) throw new CliError(`row ${number} has ${row.length} fields, the first row ${header.length}`);
    const named = Object.fromEntries(header.map((name, index) => [name, row[index] ?? null]));
    yield header.includes("value") ? exportedRecord(named, number) : rowRecord(named, columns);
  }
}

/** By the rules of a JSON record (records/json-record.ts). */
function exportedRecord({ headers, partition, timestamp, key, value }: Readonly<Record<string, string | null>>, number: number): NewRecord {
  const integer = (text: string | null | undefined) => (text && /^-?\d+$/.test(text) ? Number(text) : text); // else refused as what it is
  try {
    const list: unknown = headers === null || headers === undefined ? null : JSON.parse(headers);
    return parseJsonRecord(JSON.stringify({ key, value, headers: list, partition: integer(partition), timestamp: integer(timestamp) }));
  } catch (error) {
    if (error instanceof RecordFormatError || error instanceof SyntaxError) throw new CliError(`row ${number}: ${error.message}`);
    throw error;
  }
}

function rowRecord(row: Readonly<Record<string, string | null>>, { key }: CsvColumns): NewRecord {
  const encoder = new TextEncoder();
  const keyText = key === null ? null : (row[key] ?? null);
  return { key: keyText === null ? null : encoder.encode(keyText), value: encoder.encode(JSON.stringify(row)), headers: [] };
}
