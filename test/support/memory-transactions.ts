// Transactions in memory, for the listeners' tests: the rules of src/coordinator, and nobody to be told how they were decided.

import type { CommitOffsetsResult } from "../../src/broker/messages/offsets.ts";
import type * as Ports from "../../src/broker/ports.ts";
import type { AddTransactionPartitionsRequest, CommitInTransactionRequest, Transactions } from "../../src/broker/transactions.ts";
import { type Failure, failure, isFailure } from "../../src/common/errors.ts";
import { endInNextEpoch } from "../../src/coordinator/transaction-epochs.ts";
import * as life from "../../src/coordinator/transaction-state.ts";
import type { StoredTransaction } from "../../src/storage/transaction-store.ts";

const NOW_MS = 1_760_000_000_000;

export class MemoryTransactions implements Transactions {
  readonly #transactions = new Map<string, StoredTransaction>();
  readonly #newProducerId: () => number;
  /** Offsets that wait for their transaction, as they were asked for. */
  readonly commits: CommitInTransactionRequest[] = [];

  constructor(newProducerId: () => number) {
    this.#newProducerId = newProducerId;
  }

  async initProducerId(request: Ports.InitProducerIdRequest): Promise<Ports.ProducerIdentity | Failure> {
    const { transactionalId, timeoutMs } = request;
    const transaction =
      this.#transactions.get(transactionalId) ?? life.newTransaction(transactionalId, this.#newProducerId(), timeoutMs, NOW_MS);
    const next = life.initProducerId(transaction, request, null, NOW_MS);
    return isFailure(next) ? next : this.#put(next);
  }

  async addPartitions(request: AddTransactionPartitionsRequest): Promise<readonly (null | Failure)[]> {
    const topics = request.partitions.map(({ topic, partition }) => ({
      topicId: topic,
      topic,
      topicVersion: 1,
      partitions: [partition],
    }));
    const refused = this.#change(request, (transaction) => life.addPartitions(transaction, request, topics, NOW_MS));
    return request.partitions.map(() => refused);
  }

  async addGroup(request: Ports.AddGroupRequest): Promise<null | Failure> {
    return this.#change(request, (transaction) => life.addGroup(transaction, request, request.groupId, NOW_MS));
  }

  async commitOffsets(request: CommitInTransactionRequest): Promise<CommitOffsetsResult | Failure> {
    this.commits.push(request);
    return { offsets: request.offsets.map(({ topic, partition }) => ({ topic, partition })) };
  }

  async end(request: Ports.EndTransactionRequest): Promise<null | Failure> {
    return this.#change(request, (transaction) => {
      const ended = life.end(transaction, request, request.isCommit, NOW_MS);
      return isFailure(ended) || !life.isDecided(ended) ? ended : life.complete(ended, NOW_MS);
    });
  }

  async endInNextEpoch(request: Ports.EndTransactionRequest): Promise<Ports.ProducerIdentity | Failure> {
    const refused = this.#change(request, (transaction) => {
      const ended = endInNextEpoch(transaction, request, request.isCommit, null, NOW_MS);
      return isFailure(ended) || !life.isDecided(ended) ? ended : life.complete(ended, NOW_MS);
    });
    return refused ?? life.identityOf(this.#transactions.get(request.transactionalId)!);
  }

  async describe(transactionalId: string): Promise<Ports.TransactionDescription | Failure> {
    return this.#transactions.get(transactionalId) ?? failure("TRANSACTIONAL_ID_NOT_FOUND", `There is no ${transactionalId}.`);
  }

  async list() {
    return { transactions: [...this.#transactions.values()], nextCursor: null };
  }

  #change({ transactionalId }: { readonly transactionalId: string }, change: (now: StoredTransaction) => StoredTransaction | Failure) {
    const transaction = this.#transactions.get(transactionalId);
    if (transaction === undefined) return failure("INVALID_PRODUCER_ID_MAPPING", `There is no ${transactionalId}.`);
    const next = change(transaction);
    if (isFailure(next)) return next;
    this.#put(next);
    return null;
  }

  #put(next: StoredTransaction): Ports.ProducerIdentity {
    this.#transactions.set(next.transactionalId, next);
    return { producerId: next.producerId, producerEpoch: next.producerEpoch };
  }
}
