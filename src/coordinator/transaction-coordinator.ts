// The coordinator of one transactional id (Kafka's TransactionCoordinator): the life of transaction-state.ts, stored step by step, and
// its decisions carried to everybody whom they concern.
//
// Two-phase commit. A decision is stored before anybody hears of it and before the client is answered (the object's output gate holds
// back both until the write is durable); from then on it is told until everybody has heard it, over restarts, by the alarm. Kafka answers
// EndTxn once the decision is durable, and refuses the next transaction until it is complete. Here whoever would be refused waits for that,
// for a bounded time: markers take milliseconds, and clients that were refused wait longer before they ask again.
//
// The transactional id is in the cluster's register before it is stored and until it is gone: one without a transaction behind it is left
// by a crash, and the next InitProducerId, or the listing's reader, does not mind.

import { Sequence, waitAtMost } from "../common/concurrency.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_TRANSACTIONAL_ID_LENGTH } from "../common/limits/transactions.ts";
import type { TransactionConfig } from "../common/transaction-configs.ts";
import type { StoredTransaction, TransactionStore } from "../storage/transaction-store.ts";
import { type TransactionParticipants, tellDecision } from "./transaction-completion.ts";
import { endInNextEpoch, needsNextProducerId } from "./transaction-epochs.ts";
import type {
  AddGroupRequest,
  AddPartitionsRequest,
  EndTransactionRequest,
  InitProducerIdRequest,
  ProducerIdentity,
  TransactionDescription,
  VerifiedTransaction,
  VerifyGroupRequest,
  VerifyPartitionRequest,
} from "./transaction-messages.ts";
import * as life from "./transaction-state.ts";

/** Between the tries to tell a decision, doubled each time, before the alarm takes over (ms). */
const FIRST_RETRY_MS = 50;
const QUICK_TRIES = 6;

/** When the alarm takes up a decision that is not complete (ms); doubled up to the last with each time that it has to. */
const FIRST_ALARM_MS = 5_000;
const LAST_ALARM_MS = 300_000;

/** What the coordinator needs of the cluster. The first two may be repeated. */
export interface TransactionCluster {
  registerTransaction(transactionalId: string): Promise<void>;
  unregisterTransaction(transactionalId: string): Promise<void>;
  /** One that nobody else has. */
  allocateProducerId(): Promise<number>;
}

export interface TransactionCoordinatorOptions {
  /** ms since the epoch */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly config: TransactionConfig;
  /** Longest wait for a transaction to be complete (ms). */
  readonly endWaitMs: () => number;
  /** `ring` is to be called by then (ms since the epoch); earlier does no harm. */
  readonly ringBy: (atMs: number) => void;
  /** The storage was wiped, with its alarm. */
  readonly cleared: () => void;
  /** What is in memory could not be stored: begin anew from the storage. */
  readonly broken: (error: unknown) => void;
}

type Change = (transaction: StoredTransaction, nowMs: number) => StoredTransaction | Failure;

export class TransactionCoordinator {
  readonly #store: TransactionStore;
  readonly #cluster: TransactionCluster;
  readonly #participants: TransactionParticipants;
  readonly #options: TransactionCoordinatorOptions;
  /** The transactional id comes into being, and goes, in it. */
  readonly #lifecycle = new Sequence();
  #transaction: StoredTransaction | null;
  /** While everybody is told. */
  #completion: Promise<void> | null = null;
  /** A marker with the coordinator epoch has left, or may have before a restart. */
  #isEpochUsed: boolean;
  #alarmsInVain = 0;

  constructor(
    store: TransactionStore,
    cluster: TransactionCluster,
    participants: TransactionParticipants,
    options: TransactionCoordinatorOptions,
  ) {
    this.#store = store;
    this.#cluster = cluster;
    this.#participants = participants;
    this.#options = options;
    this.#transaction = store.transaction();
    this.#isEpochUsed = this.#transaction !== null && life.isDecided(this.#transaction);
  }

  /** After a start: what is under way goes on. */
  resume(): void {
    this.#schedule();
    this.#complete().catch(() => undefined); // `broken` knows
  }

  /** The producer's id and epoch; every earlier one is fenced. An open transaction is aborted first. */
  async initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure> {
    const refused = checkTransactionalId(request.transactionalId) ?? this.#checkTimeout(request.timeoutMs);
    if (refused !== null) return refused;
    const first = await this.#initProducerId(request);
    if (!isConcurrent(first)) return first;
    await this.#completed();
    return this.#initProducerId(request);
  }

  /** All of them or, when refused, none. Some may be part of the transaction already. */
  addPartitions(request: AddPartitionsRequest): Promise<null | Failure> {
    return this.#changeWhenComplete((transaction, nowMs) => life.addPartitions(transaction, request, request.topics, nowMs));
  }

  addGroup(request: AddGroupRequest): Promise<null | Failure> {
    return this.#changeWhenComplete((transaction, nowMs) => life.addGroup(transaction, request, request.groupId, nowMs));
  }

