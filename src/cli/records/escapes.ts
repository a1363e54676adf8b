// The escapes of separators and templates: \n \t \r \0 \\ and \xNN.

import { UsageError } from "../failure.ts";

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0", "\\": "\\" };

/** The bytes that an escape stands for. @param name what follows the backslash. @throws UsageError for one that there is not */
export function escapedBytes(name: string): Uint8Array {
  if (/^x[\da-fA-F]{2}$/.test(name)) return Uint8Array.of(Number.parseInt(name.slice(1), 16));
  const escaped = ESCAPES[name];
  if (escaped === undefined) throw new UsageError(`there is no escape "\\${name}" (there are \\n \\t \\r \\0 \\\\ \\xNN)`);
  return new TextEncoder().encode(escaped);
}

/** A text with escapes as bytes. @throws UsageError */
export function parseEscapes(text: string): Uint8Array {
  const parts = [...text.matchAll(/\\(x[\da-fA-F]{2}|.?)|[^\\]+/gsu)];
  return Buffer.concat(parts.map(([plain, escaped]) => (escaped === undefined ? new TextEncoder().encode(plain) : escapedBytes(escaped))));
}
