// Which records of a topic are meant: by their key, and by their headers.

import { UsageError } from "../failure.ts";
import { decodeUtf8 } from "./json-record.ts";
import type { StoredRecord } from "./record.ts";

export interface FilterFlags {
  /** A regular expression that is found in the key. */
  readonly key?: string;
  /** `NAME`, or `NAME=REGEX`; a record has to fit all. */
  readonly header?: readonly string[];
}

/** @throws UsageError for an expression that is none */
export function parseFilter({ key, header = [] }: FilterFlags): (record: StoredRecord) => boolean {
  const keyPattern = key === undefined ? null : parsePattern("--key", key);
  const headerTests = header.map(parseHeaderTest);
  return (record) => (keyPattern === null || isFound(keyPattern, record.key)) && headerTests.every((test) => test(record));
}

function parseHeaderTest(text: string): (record: StoredRecord) => boolean {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  const pattern = at < 0 ? null : parsePattern("--header", text.slice(at + 1));
  return ({ headers }) => headers.some(({ key, value }) => key === name && (pattern === null || isFound(pattern, value)));
}

function parsePattern(flag: string, text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

/** What is no text fits no expression. */
function isFound(pattern: RegExp, bytes: Uint8Array | null): boolean {
  const text = bytes === null ? null : decodeUtf8(bytes);
  return text !== null && pattern.test(text);
}
