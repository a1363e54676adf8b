// The platform's price list (Workers paid plan, 2026-11), in dollars, and what a run of counted work costs by it. What the plan includes
// each month is left out, and so is storage.

import { type Counts, sumOf } from "../cost/counts.ts";

const PER_MILLION = {
  workerRequests: 0.3,
  /** Milliseconds of the Worker's CPU. */
  cpuMs: 0.02,
  objectRequests: 0.15,
  /** Gigabyte-seconds, of 0.128 GB for as long as an object is in memory. */
  objectGigabyteSeconds: 12.5,
  rowsWritten: 1,
  rowsRead: 0.001,
  r2ClassA: 4.5,
  r2ClassB: 0.36,
} as const;

const OBJECT_GIGABYTES = 0.128;

export interface Term {
  readonly what: string;
  /** Per gigabyte of records. */
  readonly count: number;
  readonly dollars: number;
  readonly why: string;
}

export interface CountedWork {
  readonly counts: Counts;
  /** Of records, as their producer knows them: values. */
  readonly bytes: number;
  /** User and system time of the whole process (ms). */
  readonly cpuMs: number;
  /** Bytes a second at which the partition is thought to be written. */
  readonly bytesPerSecond: number;
}

/** What a gigabyte costs, term by term. */
export function priceTerms({ counts, bytes, cpuMs, bytesPerSecond }: CountedWork): Term[] {
  const gigabytes = bytes / 1e9;
  const seconds = 1e9 / bytesPerSecond;
  const term = (what: string, unit: keyof typeof PER_MILLION, count: number, why: string): Term => {
    return { what, count: count / gigabytes, dollars: (count / gigabytes / 1e6) * PER_MILLION[unit], why };
  };
  return [
    term("Worker requests", "workerRequests", counts.workerRequests, "one a produce, one a fetch"),
    term("Worker CPU, ms", "cpuMs", cpuMs, "the whole process here, objects and local archive too: an upper bound"),
    term("object requests", "objectRequests", sumOf(counts.objectRequests), describe(counts.objectRequests)),
    term(
      "object GB-s",
      "objectGigabyteSeconds",
      seconds * OBJECT_GIGABYTES * gigabytes,
      `${seconds} s awake for a gigabyte, at ${bytesPerSecond / 1e6} MB/s`,
    ),
    term("rows written", "rowsWritten", sumOf(counts.rowsWritten), describe(counts.rowsWritten)),
    term("alarms set", "rowsWritten", counts.alarmsSet, "a row each"),
    term("rows read", "rowsRead", counts.rowsRead, "of the segments and of the manifest"),
    term("R2 class A", "r2ClassA", sumOf(counts.r2ClassA), describe(counts.r2ClassA)),
    term("R2 class B", "r2ClassB", sumOf(counts.r2ClassB), describe(counts.r2ClassB)),
  ];
}

function describe(counts: Readonly<Record<string, number>>): string {
  const byCount = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return byCount.map(([name, count]) => `${name} ${count}`).join(", ");
}
