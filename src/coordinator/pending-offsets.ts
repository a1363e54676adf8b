// Offsets that consumers commit inside a producer's transaction (TxnOffsetCommit, KIP-98; Kafka's OffsetMetadataManager): they wait beside
// the committed ones, and become visible, or go, when the group hears how the transaction was decided.
//
// Before any is stored the transaction's coordinator is asked whether the group is part of it, and of which one, or adds it (KIP-890): a
// commit that was held up until its transaction had ended would wait for ever. The answer may be overtaken by the end that it should have
// come before, so that ends are noted while an answer is under way. Transactions are told apart by number: a producer's next one may have
// the same epoch, and an end that comes late must not touch it.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { OffsetStore, StoredOffset } from "../storage/offset-store.ts";
import type { PartitionKey, PendingOffsetStore, PendingTransaction } from "../storage/pending-offset-store.ts";
import type { GroupTransactionEnd, TransactionalCommit, VerifiedTransaction } from "./transaction-messages.ts";

/** Asks the transaction's coordinator, or adds the group (`addsGroup`). May reject: it cannot be reached. */
export type VerifyTransaction = (commit: TransactionalCommit) => Promise<VerifiedTransaction | Failure>;

/** A transaction that was open when its coordinator was asked. `release` it. */
export interface OpenTransaction extends PendingTransaction {
  /** The group has heard of its end since. */
  hasEnded(): boolean;
  release(): void;
}

interface Guard {
  readonly producerId: number;
  /** Of the last transaction that ended while this was held. */
  endedNumber: number;
}

export class PendingOffsets {
  readonly #pending: PendingOffsetStore;
  readonly #offsets: OffsetStore;
  readonly #verify: VerifyTransaction;
  readonly #guards = new Set<Guard>();

  constructor(pending: PendingOffsetStore, offsets: OffsetStore, verify: VerifyTransaction) {
    this.#pending = pending;
    this.#offsets = offsets;
    this.#verify = verify;
  }

  /** None is undecided. */
  get isEmpty(): boolean {
    return this.#pending.isEmpty();
  }

  /** Those with an offset that is undecided: what is committed for them is not stable (KIP-447). */
  partitions(): PartitionKey[] {
    return this.#pending.partitions();
  }

  /** The transaction that the commit is part of. */
  async open(commit: TransactionalCommit): Promise<OpenTransaction | Failure> {
    const { producerId, producerEpoch } = commit;
    const guard: Guard = { producerId, endedNumber: -1 };
    this.#guards.add(guard);
    const release = () => void this.#guards.delete(guard);
    const verified = await this.#verify(commit).catch(unreachable);
    if (isFailure(verified)) {
      release();
      return verified;
    }
    const { transactionNumber } = verified;
    return { producerId, producerEpoch, transactionNumber, hasEnded: () => transactionNumber <= guard.endedNumber, release };
  }

  /** Keeps offsets until the transaction ends. The group exists. */
  put({ producerId, producerEpoch, transactionNumber }: OpenTransaction, offsets: readonly StoredOffset[]): void {
    const before = this.#pending.transactionOf(producerId);
    // What is left of an earlier transaction was never decided here, and its coordinator has forgotten it.
    if (before !== null && before.transactionNumber !== transactionNumber) this.#pending.remove(producerId);
    this.#pending.put({ producerId, producerEpoch, transactionNumber }, offsets);
  }

  /** Offsets were committed outside of transactions: what waits for the same partitions is older. */
  committed(offsets: readonly PartitionKey[]): void {
    this.#pending.supersede(offsets);
  }

  /** The transaction is decided. Repeats change nothing. @returns the offsets that became visible */
  end({ producerId, transactionNumber, isCommit }: GroupTransactionEnd): readonly StoredOffset[] {
    for (const guard of this.#guards) {
      if (guard.producerId === producerId) guard.endedNumber = Math.max(guard.endedNumber, transactionNumber);
    }
    const pending = this.#pending.transactionOf(producerId);
    if (pending === null || pending.transactionNumber > transactionNumber) return [];
    const groupId = this.#offsets.groupId();
    const isVisible = isCommit && groupId !== null;
    const visible = isVisible ? this.#pending.offsetsOf(producerId).filter(({ isSuperseded }) => !isSuperseded) : [];
    if (isVisible) {
      this.#offsets.putOffsets(groupId, visible);
      this.#pending.supersede(visible, producerId);
    }
    this.#pending.remove(producerId);
    return visible;
  }
}

export function hasEnded({ transactionalId }: TransactionalCommit): Failure {
  return failure("INVALID_TXN_STATE", `The transaction of '${transactionalId}' ended before its offsets came.`);
}

function unreachable(error: unknown): Failure {
  return failure("COORDINATOR_NOT_AVAILABLE", `The transaction's coordinator cannot be reached right now: ${String(error)}`);
}
