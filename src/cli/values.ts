// The values that flags take: numbers, durations, sizes, and places in a log. Each parser throws commander's InvalidArgumentError, which
// the argument's own flag is named in.

import { InvalidArgumentError } from "commander";

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/** Where in a partition something begins or ends. */
export type Position =
  | { readonly kind: "earliest" | "latest" }
  | { readonly kind: "offset"; readonly offset: number }
  /** The last `count` records. */
  | { readonly kind: "last"; readonly count: number }
  /** The first record at or after (ms since the epoch). */
  | { readonly kind: "time"; readonly timestamp: number };

/** An integer from `min` up. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER ? `It is an integer from ${min} up.` : `It is an integer from ${min} to ${max}.`,
    );
  };
}

/** A number above 0, for rates. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is a number above 0.");
}

/** `500ms`, `30s`, `15m`, `2h`, `7d`: milliseconds. */
export function duration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,12}(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits === "") throw new InvalidArgumentError("It is a duration: 500ms, 30s, 15m, 2h, 7d.");
  return Math.round(Number(digits) * DURATION_UNITS[unit]!);
}

/** `1000`, `64KB`, `16MiB`: bytes. */
export function size(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,12}(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text) ?? [];
  const factor = SIZE_UNITS[unit.toLowerCase()];
  if (digits === "" || factor === undefined) throw new InvalidArgumentError("It is a size: 1000, 64KB, 16MiB.");
  return Math.round(Number(digits) * factor);
}

/** `earliest`, `latest`, an offset, `-K` (the last K records), a duration (so long ago), `@MS`, or a date (ISO 8601). */
export function position(text: string): Position {
  if (text === "earliest" || text === "latest") return { kind: text };
  if (/^\d{1,15}$/.test(text)) return { kind: "offset", offset: Number(text) };
  if (/^-[1-9]\d{0,14}$/.test(text)) return { kind: "last", count: -Number(text) };
  return { kind: "time", timestamp: time(text) };
}

/** `@MS` since the epoch, a date (ISO 8601), or a duration: so long ago. Milliseconds since the epoch. */
export function time(text: string): number {
  if (/^@\d{1,15}$/.test(text)) return Number(text.slice(1));
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return Math.max(0, Date.now() - duration(text));
  const timestamp = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (timestamp >= 0) return timestamp;
  throw new InvalidArgumentError(
    "It is earliest, latest, an offset, -K (the last K records), a time (2026-01-31T12:00:00Z, @MS) or 15m (ago).",
  );
}

/** Collects `NAME=VALUE` of a flag that may be repeated. */
export function pair(text: string, before: readonly (readonly [string, string])[] = []): readonly (readonly [string, string])[] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It is NAME=VALUE.");
  return [...before, [name, value]];
}

/** Collects the values of a flag that may be repeated. */
export function each(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** `0,2,5-7`: integers in order, each once. */
export function integerList(text: string): readonly number[] {
  const numbers = text.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first)) throw new InvalidArgumentError("It is a list of integers: 0,2,5-7.");
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
  return [...new Set(numbers)].sort((one, other) => one - other);
}