  /** null: the decision is durable, and everybody has heard of it, unless that takes longer than a client may wait. */
  async end(request: EndTransactionRequest): Promise<null | Failure> {
    const ended = this.#change((transaction, nowMs) => life.end(transaction, request, request.isCommit, nowMs));
    if (ended !== null) return ended;
    await this.#completed();
    return null;
  }

  /** As `end`, and raises the epoch. @returns with what the producer goes on */
  async endInNextEpoch(request: EndTransactionRequest): Promise<ProducerIdentity | Failure> {
    let ended = await this.#endInNextEpoch(request);
    if (isConcurrent(ended)) {
      await this.#completed();
      ended = await this.#endInNextEpoch(request);
    }
    if (!isFailure(ended)) await this.#completed();
    return ended;
  }

  /** null: the partition is part of the producer's open transaction. */
  verify(request: VerifyPartitionRequest): null | Failure {
    const transaction = this.#transaction;
    if (transaction === null) return unknownId();
    return life.verify(transaction, request, life.isPartition(transaction, request.topicId, request.partition));
  }

  /** Adds the group where it is not part of the transaction, and verifies it. */
  async joinGroup(request: AddGroupRequest): Promise<VerifiedTransaction | Failure> {
    return (await this.addGroup(request)) ?? this.verifyGroup(request);
  }

  verifyGroup(request: VerifyGroupRequest): VerifiedTransaction | Failure {
    const transaction = this.#transaction;
    if (transaction === null) return unknownId();
    const refused = life.verify(transaction, request, transaction.groups.includes(request.groupId));
    return refused ?? { transactionNumber: transaction.transactionNumber };
  }

