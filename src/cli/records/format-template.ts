// Templates for records, in the manner of kcat's -f:
//
//   %t topic      %p partition      %o offset      %T timestamp (ms)      %% a percent sign
//   %k key        %v or %s value    %h headers: NAME=VALUE,…    %K and %S: bytes of the key and of the value, -1 for null
//   \n \t \r \0 \\ and \xNN
//
// Keys and values come out as the bytes that they are; null as nothing, or as what `nullText` says.

import { UsageError } from "../failure.ts";
import { escapedBytes } from "./escapes.ts";
import type { RecordHeader, StoredRecord } from "./record.ts";

type Part = Uint8Array | ((record: StoredRecord) => Uint8Array);

const encoder = new TextEncoder();

/** @returns what formats a record. @throws UsageError that names what it does not know */
export function parseTemplate(template: string, nullText = ""): (record: StoredRecord) => Uint8Array {
  const parts = [...template.matchAll(/%(.?)|\\(x[\da-fA-F]{2}|.?)|[^%\\]+/gsu)].map((match) => parsePart(match, nullText));
  return (record) => Buffer.concat(parts.map((part) => (typeof part === "function" ? part(record) : part)));
}

function parsePart([text, field, escapeName]: RegExpExecArray, nullText: string): Part {
  if (field !== undefined) return parseField(field, encoder.encode(nullText));
  if (escapeName === undefined) return encoder.encode(text);
  return escapedBytes(escapeName);
}

function parseField(field: string, nullBytes: Uint8Array): Part {
  const text = (of: (record: StoredRecord) => string | number) => (record: StoredRecord) => encoder.encode(String(of(record)));
  switch (field) {
    case "%":
      return encoder.encode("%");
    case "t":
      return text(({ topic }) => topic);
    case "p":
      return text(({ partition }) => partition);
    case "o":
      return text(({ offset }) => offset);
    case "T":
      return text(({ timestamp }) => timestamp);
    case "k":
      return ({ key }) => key ?? nullBytes;
    case "v":
    case "s":
      return ({ value }) => value ?? nullBytes;
    case "K":
      return text(({ key }) => key?.length ?? -1);
    case "S":
      return text(({ value }) => value?.length ?? -1);
    case "h":
      return ({ headers }) => Buffer.concat(headers.flatMap((header, index) => headerParts(header, index, nullBytes)));
    default:
      throw new UsageError(`a template has no "%${field}" (there are %t %p %o %T %k %v %h %K %S %%)`);
  }
}

function headerParts({ key, value }: RecordHeader, index: number, nullBytes: Uint8Array): Uint8Array[] {
  return [encoder.encode(`${index === 0 ? "" : ","}${key}=`), value ?? nullBytes];
}
