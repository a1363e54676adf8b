// A producer's transactions (org.apache.kafka.clients.producer.internals.TransactionManager, KIP-98): begin, write, add a group's offsets,
// and commit or abort, over the routes of contract/transactions.ts. The records join by the transactional id in their requests.
//
//   none -> ready -> open -> ending -> ready   init; begin; commit, or, from open and ending, abort
//          open, ending -> failed -> none     a record could not be written: only abort is left, then init under another epoch
//   any -> fenced                            a newer producer has the id: only close is left
//
// Nothing joins a transaction that is ending: a record could come behind the commit, into a transaction that nobody has begun and nobody ends.

import type { Client } from "../client.ts";
import { errorOf, ProducerFencedError, refusalOf, SluiceError } from "../errors.ts";
import type { ProducerIdentity } from "./sequences.ts";

/** An offset to commit: of the next record to read. */
export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata?: string;
  readonly leaderEpoch?: number;
}

/** The group whose offsets are committed, with the member that read up to them where there is one. */
export interface GroupMember {
  readonly groupId: string;
  readonly memberId?: string;
  readonly memberEpoch?: number;
}

export interface TransactionsOptions {
  readonly client: Client;
  readonly transactionalId: string;
  /** A transaction that is open for longer is aborted by the broker (ms). */
  readonly transactionTimeoutMs: number | undefined;
  /** Told of the identity under which the next records are written. */
  readonly onIdentity: (identity: ProducerIdentity) => void;
}

type State = "none" | "ready" | "open" | "ending" | "failed" | "fenced";

export class Transactions {
  readonly #options: TransactionsOptions;
  #state: State = "none";
  #identity: ProducerIdentity | null = null;
  #hasWritten = false;
  #failure: unknown;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  /** Begins, after fencing every earlier producer of the id where this is the first time. */
  async begin(): Promise<void> {
    if (this.#state === "none") await this.#init();
    this.#require("ready", "begin a transaction");
    this.#state = "open";
    this.#hasWritten = false;
  }

  /** A record is about to be written. @throws SluiceError outside an open transaction */
  noteRecord(): void {
    this.#require("open", "send a record");
    this.#hasWritten = true;
  }

  /** A record of the open transaction could not be written. */
  fail(error: unknown): void {
    if (error instanceof ProducerFencedError) this.#state = "fenced";
    else if (this.#state === "open" || this.#state === "ending") this.#state = "failed";
    else return;
    this.#failure ??= error;
  }

  /**
   * Makes the group's offsets part of the transaction. @throws SluiceError also where only one offset is refused: the transaction has
   * failed then
   */
  async sendOffsets(offsets: readonly OffsetToCommit[], { groupId, memberId, memberEpoch }: GroupMember): Promise<void> {
    this.#require("open", "send offsets");
    if (offsets.length === 0) return;
    this.#hasWritten = true;
    const member = memberId === undefined ? {} : { memberId, memberEpoch };
    await this.#ask("offsets", { groupId, offsets, ...member });
  }

  /** Takes nothing more. Again after a commit whose answer was lost. @throws SluiceError without an open transaction */
  beginCommit(): void {
    if (this.#state !== "ending") this.#require("open", "commit");
    this.#state = "ending";
  }

  /** All records are written and answered. */
  async commit(): Promise<void> {
    this.#require("ending", "commit");
    if (this.#hasWritten) await this.#ask("commit", {});
    this.#state = "ready";
  }

  /** What was not sent is dropped, what was is answered. */
  async abort(): Promise<void> {
    if (this.#state !== "ending" && this.#state !== "failed") this.#require("open", "abort");
    const hasFailed = this.#state === "failed";
    if (this.#hasWritten) await this.#ask("abort", {}, ["INVALID_TXN_STATE"]);
    this.#state = hasFailed ? "none" : "ready";
    this.#failure = undefined;
  }

  async #init(): Promise<void> {
    const { client, transactionalId, transactionTimeoutMs, onIdentity } = this.#options;
    const body = { transactionalId, ...(transactionTimeoutMs === undefined ? {} : { transactionTimeoutMs }) };
    this.#identity = await client.call<ProducerIdentity>("POST", "/v1/producers", { body });
    onIdentity(this.#identity);
    this.#state = "ready";
  }

  /** @param settled codes that mean there is nothing left to do: the broker never heard of a transaction whose records all failed */
  async #ask(what: "offsets" | "commit" | "abort", body: object, settled: readonly string[] = []): Promise<void> {
    const { client, transactionalId } = this.#options;
    const { producerId, producerEpoch } = this.#identity!;
    const path = `/v1/transactions/${encodeURIComponent(transactionalId)}/${what}`;
    type Answer = { offsets?: readonly { code?: string; detail?: string }[] } | undefined;
    try {
      const answer = await client.call<Answer>("POST", path, { body: { producerId, producerEpoch, ...body } });
      for (const part of answer?.offsets ?? []) {
        const refusal = refusalOf(part);
        if (refusal !== null) throw refusal;
      }
    } catch (error) {
      if (error instanceof SluiceError && settled.includes(error.code)) return;
      if (!(error instanceof SluiceError) || !error.isInDoubt) this.fail(error);
      throw error;
    }
  }

  #require(state: State, what: string): void {
    if (this.#state === state) return;
    const why = this.#state === "failed" ? "a part of the transaction failed: abort it" : `the producer's state is ${this.#state}`;
    if (this.#state === "fenced") throw this.#failure;
    throw errorOf("INVALID_TXN_STATE", `cannot ${what}: ${why}`, { cause: this.#failure });
  }
}
