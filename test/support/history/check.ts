// The checker: a history in, its anomalies out. Pure, and it trusts nobody: what it concludes from is what clients sent and got.

import { ALLOWED_KINDS, type Anomaly, type AnomalyKind, describeAnomaly } from "./anomalies.ts";
import { checkCycles } from "./cycles.ts";
import type { History } from "./history.ts";
import { ObservedLog } from "./observed-log.ts";
import { checkCommittedOffsets, checkConsumption } from "./offset-checks.ts";
import { checkPolls, checkPositions, checkSends } from "./order-checks.ts";
import { checkMissing, checkReads } from "./visibility-checks.ts";

export interface HistoryReport {
  /** What no broker may do. */
  readonly anomalies: readonly Anomaly[];
  /** What Kafka's transactions allow (ALLOWED_KINDS). */
  readonly allowed: readonly Anomaly[];
}

export function checkHistory(history: History): HistoryReport {
  const log = new ObservedLog(history);
  const found = [
    ...checkPositions(log),
    ...checkReads(log),
    ...checkMissing(log),
    ...checkSends(log),
    ...checkPolls(history, log),
    ...checkCycles(log),
    ...checkCommittedOffsets(history, log),
    ...checkConsumption(history, log),
  ];
  const isAllowed = ({ kind }: Anomaly) => ALLOWED_KINDS.includes(kind);
  return { anomalies: found.filter((anomaly) => !isAllowed(anomaly)), allowed: found.filter(isAllowed) };
}

/** How many there are of each kind. */
export function countKinds(anomalies: readonly Anomaly[]): Partial<Record<AnomalyKind, number>> {
  return Object.fromEntries([...Map.groupBy(anomalies, ({ kind }) => kind)].map(([kind, ofKind]) => [kind, ofKind.length]));
}

const MAX_SHOWN_OF_A_KIND = 3;

/** The counts, and the first of each kind with their operations. */
export function describeAnomalies(anomalies: readonly Anomaly[]): string {
  if (anomalies.length === 0) return "no anomaly";
  const counts = Object.entries(countKinds(anomalies)).map(([kind, count]) => `${count} ${kind}`);
  const first = [...Map.groupBy(anomalies, ({ kind }) => kind).values()].flatMap((ofKind) => ofKind.slice(0, MAX_SHOWN_OF_A_KIND));
  return [counts.join(", "), ...first.map(describeAnomaly)].join("\n");
}
