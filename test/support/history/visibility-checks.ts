// What readers may see and must see: everything that was acknowledged, nothing that was refused or aborted, and transactions whole.

import type { Anomaly } from "./anomalies.ts";
import type { Isolation, Place } from "./history.ts";
import type { ObservedLog, SentValue } from "./observed-log.ts";

/** Phantoms, aborted and intermediate reads. */
export function checkReads(log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const found = new Set<string>();
  for (const poll of log.polls) {
    for (const [offset, value] of poll.records) {
      const sent = log.sent.get(value);
      const kind = sent?.send.place === poll.place ? wrongRead(log, sent, poll) : "phantom";
      if (kind === null || found.has(`${kind} ${value}`)) continue;
      found.add(`${kind} ${value}`);
      const writer = sent === undefined ? [] : [sent.writer];
      anomalies.push({ kind, detail: `${value} at ${poll.place}@${offset}, read with ${poll.isolation}`, operations: [...writer, poll] });
    }
  }
  return [...anomalies, ...checkOwnReads(log)];
}

function wrongRead(log: ObservedLog, sent: SentValue, poll: { isolation: Isolation; endMs: number }) {
  if (log.visibility(sent, poll.isolation) === "never") return "aborted-read";
  const { writer } = sent;
  if (writer.kind !== "transaction" || poll.isolation !== "read_committed") return null;
  return writer.commitStartMs !== null && poll.endMs < writer.commitStartMs ? "intermediate-read" : null;
}

/** A transaction that reads committed records does not get its own. */
function checkOwnReads(log: ObservedLog): Anomaly[] {
  return log.transactions.flatMap((transaction) =>
    transaction.reads
      .filter((value) => log.sent.get(value)?.writer === transaction)
      .map((value) => ({ kind: "intermediate-read", detail: `${value}, read by its own transaction`, operations: [transaction] }) as const),
  );
}

/** Lost writes, unseen records and torn transactions. */
export function checkMissing(log: ObservedLog): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const isolation of log.isolations) {
    const highest = highestReads(log, isolation);
    for (const sent of log.sent.values()) {
      const { send, writer } = sent;
      if (log.visibility(sent, isolation) !== "must" || log.firstRead(send.value, isolation) !== null) continue;
      const isBelow = send.offset !== null && send.offset < (highest.get(send.place) ?? -1);
      const isTorn = isBelow && writer.kind === "transaction" && isolation === "read_committed" && isSeen(log, sent);
      const detail = `${send.value}, acknowledged at ${send.place}@${send.offset ?? "?"}, was not read with ${isolation}`;
      anomalies.push({ kind: isTorn ? "torn-transaction" : isBelow ? "lost-write" : "unseen", detail, operations: [writer] });
    }
  }
  return anomalies;
}

/** Whether another record of the transaction was read as committed. */
function isSeen(log: ObservedLog, { writer }: SentValue): boolean {
  return writer.sends.some(({ value }) => log.firstRead(value, "read_committed") !== null);
}

/** Of each partition the greatest offset that was read. */
function highestReads(log: ObservedLog, isolation: Isolation): ReadonlyMap<Place, number> {
  const highest = new Map<Place, number>();
  for (const poll of log.polls) {
    if (poll.isolation !== isolation) continue;
    for (const [offset] of poll.records) highest.set(poll.place, Math.max(offset, highest.get(poll.place) ?? -1));
  }
  return highest;
}
