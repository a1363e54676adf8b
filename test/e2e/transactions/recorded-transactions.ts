// The transactions of a producer as the history has them, whichever door it uses.

import type { ConsumedRange, Outcome, Place, Send } from "../../support/history/history.ts";
import type { Work } from "./work.ts";

/** One transactional producer, which has fenced those before it. Its transactions come one after the other. */
export interface TransactionDoor {
  /** One batch; an entry for each value. */
  send(place: Place, values: readonly string[]): Promise<Send[]>;
  /** Makes the group's offset part of the transaction. @returns whether that is sure */
  consume(range: ConsumedRange): Promise<boolean>;
  end(isCommit: boolean): Promise<Outcome>;
  close(): void;
}

/** Once something went wrong it is not usable any more, and another is to be opened. */
export class RecordedTransactions {
  readonly client: string;
  readonly transactionalId: string;
  readonly #work: Work;
  readonly #door: TransactionDoor;
  #sends: Send[] = [];
  #consumed: ConsumedRange[] = [];
  #reads: string[] = [];
  #startMs: number | null = null;
  isUsable = true;

  constructor(work: Work, client: string, transactionalId: string, door: TransactionDoor) {
    this.#work = work;
    this.client = client;
    this.transactionalId = transactionalId;
    this.#door = door;
  }

  async send(place: Place, values: readonly string[]): Promise<void> {
    this.#startMs ??= this.#work.now();
    const sends = await this.#door.send(place, values);
    this.#sends.push(...sends);
    if (sends[0]!.outcome !== "ok") this.isUsable = false;
  }

  /** Input that was read with read_committed, and the group's offset after it. */
  async consume(range: ConsumedRange, reads: readonly string[]): Promise<void> {
    this.#startMs ??= this.#work.now();
    const isSure = await this.#door.consume(range);
    this.#reads.push(...reads);
    if (isSure) this.#consumed.push(range);
    else this.isUsable = false;
  }

  /** Commits where all went well before and the caller wants it, and aborts otherwise. A zombie tries to commit whatever it is told. */
  async end(isCommit: boolean): Promise<void> {
    const isAsked = isCommit && this.#sends.every(({ outcome }) => outcome !== "unknown");
    const commitStartMs = isAsked ? this.#work.now() : null;
    const outcome = await this.#door.end(isAsked);
    if (outcome !== "ok") this.isUsable = false;
    this.#record(isAsked ? outcome : "fail", commitStartMs);
  }

  /** Says no more. The broker aborts what is open after the timeout, or when the next producer comes. */
  leave(): void {
    this.isUsable = false;
    this.#record("fail", null);
  }

  close(): void {
    this.#door.close();
  }

  #record(outcome: Outcome, commitStartMs: number | null): void {
    const [startMs, endMs] = [this.#startMs ?? this.#work.now(), this.#work.now()];
    const [sends, reads, consumed] = [this.#sends, this.#reads, this.#consumed];
    this.#work.record({ kind: "transaction", client: this.client, startMs, endMs, outcome, commitStartMs, sends, reads, consumed });
    [this.#sends, this.#reads, this.#consumed, this.#startMs] = [[], [], [], null];
  }
}
