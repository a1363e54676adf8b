// What clients of a broker did and saw, as check.ts judges it: the model of Jepsen's Kafka workload (jepsen.tests.kafka).
//
// A history is a list of finished operations in any order. Values are unique over the whole history: a value names the one send that wrote it.
// Times are of one clock, in ms; an operation took effect, if it did, between its start and its end, or any time later where its outcome is
// unknown.

/** "fail": it surely did not happen and never will. "unknown": nobody was told. */
export type Outcome = "ok" | "fail" | "unknown";

export type Isolation = "read_committed" | "read_uncommitted";

/** TOPIC/PARTITION */
export type Place = string;

/** One record on its way into a partition. */
export interface Send {
  readonly place: Place;
  readonly value: string;
  /** Of the request that carried it; in a transaction that is not yet the transaction's. */
  readonly outcome: Outcome;
  /** As the acknowledgement named it; null without one. */
  readonly offset: number | null;
  readonly startMs: number;
  readonly endMs: number;
}

interface Timed {
  readonly client: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** A produce outside of transactions. */
export interface SendOperation extends Timed {
  readonly kind: "send";
  readonly sends: readonly Send[];
}

/** Input that a transaction consumed: the group goes on at `to`, where the transaction is committed. */
export interface ConsumedRange {
  readonly group: string;
  readonly place: Place;
  readonly from: number;
  readonly to: number;
}

/** From the first send to the answer about its end. */
export interface TransactionOperation extends Timed {
  readonly kind: "transaction";
  /** ok: committed. fail: aborted, by whomever. */
  readonly outcome: Outcome;
  /** When the first request to commit left; null where none did. */
  readonly commitStartMs: number | null;
  readonly sends: readonly Send[];
  /** Values that it read with read_committed. */
  readonly reads: readonly string[];
  readonly consumed: readonly ConsumedRange[];
}

export type PolledRecord = readonly [offset: number, value: string];

/** What one client got of one partition at a time. */
export interface PollOperation extends Timed {
  readonly kind: "poll";
  readonly isolation: Isolation;
  readonly place: Place;
  /** Where the client asked to read from; null: where it was, which it does not tell. */
  readonly from: number | null;
  readonly records: readonly PolledRecord[];
  /** Where it goes on; null: after the last record. */
  readonly to: number | null;
}

/** The client's position is another from here on, in all partitions: it was assigned anew, or sought. */
export interface SeekOperation extends Timed {
  readonly kind: "seek";
}

/** A commit of a group's offset, outside of transactions. */
export interface CommitOperation extends Timed {
  readonly kind: "commit";
  readonly outcome: Outcome;
  readonly group: string;
  readonly place: Place;
  readonly offset: number;
}

/** A read of a group's offset, with what transactions are about to commit waited for (OffsetFetch with requireStable, KIP-447). */
export interface CommittedOperation extends Timed {
  readonly kind: "committed";
  readonly group: string;
  readonly place: Place;
  /** Null: the group has none. */
  readonly offset: number | null;
}

export type Operation = SendOperation | TransactionOperation | PollOperation | SeekOperation | CommitOperation | CommittedOperation;

export type History = readonly Operation[];

const MAX_SHOWN_RECORDS = 6;

/** An operation in one line. */
export function describeOperation(operation: Operation): string {
  const { kind, client, startMs, endMs } = operation;
  return `${client} ${kind} [${startMs.toFixed(1)}-${endMs.toFixed(1)} ms] ${details(operation)}`;
}

function details(operation: Operation): string {
  switch (operation.kind) {
    case "send":
      return shown(operation.sends.map(describeSend));
    case "transaction": {
      const { outcome, commitStartMs, sends, reads, consumed } = operation;
      const end = commitStartMs === null ? "never asked to commit" : `asked to commit at ${commitStartMs.toFixed(1)} ms`;
      const inputs = consumed.map(({ group, place, from, to }) => `consumed ${place} ${from}-${to} of ${group}`);
      const read = reads.length === 0 ? [] : [`read ${shown(reads)}`];
      return [`${outcome}, ${end}`, `sent ${shown(sends.map(describeSend))}`, ...read, ...inputs].join("; ");
    }
    case "poll": {
      const { isolation, place, from, to, records } = operation;
      return `${isolation} ${place} from ${from ?? "?"} to ${to ?? "?"}: ${shown(records.map(([offset, value]) => `${value}@${offset}`))}`;
    }
    case "seek":
      return "";
    case "commit":
      return `${operation.outcome} ${operation.group} ${operation.place} ${operation.offset}`;
    case "committed":
      return `${operation.group} ${operation.place} ${operation.offset ?? "none"}`;
  }
}

function describeSend({ place, value, outcome, offset }: Send): string {
  return `${value} to ${place}${offset === null ? "" : `@${offset}`}${outcome === "ok" ? "" : ` (${outcome})`}`;
}

function shown(texts: readonly string[]): string {
  if (texts.length === 0) return "nothing";
  const more = texts.length > MAX_SHOWN_RECORDS ? `, and ${texts.length - MAX_SHOWN_RECORDS} more` : "";
  return texts.slice(0, MAX_SHOWN_RECORDS).join(", ") + more;
}
