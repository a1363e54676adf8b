// Ways to spoil a clean history, one for each anomaly: what shows that the checker reports them. Each takes the history as it is and gives a
// copy with one thing changed, as if the broker had done it; null where the history has nothing to change.

import type { AnomalyKind } from "./anomalies.ts";
import type {
  CommitOperation,
  CommittedOperation,
  History,
  Operation,
  PolledRecord,
  PollOperation,
  Send,
  SendOperation,
  TransactionOperation,
} from "./history.ts";

type Doctor = (history: History) => History | null;

const NOWHERE = 1_000_000_000;

export const FAULTS = {
  "lost-write": (history) => {
    const lost = plainSends(history)
      .find(({ sends }) => isReadBelow(history, sends.at(-1)!))
      ?.sends.at(-1);
    return lost === undefined ? null : withoutValue(history, lost.value);
  },
  unseen: (history) => {
    const last = history.findLast(isPoll)?.records.at(-1);
    const sent = history.flatMap(sendsOf).find(({ value }) => value === last?.[1]);
    return sent?.outcome === "ok"
      ? mapRecords(history, (records, { place }) => records.filter(([offset]) => place !== sent.place || offset < last![0]))
      : null;
  },
  "torn-transaction": (history) => {
    const torn = committed(history).flatMap(({ sends }) => sends.slice(1).filter((send) => isReadBelow(history, send)));
    return torn[0] === undefined ? null : withoutValue(history, torn[0].value);
  },
  duplicate: (history) => {
    const last = history.findLast((operation) => isPoll(operation) && operation.records.length > 1);
    if (last?.kind !== "poll") return null;
    const [[offset], [, value]] = [last.records.at(-1)!, last.records[0]!];
    return replace(history, last, { ...last, records: [...last.records, [offset + 1, value]], to: offset + 2 });
  },
  "inconsistent-offset": (history) =>
    changePoll(history, 2, ([first, second, ...rest]) => [[first![0], second![1]], [second![0], first![1]], ...rest]),
  phantom: (history) => changePoll(history, 1, ([first, ...rest]) => [[first![0], "never sent"], ...rest]),
  "nonmonotonic-poll": (history) => changePoll(history, 2, (records) => records.toReversed()),
  "skipped-poll": (history) => changePoll(history, 3, (records) => [records[0]!, ...records.slice(2)]),
  "aborted-read": (history) => {
    const transaction = committed(history).find(({ sends }) => sends.some(({ value }) => isRead(history, value)));
    return transaction === undefined ? null : replace(history, transaction, { ...transaction, outcome: "fail" });
  },
  "intermediate-read": (history) => {
    const transaction = committed(history).find(({ sends }) => sends.some(({ value }) => isRead(history, value)));
    const commitStartMs = history.reduce((latest, { endMs }) => Math.max(latest, endMs), 0) + 1;
    return transaction === undefined ? null : replace(history, transaction, { ...transaction, commitStartMs });
  },
  "nonmonotonic-send": (history) => {
    const sends = plainSends(history).map(({ sends: [send] }) => send!);
    for (const first of sends) {
      const second = sends.find(({ place, startMs }) => place === first.place && startMs > first.endMs);
      if (second !== undefined) return exchange(history, first, second);
    }
    return null;
  },
  G0: (history) => {
    const [first, second] = twoTransactions(history);
    if (first === undefined || second === undefined) return null;
    const place = second.sends.at(-1)!.place;
    const [one, other] = [first, second].map(({ sends }) => sends.findLast((send) => send.place === place));
    return one === undefined || other === undefined ? null : exchange(history, one, other);
  },
  G1c: (history) => {
    const [first, second] = twoTransactions(history);
    if (first === undefined || second === undefined) return null;
    const reading = replace(history, first, { ...first, reads: [second.sends[0]!.value] });
    return replace(reading, second, { ...second, reads: [first.sends[0]!.value] });
  },
  "G1c-ww": (history) => {
    const [first, second] = twoTransactions(history);
    return first === undefined || second === undefined ? null : replace(history, first, { ...first, reads: [second.sends[0]!.value] });
  },
  "consumed-twice": (history) => moveInput(history, -1),
  "skipped-input": (history) => moveInput(history, 1),
  "lost-offset": (history) => changeLastOffset(history, null),
  "phantom-offset": (history) => changeLastOffset(history, NOWHERE),
  "aborted-offset": (history) => {
    for (const read of history.filter(isOffsetRead)) {
      const sources = history.filter(
        (operation) => operation.kind === "commit" && isSame(operation, read) && operation.offset === read.offset,
      );
      if (sources.length === 0) continue;
      return history.map((operation) => (sources.includes(operation) ? { ...(operation as CommitOperation), outcome: "fail" } : operation));
    }
    return null;
  },
} as const satisfies Record<AnomalyKind, Doctor>;

export type Fault = keyof typeof FAULTS;

