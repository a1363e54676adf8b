// The anomalies that check.ts can find. Names as Jepsen's where it has one.

import { describeOperation, type Operation } from "./history.ts";

export const ANOMALY_KINDS = {
  "inconsistent-offset": "one offset of a partition holds two values",
  duplicate: "one value is at two offsets",
  phantom: "a value was read that nobody sent there",
  "lost-write": "an acknowledged record is missing below an offset that was read",
  unseen: "an acknowledged record was never read",
  "aborted-read": "G1a: a record was read that was refused, or whose transaction was aborted",
  "intermediate-read": "G1b: a read of committed records got one whose transaction had not asked to commit",
  "torn-transaction": "only some records of a transaction are visible",
  "nonmonotonic-poll": "a client read backwards, or the same again",
  "skipped-poll": "a client read past a record without getting it",
  "nonmonotonic-send": "a record is before one that was acknowledged before it was sent",
  G0: "a cycle of transactions, each with a record before one of the next",
  G1c: "a cycle of transactions, each read by the next",
  "G1c-ww": "a cycle of transactions, each read by the next or with a record before one of it",
  "consumed-twice": "two committed transactions of a group consumed the same input",
  "skipped-input": "a group's committed transactions left input out",
  "lost-offset": "a committed offset is gone, or went back",
  "aborted-offset": "a group has an offset whose commit was refused or aborted",
  "phantom-offset": "a group has an offset that nobody committed",
} as const;

export type AnomalyKind = keyof typeof ANOMALY_KINDS;

/**
 * What Kafka allows: transactions isolate their readers, not their writers. The records of two that are open at a time may come in one order
 * in this partition and in another in that (Jepsen's allowed-error-types has the same).
 */
export const ALLOWED_KINDS: readonly AnomalyKind[] = ["G0", "G1c-ww"];

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** What is wrong, with the values and places. */
  readonly detail: string;
  /** The operations concerned. */
  readonly operations: readonly Operation[];
}

/** The anomaly and its operations, a line each. */
export function describeAnomaly({ kind, detail, operations }: Anomaly): string {
  return [`${kind}: ${detail} (${ANOMALY_KINDS[kind]})`, ...operations.map((operation) => `  ${describeOperation(operation)}`)].join("\n");
}