  /** null: nobody uses the transactional id. */
  describe(): TransactionDescription | null {
    if (this.#transaction === null || this.#transaction.state === "Dead") return null;
    const { transactionalId, state, producerId, producerEpoch, timeoutMs, startedAtMs, topics, groups } = this.#transaction;
    return { transactionalId, state, producerId, producerEpoch, timeoutMs, startedAtMs, topics, groups };
  }

  /** Does what has become due: a transaction that was open for too long, a decision that is not complete, an id that nobody uses. */
  async ring(): Promise<void> {
    const { config, now } = this.#options;
    if (this.#transaction !== null) this.#put(life.timeOut(this.#transaction, now()));
    await this.#complete();
    if (this.#transaction !== null) this.#put(life.expire(this.#transaction, config.expirationMs, now()));
    if (this.#transaction?.state === "Dead") await this.#lifecycle.run(() => this.#remove());
    this.#schedule();
  }

  async #initProducerId(request: InitProducerIdRequest): Promise<ProducerIdentity | Failure> {
    for (;;) {
      const transaction = this.#transaction;
      if (transaction === null || transaction.state === "Dead") {
        const unreached = await this.#lifecycle.run(() => this.#create(request));
        if (unreached !== null) return unreached;
        continue;
      }
      const allocated = life.needsProducerId(transaction, request) ? await this.#allocateProducerId() : null;
      if (allocated !== null && isFailure(allocated)) return allocated;
      if (this.#transaction !== transaction) continue; // somebody was faster
      const next = life.initProducerId(transaction, request, allocated?.producerId ?? null, this.#options.now());
      if (isFailure(next)) return next;
      this.#put(next);
      return life.isDecided(next) ? life.underWay(next) : { producerId: next.producerId, producerEpoch: next.producerEpoch };
    }
  }

  async #endInNextEpoch(request: EndTransactionRequest): Promise<ProducerIdentity | Failure> {
    for (;;) {
      const transaction = this.#transaction;
      if (transaction === null) return unknownId();
      const allocated = needsNextProducerId(transaction, request) ? await this.#allocateProducerId() : null;
      if (allocated !== null && isFailure(allocated)) return allocated;
      if (this.#transaction !== transaction) continue; // somebody was faster
      const next = endInNextEpoch(transaction, request, request.isCommit, allocated?.producerId ?? null, this.#options.now());
      if (isFailure(next)) return next;
      this.#put(next);
      return life.identityOf(next);
    }
  }

  /** In memory alone: what is stored first is the first epoch. */
  async #create({ transactionalId, timeoutMs }: InitProducerIdRequest): Promise<null | Failure> {
    if (this.#transaction?.state === "Dead") await this.#remove();
    if (this.#transaction !== null) return this.#transaction.state === "Dead" ? unreachable("the last use of it is not removed") : null;
    const unreached = await reach(() => this.#cluster.registerTransaction(transactionalId).then(() => null));
    if (unreached !== null) return unreached;
    const allocated = await this.#allocateProducerId();
    if (isFailure(allocated)) return allocated;
    this.#transaction = life.newTransaction(transactionalId, allocated.producerId, timeoutMs, this.#options.now());
    return null;
  }

  /** Runs within the life cycle, for one that is Dead. Where the register cannot be reached it stays Dead. */
  async #remove(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction?.state !== "Dead") return;
    const unreached = await reach(() => this.#cluster.unregisterTransaction(transaction.transactionalId).then(() => null));
    if (unreached !== null) return;
    await this.#store.clear();
    this.#options.cleared();
    this.#transaction = null;
  }

  #allocateProducerId(): Promise<{ readonly producerId: number } | Failure> {
    return reach(async () => ({ producerId: await this.#cluster.allocateProducerId() }));
  }

  #checkTimeout(timeoutMs: number): Failure | null {
    const { maxTimeoutMs } = this.#options.config;
    if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= maxTimeoutMs) return null;
    const detail = `The transaction timeout is ${timeoutMs} ms: it may be from 1 to ${maxTimeoutMs} (transaction.max.timeout.ms).`;
    return failure("INVALID_TRANSACTION_TIMEOUT", detail);
  }

  /** A change that has to wait for the transaction before it to be complete. */
  async #changeWhenComplete(change: Change): Promise<null | Failure> {
    const first = this.#change(change);
    if (first?.error !== "CONCURRENT_TRANSACTIONS") return first;
    await this.#completed();
    return this.#change(change);
  }

  #change(change: Change): null | Failure {
    if (this.#transaction === null) return unknownId();
    const next = change(this.#transaction, this.#options.now());
    if (isFailure(next)) return next;
    this.#put(next);
    return null;
  }

  #put(next: StoredTransaction): void {
    if (next === this.#transaction) return;
    try {
      this.#store.put(next);
    } catch (error) {
      this.#options.broken(error);
      throw error;
    }
    this.#transaction = next;
    this.#schedule();
  }

  /** Until there is no decision that somebody has not heard of, but not for ever. */
  #completed(): Promise<void> {
    return waitAtMost(this.#options.endWaitMs(), this.#complete());
  }

  #complete(): Promise<void> {
    if (this.#transaction === null || !life.isDecided(this.#transaction)) return Promise.resolve();
    this.#completion ??= this.#tellEverybody().finally(() => {
      this.#completion = null;
    });
    return this.#completion;
  }

  async #tellEverybody(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const transaction = this.#withFreshEpoch();
      const { topics, groups, reason } = await tellDecision(transaction, this.#participants);
      if (reason === null) {
        this.#alarmsInVain = 0;
        this.#isEpochUsed = false;
        return this.#put(life.complete(transaction, this.#options.now()));
      }
      this.#transaction = { ...transaction, topics, groups }; // stored with the epoch of the next try
      if (tries === QUICK_TRIES) return this.#giveUpForNow(reason);
      await this.#options.wait(FIRST_RETRY_MS * 2 ** (tries - 1));
    }
  }

  /** A try after the first has an epoch of its own, durable before its first marker leaves: see StoredTransaction.coordinatorEpoch. */
  #withFreshEpoch(): StoredTransaction {
    const transaction = this.#transaction!;
    if (this.#isEpochUsed) this.#put({ ...transaction, coordinatorEpoch: transaction.coordinatorEpoch + 1 });
    this.#isEpochUsed = true;
    return this.#transaction!;
  }

  #giveUpForNow(reason: string): void {
    this.#alarmsInVain += 1;
    const { transactionalId, state } = this.#transaction!;
    console.warn(JSON.stringify({ message: "a transaction is not complete yet", transactionalId, state, reason }));
    this.#schedule();
  }

  #schedule(): void {
    if (this.#transaction !== null) this.#options.ringBy(this.#dueMs(this.#transaction));
  }

  #dueMs({ state, startedAtMs, timeoutMs, updatedAtMs }: StoredTransaction): number {
    const { now, config } = this.#options;
    if (state === "Ongoing") return startedAtMs + timeoutMs;
    if (state === "PrepareCommit" || state === "PrepareAbort" || state === "Dead") {
      return now() + Math.min(LAST_ALARM_MS, FIRST_ALARM_MS * 2 ** this.#alarmsInVain);
    }
    return updatedAtMs + config.expirationMs;
  }
}

/** Why the id cannot be a transactional id, or null. */
export function checkTransactionalId(transactionalId: string): Failure | null {
  if (transactionalId === "") return failure("INVALID_REQUEST", "The transactional id is empty.");
  if (transactionalId.length > MAX_TRANSACTIONAL_ID_LENGTH) {
    return failure("INVALID_REQUEST", `The transactional id is longer than ${MAX_TRANSACTIONAL_ID_LENGTH} characters.`);
  }
  return transactionalId.isWellFormed() ? null : failure("INVALID_REQUEST", "The transactional id is not well-formed Unicode.");
}

function isConcurrent(result: object): boolean {
  return isFailure(result) && result.error === "CONCURRENT_TRANSACTIONS";
}

function unknownId(): Failure {
  return failure("INVALID_PRODUCER_ID_MAPPING", "Nobody uses this transactional id: ask for a producer id with it first.");
}

function unreachable(reason: string): Failure {
  return failure("COORDINATOR_NOT_AVAILABLE", `The cluster cannot be reached right now: ${reason}`);
}

async function reach<T>(call: () => Promise<T>): Promise<T | Failure> {
  try {
    return await call();
  } catch (error) {
    return unreachable(String(error));
  }
}