const isPoll = (operation: Operation): operation is PollOperation => operation.kind === "poll";
const isOffsetRead = (operation: Operation): operation is CommittedOperation => operation.kind === "committed" && operation.offset !== null;

function sendsOf(operation: Operation): readonly Send[] {
  return operation.kind === "send" || operation.kind === "transaction" ? operation.sends : [];
}

function plainSends(history: History): SendOperation[] {
  return history.filter((operation) => operation.kind === "send").filter(({ sends }) => sends.every(({ outcome }) => outcome === "ok"));
}

function committed(history: History): TransactionOperation[] {
  return history.filter((operation) => operation.kind === "transaction").filter(({ outcome }) => outcome === "ok");
}

/** Committed transactions, one after the other, that wrote to the same partitions: two at least. */
function twoTransactions(history: History): TransactionOperation[] {
  const places = (transaction: TransactionOperation) => new Set(transaction.sends.map(({ place }) => place));
  const wide = committed(history).filter((transaction) => places(transaction).size > 1);
  for (const first of wide) {
    const second = wide.find((other) => other.startMs > first.endMs && [...places(other)].every((place) => places(first).has(place)));
    if (second !== undefined) return [first, second];
  }
  return [];
}

function isRead(history: History, wanted: string): boolean {
  return history.some(
    (operation) => isPoll(operation) && operation.isolation === "read_committed" && operation.records.some(([, value]) => value === wanted),
  );
}

/** Whether somebody read the partition with read_committed beyond the record. */
function isReadBelow(history: History, { place, offset }: Send): boolean {
  return history.some(
    (operation) =>
      isPoll(operation) &&
      operation.place === place &&
      operation.isolation === "read_committed" &&
      (operation.records.at(-1)?.[0] ?? -1) > (offset ?? NOWHERE),
  );
}

function replace(history: History, old: Operation, next: Operation): History {
  return history.map((operation) => (operation === old ? next : operation));
}

function mapRecords(history: History, change: (records: readonly PolledRecord[], poll: PollOperation) => readonly PolledRecord[]): History {
  return history.map((operation) => (isPoll(operation) ? { ...operation, records: change(operation.records, operation) } : operation));
}

function withoutValue(history: History, lost: string): History {
  return mapRecords(history, (records) => records.filter(([, value]) => value !== lost));
}

/** The last poll of so many records. */
function changePoll(history: History, recordCount: number, change: (records: readonly PolledRecord[]) => readonly PolledRecord[]) {
  const poll = history.findLast((operation) => isPoll(operation) && operation.records.length >= recordCount) as PollOperation | undefined;
  return poll === undefined ? null : replace(history, poll, { ...poll, records: change(poll.records) });
}

/** Each of the two is where the other was, for everybody. */
function exchange(history: History, one: Send, other: Send): History {
  const swapped = (value: string) => (value === one.value ? other.value : value === other.value ? one.value : value);
  const offsets = new Map([
    [one.value, other.offset],
    [other.value, one.offset],
  ]);
  const moved = mapRecords(history, (records) => records.map(([offset, value]) => [offset, swapped(value)]));
  return moved.map((operation) => {
    if (operation.kind !== "send" && operation.kind !== "transaction") return operation;
    return { ...operation, sends: operation.sends.map((send) => ({ ...send, offset: offsets.get(send.value) ?? send.offset })) };
  });
}

/** The last committed transaction with input has another: -1 that of the one before it, 1 some that leaves a gap. */
function moveInput(history: History, direction: -1 | 1): History | null {
  const withInput = history.filter((operation) => operation.kind === "transaction").filter(({ consumed }) => consumed.length > 0);
  // What an unknown one consumed may be what lies between.
  if (withInput.some(({ outcome }) => outcome === "unknown")) return null;
  const ranges = withInput.filter(({ outcome }) => outcome === "ok");
  const last = ranges.at(-1);
  const before = ranges.findLast((one) => one !== last && isSame(one.consumed[0]!, last!.consumed[0]!));
  if (last === undefined || before === undefined) return null;
  const moved = direction === -1 ? before.consumed[0]! : { ...last.consumed[0]!, from: NOWHERE, to: NOWHERE + 1 };
  return replace(history, last, { ...last, consumed: [moved] });
}

interface Register {
  readonly group: string;
  readonly place: string;
}

function isSame(one: Register, other: Register): boolean {
  return one.group === other.group && one.place === other.place;
}

/** Of a group that has committed for sure. */
function changeLastOffset(history: History, offset: number | null): History | null {
  const isCommitted = (read: CommittedOperation) =>
    history.some(
      (operation) => operation.kind === "commit" && operation.outcome === "ok" && isSame(operation, read) && operation.endMs < read.startMs,
    );
  const read = history.findLast((operation) => isOffsetRead(operation) && isCommitted(operation)) as CommittedOperation | undefined;
  return read === undefined ? null : replace(history, read, { ...read, offset });
}
