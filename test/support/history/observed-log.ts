// What a history tells about the partitions: who sent each value, where each value is, who saw it, and what became of the transactions.

import type { History, Isolation, Outcome, Place, PollOperation, Send, SendOperation, TransactionOperation } from "./history.ts";

export type Writer = SendOperation | TransactionOperation;

export interface SentValue {
  readonly send: Send;
  readonly writer: Writer;
}

/** A value at an offset, and who says so. */
export interface Sighting {
  readonly value: string;
  readonly operations: (Writer | PollOperation)[];
}

const ISOLATIONS: readonly Isolation[] = ["read_committed", "read_uncommitted"];

/** Must be there, may be there, must not be there. */
export type Visibility = "must" | "may" | "never";

export class ObservedLog {
  /** By value. */
  readonly sent = new Map<string, SentValue>();
  readonly transactions: readonly TransactionOperation[];
  readonly polls: readonly PollOperation[];
  /** Of each partition: what was at each offset, by acknowledgements and polls. More than one value there is an anomaly. */
  readonly #places = new Map<Place, Map<number, Sighting[]>>();
  /** Of each isolation: who read a value first. */
  readonly #firstReads: Readonly<Record<Isolation, Map<string, PollOperation>>> = {
    read_committed: new Map(),
    read_uncommitted: new Map(),
  };
  readonly #offsets = new Map<string, number>();

  constructor(history: History) {
    this.polls = history.filter((operation) => operation.kind === "poll");
    this.transactions = history.filter((operation) => operation.kind === "transaction");
    for (const operation of history) {
      if (operation.kind !== "send" && operation.kind !== "transaction") continue;
      for (const send of operation.sends) {
        this.sent.set(send.value, { send, writer: operation });
        if (send.offset !== null) this.#sight(send.place, send.offset, send.value, operation);
      }
    }
    for (const poll of this.polls) {
      for (const [offset, value] of poll.records) {
        this.#sight(poll.place, offset, value, poll);
        const reads = this.#firstReads[poll.isolation];
        if (!reads.has(value)) reads.set(value, poll);
      }
    }
  }

  get places(): readonly Place[] {
    return [...this.#places.keys()];
  }

  /** Everything that anybody had at an offset, ascending. */
  sightings(place: Place): readonly (readonly [offset: number, sightings: readonly Sighting[]])[] {
    return [...(this.#places.get(place) ?? [])].sort(([one], [other]) => one - other);
  }

  /** Where the value was first said to be; null where nobody knows. */
  offsetOf(value: string): number | null {
    return this.#offsets.get(value) ?? null;
  }

  /** The first poll of that isolation, in the order of the history, that got the value. */
  firstRead(value: string, isolation: Isolation): PollOperation | null {
    return this.#firstReads[isolation].get(value) ?? null;
  }

  /** Of a transaction: unknown is ok once a record of it was read as committed. */
  outcomeOf(transaction: TransactionOperation): Outcome {
    if (transaction.outcome !== "unknown") return transaction.outcome;
    return transaction.sends.some(({ value }) => this.firstRead(value, "read_committed") !== null) ? "ok" : "unknown";
  }

  /** Whether a reader of that isolation that reads the whole partition must get the record. */
  visibility({ send, writer }: SentValue, isolation: Isolation): Visibility {
    if (send.outcome === "fail") return "never";
    const outcome = writer.kind === "transaction" && isolation === "read_committed" ? this.outcomeOf(writer) : "ok";
    if (outcome === "fail") return "never";
    return outcome === "ok" && send.outcome === "ok" ? "must" : "may";
  }

  /** Offsets that a reader of that isolation must not pass without getting them, ascending, each once. */
  visibleOffsets(place: Place, isolation: Isolation): readonly number[] {
    return this.sightings(place)
      .filter(([, sightings]) => sightings.some(({ value }) => this.#isVisible(value, isolation)))
      .map(([offset]) => offset);
  }

  #isVisible(value: string, isolation: Isolation): boolean {
    if (this.firstRead(value, "read_committed") !== null || this.firstRead(value, isolation) !== null) return true;
    const sent = this.sent.get(value);
    return sent !== undefined && this.visibility(sent, isolation) === "must";
  }

  /** Isolations that somebody read with. */
  get isolations(): readonly Isolation[] {
    return ISOLATIONS.filter((isolation) => this.polls.some((poll) => poll.isolation === isolation));
  }

  #sight(place: Place, offset: number, value: string, operation: Writer | PollOperation): void {
    const offsets = this.#places.get(place) ?? new Map<number, Sighting[]>();
    this.#places.set(place, offsets);
    const sightings = offsets.get(offset) ?? [];
    offsets.set(offset, sightings);
    const known = sightings.find((sighting) => sighting.value === value);
    if (known === undefined) sightings.push({ value, operations: [operation] });
    else known.operations.push(operation);
    if (!this.#offsets.has(value)) this.#offsets.set(value, offset);
  }
}
