// An epoch for each transaction (KIP-890, part 2; org.apache.kafka's TransactionCoordinator.endTransaction and
// TransactionMetadata.prepareAbortOrCommit): the end raises the producer's epoch, the markers carry the raised one, and the producer goes on
// with it. What is still on its way of a transaction that has ended is of an old epoch from then on, and refused wherever it comes to.
//
// So such a producer need not say which partitions it is about to write to: whatever comes first in one asks for itself. An abort is taken
// of a transaction that has nothing in it, too, since what was to be in it may be on its way.
//
// Invariant: while an answer may be lost, the epoch of before leads to the same answer again, and to nothing else. It does no more once the
// next transaction has begun, which only who had the answer can do.

import type { Failure } from "../common/errors.ts";
import type { StoredTransaction } from "../storage/transaction-store.ts";
import type { ProducerIdentity } from "./transaction-messages.ts";
import {
  cannotEnd,
  checkProducer,
  checkUndecided,
  isAnsweredAgain,
  isDecided,
  LAST_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  wasEndedSo,
} from "./transaction-state.ts";

/** Ending this transaction uses up the last epoch of the producer id: the producer goes on with another id. */
export function needsNextProducerId(transaction: StoredTransaction, producer: ProducerIdentity): boolean {
  return transaction.producerEpoch >= LAST_PRODUCER_EPOCH && checkProducer(transaction, producer) === null;
}

/**
 * EndTxn 5. Unchanged: this very decision was made before, and may not be complete (`isDecided`).
 * @param nextProducerId only where `needsNextProducerId`
 */
export function endInNextEpoch(
  transaction: StoredTransaction,
  producer: ProducerIdentity,
  isCommit: boolean,
  nextProducerId: number | null,
  nowMs: number,
): StoredTransaction | Failure {
  if (isRepeatedEnd(transaction, producer)) return wasEndedSo(transaction, isCommit) ? transaction : cannotEnd(transaction, isCommit);
  const refused = checkProducer(transaction, producer) ?? checkUndecided(transaction);
  if (refused !== null) return refused;
  if (isCommit && transaction.state !== "Ongoing") return cannotEnd(transaction, isCommit);
  return {
    ...transaction,
    state: isCommit ? "PrepareCommit" : "PrepareAbort",
    producerEpoch: transaction.producerEpoch + 1, // the last one's is not given out: it fences
    lastProducerId: producer.producerId,
    lastProducerEpoch: producer.producerEpoch,
    nextProducerId: nextProducerId ?? NO_PRODUCER_ID,
    updatedAtMs: nowMs,
  };
}

/** The transaction has ended, and its producer has not said anything since: by a lost answer, or by its timeout. */
function isRepeatedEnd(transaction: StoredTransaction, producer: ProducerIdentity): boolean {
  const { state } = transaction;
  const hasEnded = isDecided(transaction) || state === "CompleteCommit" || state === "CompleteAbort";
  return hasEnded && isAnsweredAgain(transaction, producer);
}
