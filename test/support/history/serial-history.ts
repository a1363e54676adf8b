// Histories of a broker that does everything right, one step at a time: what the checker must find clean, and what faults.ts spoils.

import type { CommittedOperation, History, Isolation, Operation, Outcome, Place, PolledRecord, Send } from "./history.ts";

export const STEP_KINDS = ["send", "transaction", "transform", "poll", "commit", "committed"] as const;

/** One step of one client; the numbers choose among what there is. */
export interface Step {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly client: number;
  readonly place: number;
  readonly count: number;
  /** "unknown" happened or not, as `isDone` says. */
  readonly outcome: Outcome;
  readonly isDone: boolean;
}

interface StoredRecord {
  readonly value: string;
  readonly isAborted: boolean;
}

const PLACES: readonly Place[] = ["a/0", "a/1", "b/0"];
/** The input of transactions. */
const INPUT = "in/0";
const [PLAIN_GROUP, TRANSFORM_GROUP] = ["readers", "transformers"];

/** Runs the steps, and then reads everything, as the last step of a test would. */
export function serialHistory(steps: readonly Step[]): History {
  const broker = new SerialBroker();
  for (const step of steps) broker.run(step);
  broker.readAll();
  return broker.history;
}

class SerialBroker {
  readonly history: Operation[] = [];
  readonly #logs = new Map<Place, StoredRecord[]>([INPUT, ...PLACES].map((place) => [place, []]));
  readonly #positions = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  #nowMs = 0;
  #lastValue = 0;

  run(step: Step): void {
    const place = PLACES[step.place % PLACES.length]!;
    const client = `client ${step.client}`;
    if (step.kind === "send") this.#send(client, step, step.place % 2 === 0 ? INPUT : place);
    else if (step.kind === "transaction") this.#transact(client, step, false);
    else if (step.kind === "transform") this.#transact(client, step, true);
    else if (step.kind === "poll") this.#poll(client, place, step.isDone ? "read_committed" : "read_uncommitted", step.count);
    else if (step.kind === "commit") this.#commit(client, step, place);
    else this.#readOffset(client, step.isDone ? [PLAIN_GROUP!, place] : [TRANSFORM_GROUP!, INPUT]);
  }

  readAll(): void {
    for (const place of this.#logs.keys()) {
      for (const isolation of ["read_committed", "read_uncommitted"] as const) this.#poll("last", place, isolation, Infinity);
    }
    for (const place of PLACES) this.#readOffset("last", [PLAIN_GROUP!, place]);
    this.#readOffset("last", [TRANSFORM_GROUP!, INPUT]);
  }

  #send(client: string, step: Step, place: Place): void {
    const sends = this.#append(step, place, false);
    this.history.push({ kind: "send", client, startMs: sends[0]!.startMs, endMs: sends[0]!.endMs, sends });
  }

  /** To all partitions; with the input consumed, if there is some. */
  #transact(client: string, step: Step, isTransform: boolean): void {
    const startMs = this.#tick();
    const isCommitted = step.outcome === "unknown" ? step.isDone : step.outcome === "ok";
    const register = `${TRANSFORM_GROUP} ${INPUT}`;
    const from = this.#committed.get(register) ?? 0;
    const input = isTransform ? this.#logs.get(INPUT)!.slice(from, from + step.count) : [];
    const range = { group: TRANSFORM_GROUP!, place: INPUT, from, to: from + input.length };
    const sends = PLACES.flatMap((place) => this.#append({ ...step, outcome: "ok" }, place, !isCommitted));
    const commitStartMs = step.outcome === "fail" && step.isDone ? null : this.#tick();
    if (isCommitted && input.length > 0) this.#committed.set(register, range.to);
    this.history.push({
      ...{ kind: "transaction", client, startMs, endMs: this.#tick(), outcome: step.outcome, commitStartMs, sends },
      reads: input.filter(({ isAborted }) => !isAborted).map(({ value }) => value),
      consumed: input.length > 0 ? [range] : [],
    });
  }

  #append({ count, outcome, isDone }: Step, place: Place, isAborted: boolean): Send[] {
    const log = this.#logs.get(place)!;
    const startMs = this.#tick();
    const values = Array.from({ length: count }, () => `v${++this.#lastValue}`);
    const baseOffset = log.length;
    if (outcome === "ok" || (outcome === "unknown" && isDone)) log.push(...values.map((value) => ({ value, isAborted })));
    // As a marker of the transaction would, an aborted record takes an offset that nobody sees.
    log.push({ value: "", isAborted: true });
    const endMs = this.#tick();
    return values.map((value, i) => ({ place, value, outcome, offset: outcome === "ok" ? baseOffset + i : null, startMs, endMs }));
  }

  #poll(client: string, place: Place, isolation: Isolation, count: number): void {
    const key = `${client} ${place} ${isolation}`;
    const reader = `${client} ${isolation}`;
    const startMs = this.#tick();
    const from = this.#positions.get(key) ?? 0;
    const to = Math.min(this.#logs.get(place)!.length, from + count);
    const records: PolledRecord[] = [];
    for (const [offset, { value, isAborted }] of this.#logs.get(place)!.entries()) {
      const isSeen = value !== "" && (!isAborted || isolation === "read_uncommitted");
      if (offset >= from && offset < to && isSeen) records.push([offset, value]);
    }
    this.#positions.set(key, to);
    this.history.push({ kind: "poll", client: reader, startMs, endMs: this.#tick(), isolation, place, from, records, to });
  }

  #commit(client: string, { outcome, isDone, count }: Step, place: Place): void {
    const register = `${PLAIN_GROUP} ${place}`;
    const startMs = this.#tick();
    // Offsets differ, so that each read tells which commit it got.
    const offset = (this.history.length + 1) * 10 + count;
    if (outcome === "ok" || (outcome === "unknown" && isDone)) this.#committed.set(register, offset);
    this.history.push({ kind: "commit", client, startMs, endMs: this.#tick(), outcome, group: PLAIN_GROUP!, place, offset });
  }

  #readOffset(client: string, [group, place]: [group: string, place: Place]): void {
    const startMs = this.#tick();
    const offset = this.#committed.get(`${group} ${place}`) ?? null;
    this.history.push({ kind: "committed", client, startMs, endMs: this.#tick(), group, place, offset } satisfies CommittedOperation);
  }

  #tick(): number {
    return ++this.#nowMs;
  }
}
