// How a record is printed: its value and a newline, a template, or JSON.

import type { Encoding } from "../../contract/fields.ts";
import { parseTemplate } from "../records/format-template.ts";
import { toJsonRecord } from "../records/json-record.ts";
import type { StoredRecord } from "../records/record.ts";

export interface PrinterFlags {
  readonly format?: string;
  readonly encoding?: Encoding;
  /** What null is printed as. */
  readonly null?: string;
}

export type Printer = (record: StoredRecord) => Uint8Array;

const encoder = new TextEncoder();

/** @throws UsageError for a template that is none */
export function createPrinter(json: boolean, { format = "%v\\n", encoding = "auto", null: nullText = "" }: PrinterFlags): Printer {
  if (json) return (record) => encoder.encode(`${JSON.stringify(toJsonRecord(record, encoding))}\n`);
  return parseTemplate(format, nullText);
}
