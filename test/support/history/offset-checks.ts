// A group's committed offsets, by plain commits and with transactions. Each (group, partition) is a register: a read gets the last commit that
// ended before it began, or one that overlaps with it or with another. Committed transactions of a group consume its input once each.

import type { Anomaly } from "./anomalies.ts";
import type { CommitOperation, CommittedOperation, History, TransactionOperation } from "./history.ts";
import type { ObservedLog } from "./observed-log.ts";

interface OffsetWrite {
  readonly register: string;
  readonly offset: number;
  /** False: it was refused or aborted. */
  readonly mayCount: boolean;
  /** It took effect after this, and before `endMs`; Infinity where nobody was told. */
  readonly startMs: number;
  readonly endMs: number;
  readonly operation: CommitOperation | TransactionOperation;
}

/** Lost, aborted and phantom offsets. */
export function checkCommittedOffsets(history: History, log: ObservedLog): Anomaly[] {
  const writes = Map.groupBy([...plainWrites(history), ...transactionalWrites(log)], ({ register }) => register);
  const reads = history.filter((operation) => operation.kind === "committed");
  return reads.flatMap((read) => checkRead(read, writes.get(registerOf(read)) ?? []));
}

const registerOf = ({ group, place }: { readonly group: string; readonly place: string }) => `${group} ${place}`;

function plainWrites(history: History): OffsetWrite[] {
  return history.flatMap((operation) => {
    if (operation.kind !== "commit") return [];
    const { offset, outcome, startMs } = operation;
    const endMs = outcome === "ok" ? operation.endMs : Infinity;
    return [{ register: registerOf(operation), offset, mayCount: outcome !== "fail", startMs, endMs, operation }];
  });
}

function transactionalWrites(log: ObservedLog): OffsetWrite[] {
  return log.transactions.flatMap((transaction) =>
    transaction.consumed.map((range) => ({
      register: registerOf(range),
      offset: range.to,
      mayCount: log.outcomeOf(transaction) !== "fail",
      startMs: transaction.commitStartMs ?? transaction.startMs,
      endMs: transaction.outcome === "ok" ? transaction.endMs : Infinity,
      operation: transaction,
    })),
  );
}

function checkRead(read: CommittedOperation, writes: readonly OffsetWrite[]): Anomaly[] {
  const detail = `${read.group} has ${read.offset ?? "no offset"} for ${read.place}`;
  const done = writes.filter(({ mayCount, endMs }) => mayCount && endMs < read.startMs);
  const sources = writes.filter(({ offset, startMs }) => offset === read.offset && startMs <= read.endMs);
  const counting = sources.filter(({ mayCount }) => mayCount);
  const beginning = read.offset === null ? [-Infinity] : [];
  const ends = [...beginning, ...counting.map(({ endMs }) => endMs)];
  if (ends.length === 0) {
    const kind = sources.length > 0 ? "aborted-offset" : "phantom-offset";
    return [{ kind, detail, operations: [...sources.map(({ operation }) => operation), read] }];
  }
  const overwritten = ends.map((endMs) => done.find((later) => endMs < later.startMs));
  const later = overwritten[0];
  if (later === undefined || overwritten.includes(undefined)) return [];
  const operations = [...counting.map(({ operation }) => operation), later.operation, read];
  return [{ kind: "lost-offset", detail: `${detail}, committed was ${later.offset}`, operations }];
}

/** Input consumed twice, and input left out, by groups whose offsets go with transactions alone. */
export function checkConsumption(history: History, log: ObservedLog): Anomaly[] {
  const plain = new Set(history.flatMap((operation) => (operation.kind === "commit" ? [registerOf(operation)] : [])));
  const ranges = log.transactions.flatMap((transaction) =>
    transaction.consumed.map((range) => ({ ...range, transaction, outcome: log.outcomeOf(transaction) })),
  );
  const anomalies: Anomaly[] = [];
  for (const [register, all] of Map.groupBy(ranges, registerOf)) {
    if (plain.has(register)) continue;
    const committed = all.filter(({ outcome }) => outcome === "ok").sort((one, other) => one.from - other.from);
    for (const [index, range] of committed.entries()) {
      const before = committed[index - 1];
      if (before === undefined) continue;
      const operations = [before.transaction, range.transaction];
      const detail = `${before.from}-${before.to} and ${range.from}-${range.to} of ${register}`;
      const isBridged = all.some(({ outcome, from, to }) => outcome === "unknown" && from < range.from && to > before.to);
      if (range.from < before.to) anomalies.push({ kind: "consumed-twice", detail, operations });
      else if (range.from > before.to && !isBridged) anomalies.push({ kind: "skipped-input", detail, operations });
    }
  }
  return anomalies;
}
