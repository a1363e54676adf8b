// Tables for people: columns aligned, numbers to the right, a header where there is a row.

import { stripVTControlCharacters } from "node:util";

type Cell = string | number | boolean | null | undefined;

/** @param rows by column: all have the columns of the first. An empty list is said with `empty`. */
export function formatTable(rows: readonly Readonly<Record<string, Cell>>[], empty: string): string {
  const [first] = rows;
  if (first === undefined) return empty;
  const columns = Object.keys(first);
  const cells = rows.map((row) => columns.map((column) => formatCell(row[column])));
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((row) => row[index]!.length)));
  const isNumeric = columns.map((column) => rows.every((row) => typeof row[column] !== "string"));
  const formatRow = (row: readonly string[]): string =>
    row
      .map((cell, index) => (isNumeric[index] ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)))
      .join("  ")
      .trimEnd();
  return [columns.map((column) => column.toUpperCase()), ...cells].map(formatRow).join("\n");
}

/** Names come from other people: a terminal takes no orders from them. */
function formatCell(cell: Cell): string {
  if (cell === null || cell === undefined) return "-";
  return stripVTControlCharacters(String(cell)).replace(/[\p{Cc}]/gu, "?");
}

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1536000` bytes as `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${step === 0 ? bytes : (bytes / 1000 ** step).toFixed(1)} ${units[step]}`;
}

/** Milliseconds since the epoch as ISO 8601; null as `-`. */
export function formatTime(timestamp: number | null): string {
  return timestamp === null || timestamp < 0 ? "-" : new Date(timestamp).toISOString();
}
