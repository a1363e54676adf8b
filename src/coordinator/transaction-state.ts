// The life of a transaction (org.apache.kafka's TransactionMetadata and the decisions of TransactionCoordinator). Pure: each function takes
// the transaction as it is stored and answers the one to store instead, the same one where nothing changes, or why not.
//
//   Empty ──> Ongoing ──> PrepareCommit ──> CompleteCommit ──> Ongoing …
//                   └───> PrepareAbort ───> CompleteAbort ───> Ongoing …
//   Empty, CompleteCommit, CompleteAbort ──> Empty (InitProducerId), Dead (expired)
//
// Prepare… is the decision: it is never taken back, and nothing else happens until everybody has heard of it. To fence a producer is to
// raise the epoch and decide for an abort in one step, which Kafka calls PrepareEpochFence; the raised epoch goes out with the markers,
// so that partitions refuse the old one from then on, and to no other producer.
//
// Clients that know KIP-890's part 2 have a new epoch after each transaction: transaction-epochs.ts.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_PARTITIONS_PER_TRANSACTION } from "../common/limits/transactions.ts";
import type { TransactionState } from "../common/transaction-states.ts";
import type { StoredTransaction, TransactionTopic } from "../storage/transaction-store.ts";
import type { InitProducerIdRequest, ProducerIdentity } from "./transaction-messages.ts";

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;

/** The last epoch that a producer gets: an int16, less one that remains to fence it (TransactionMetadata.isEpochExhausted). */
export const LAST_PRODUCER_EPOCH = 32_766;

/** The decision is made, and not everybody has heard of it. */
export function isDecided({ state }: StoredTransaction): boolean {
  return state === "PrepareCommit" || state === "PrepareAbort";
}

export function newTransaction(transactionalId: string, producerId: number, timeoutMs: number, nowMs: number): StoredTransaction {
  return {
    transactionalId,
    state: "Empty",
    producerId,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerId: NO_PRODUCER_ID,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    nextProducerId: NO_PRODUCER_ID,
    timeoutMs,
    transactionNumber: 0,
    coordinatorEpoch: 0,
    topics: [],
    groups: [],
    startedAtMs: -1,
    updatedAtMs: nowMs,
  };
}

/** The epochs of this producer id are used up, so that this InitProducerId needs another id. */
export function needsProducerId(transaction: StoredTransaction, { expected }: InitProducerIdRequest): boolean {
  if (isDecided(transaction) || transaction.state === "Ongoing") return false;
  return transaction.producerEpoch >= LAST_PRODUCER_EPOCH && !isAnsweredAgain(transaction, expected);
}

/**
 * InitProducerId: the transaction with the producer's new epoch, which fences every earlier one. Of an open transaction the decision
 * for its abort: ask again when it is complete.
 * @param newProducerId only where `needsProducerId`
 */
export function initProducerId(
  transaction: StoredTransaction,
  request: InitProducerIdRequest,
  newProducerId: number | null,
  nowMs: number,
): StoredTransaction | Failure {
  const { expected, timeoutMs } = request;
  if (expected !== undefined && !isOwn(transaction, expected)) return fenced(transaction, expected);
  if (isDecided(transaction)) return underWay(transaction);
  if (transaction.state === "Ongoing") return fence(transaction, expected, nowMs);
  const { producerId, producerEpoch } = transaction;
  const next = { ...transaction, state: "Empty", timeoutMs, startedAtMs: -1, updatedAtMs: nowMs } as const;
  if (isAnsweredAgain(transaction, expected)) return next;
  const last = { lastProducerId: expected?.producerId ?? producerId, lastProducerEpoch: expected?.producerEpoch ?? NO_PRODUCER_EPOCH };
  if (newProducerId === null) return { ...next, ...last, producerEpoch: producerEpoch + 1 };
  return { ...next, ...last, producerId: newProducerId, producerEpoch: 0 };
}

/** AddPartitionsToTxn: begins a transaction where none is open. */
export function addPartitions(
  transaction: StoredTransaction,
  producer: ProducerIdentity,
  added: readonly TransactionTopic[],
  nowMs: number,
): StoredTransaction | Failure {
  const refused = checkProducer(transaction, producer) ?? checkUndecided(transaction);
  if (refused !== null) return refused;
  const topics = added.reduce(withTopic, transaction.topics);
  return topics === transaction.topics && transaction.state === "Ongoing"
    ? transaction
    : begun({ ...transaction, topics }, transaction, nowMs);
}

/** AddOffsetsToTxn: the group's offsets are part of the transaction. */
export function addGroup(
  transaction: StoredTransaction,
  producer: ProducerIdentity,
  groupId: string,
  nowMs: number,
): StoredTransaction | Failure {
  const refused = checkProducer(transaction, producer) ?? checkUndecided(transaction);
  if (refused !== null) return refused;
  if (transaction.groups.includes(groupId)) return transaction;
  return begun({ ...transaction, groups: [...transaction.groups, groupId] }, transaction, nowMs);
}

/** EndTxn. Unchanged: this very decision was made before, and may not be complete (`isDecided`). */
export function end(
  transaction: StoredTransaction,
  producer: ProducerIdentity,
  isCommit: boolean,
  nowMs: number,
): StoredTransaction | Failure {
  const refused = checkProducer(transaction, producer);
  if (refused !== null) return refused;
  const { state } = transaction;
  if (state === "Ongoing") return { ...transaction, state: isCommit ? "PrepareCommit" : "PrepareAbort", updatedAtMs: nowMs };
  return wasEndedSo(transaction, isCommit) ? transaction : cannotEnd(transaction, isCommit);
}

/** Whether the last decision was this one, complete or not. */
export function wasEndedSo({ state }: StoredTransaction, isCommit: boolean): boolean {
  const same: readonly TransactionState[] = isCommit ? ["PrepareCommit", "CompleteCommit"] : ["PrepareAbort", "CompleteAbort"];
  return same.includes(state);
}

export function cannotEnd({ transactionalId, state }: StoredTransaction, isCommit: boolean): Failure {
  const detail = `The transaction of '${transactionalId}' is ${state}: it cannot be ${isCommit ? "committed" : "aborted"}.`;
  return failure("INVALID_TXN_STATE", detail);
}

/**
 * The transaction was open for too long: aborts it and fences its producer, which may go on with the raised epoch when it asks for it.
 * Unchanged where that is not so.
 */
export function timeOut(transaction: StoredTransaction, nowMs: number): StoredTransaction {
  const { state, startedAtMs, timeoutMs } = transaction;
  return state === "Ongoing" && startedAtMs + timeoutMs <= nowMs ? fence(transaction, identityOf(transaction), nowMs) : transaction;
}

/** Everybody has heard of the decision. */
export function complete(transaction: StoredTransaction, nowMs: number): StoredTransaction {
  if (!isDecided(transaction)) throw new Error(`a transaction that is ${transaction.state} cannot be complete`);
  const state = transaction.state === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort";
  const producer = { ...identityOf(transaction), nextProducerId: NO_PRODUCER_ID };
  return { ...transaction, ...producer, state, topics: [], groups: [], updatedAtMs: nowMs };
}

/** Nobody has used the transactional id for so long that it goes. Unchanged where that is not so. */
export function expire(transaction: StoredTransaction, expirationMs: number, nowMs: number): StoredTransaction {
  const isIdle = transaction.state !== "Ongoing" && !isDecided(transaction);
  return isIdle && transaction.updatedAtMs + expirationMs <= nowMs ? { ...transaction, state: "Dead" } : transaction;
}

/** Why a batch, or an offset commit, of this producer is not part of its open transaction; null where `isPart`. */
export function verify(transaction: StoredTransaction, producer: ProducerIdentity, isPart: boolean): Failure | null {
  const refused = checkProducer(transaction, producer) ?? checkUndecided(transaction);
  if (refused !== null) return refused;
  if (transaction.state === "Ongoing" && isPart) return null;
  return failure("TRANSACTION_ABORTABLE", `This is not part of an open transaction of '${transaction.transactionalId}': add it first.`);
}

export function isPartition({ topics }: StoredTransaction, topicId: string, partition: number): boolean {
  return topics.some((topic) => topic.topicId === topicId && topic.partitions.includes(partition));
}

/** What the producer is known by to itself: from the decision that ends the last epoch of an id on, its next id. */
export function identityOf({ producerId, producerEpoch, nextProducerId }: StoredTransaction): ProducerIdentity {
  return nextProducerId === NO_PRODUCER_ID ? { producerId, producerEpoch } : { producerId: nextProducerId, producerEpoch: 0 };
}

/** As clients of before they knew PRODUCER_FENCED get it; they take both for the end of this producer. */
export function checkProducer(transaction: StoredTransaction, { producerId, producerEpoch }: ProducerIdentity): Failure | null {
  const present = identityOf(transaction);
  if (present.producerId !== producerId) {
    const detail = `The producer id ${producerId} does not belong to the transactional id '${transaction.transactionalId}'.`;
    return failure("INVALID_PRODUCER_ID_MAPPING", detail);
  }
  return present.producerEpoch === producerEpoch ? null : fenced(transaction, { producerId, producerEpoch });
}

function fenced(transaction: StoredTransaction, { producerId, producerEpoch }: ProducerIdentity): Failure {
  const { transactionalId } = transaction;
  const present = identityOf(transaction).producerEpoch;
  const detail = `The producer id ${producerId} with epoch ${producerEpoch} is not the last one of '${transactionalId}', which is at epoch ${present}.`;
  return failure("PRODUCER_FENCED", detail);
}

/** A transactional id that is about to be forgotten begins nothing any more, as little as one whose decision is on its way. */
export function checkUndecided(transaction: StoredTransaction): Failure | null {
  return isDecided(transaction) || transaction.state === "Dead" ? underWay(transaction) : null;
}

/** What is asked has to wait until everybody has heard of the decision. */
export function underWay({ transactionalId, state }: StoredTransaction): Failure {
  return failure("CONCURRENT_TRANSACTIONS", `The last transaction of '${transactionalId}' is ${state}, and not complete: try again.`);
}

/**
 * Whether a producer that names its id and epoch is the one that is known: with the epoch that it has, or with the one before, where
 * the answer that raised it may be lost, or, before any was given out, with any.
 */
function isOwn(transaction: StoredTransaction, expected: ProducerIdentity): boolean {
  if (transaction.producerEpoch === NO_PRODUCER_EPOCH) return true;
  return checkProducer(transaction, expected) === null || isRepeat(transaction, expected);
}

/** The producer asks a second time for the epoch that followed the one that it names. */
function isRepeat({ lastProducerId, lastProducerEpoch }: StoredTransaction, expected: ProducerIdentity | undefined): boolean {
  if (expected === undefined || lastProducerEpoch === NO_PRODUCER_EPOCH) return false;
  return expected.producerId === lastProducerId && expected.producerEpoch === lastProducerEpoch;
}

/** A repeat that gets what was there for it the first time. The epoch after the last is given to nobody. */
export function isAnsweredAgain(transaction: StoredTransaction, expected: ProducerIdentity | undefined): boolean {
  return isRepeat(transaction, expected) && identityOf(transaction).producerEpoch <= LAST_PRODUCER_EPOCH;
}

/**
 * Raises the epoch and decides for an abort. A producer that fences itself, going on after an error, gets the raised epoch when it asks
 * again: nobody else has had it. (Kafka forgets it, and fences that producer.)
 */
function fence(transaction: StoredTransaction, expected: ProducerIdentity | undefined, nowMs: number): StoredTransaction {
  const { producerId, producerEpoch } = transaction;
  if (producerEpoch > LAST_PRODUCER_EPOCH) throw new Error(`a transaction was open under the epoch ${producerEpoch}`);
  const last = { lastProducerId: producerId, lastProducerEpoch: expected === undefined ? NO_PRODUCER_EPOCH : producerEpoch };
  return { ...transaction, ...last, producerEpoch: producerEpoch + 1, state: "PrepareAbort", updatedAtMs: nowMs };
}

/** `next` as a transaction that is open, and a new one where `before` was not. Its producer has had the answer with its epoch. */
function begun(next: StoredTransaction, before: StoredTransaction, nowMs: number): StoredTransaction | Failure {
  const size = next.groups.length + next.topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
  if (size > MAX_PARTITIONS_PER_TRANSACTION) {
    const detail = `A transaction has at most ${MAX_PARTITIONS_PER_TRANSACTION} partitions and groups: this would be ${size}.`;
    return failure("INVALID_REQUEST", detail);
  }
  if (before.state === "Ongoing") return { ...next, updatedAtMs: nowMs };
  const transactionNumber = before.transactionNumber + 1;
  const times = { startedAtMs: nowMs, updatedAtMs: nowMs };
  return { ...next, ...times, state: "Ongoing", transactionNumber, lastProducerEpoch: NO_PRODUCER_EPOCH };
}

/** The same topics where the partitions are there already. */
function withTopic(topics: readonly TransactionTopic[], added: TransactionTopic): readonly TransactionTopic[] {
  const known = topics.find(({ topicId }) => topicId === added.topicId);
  if (known !== undefined && added.partitions.every((partition) => known.partitions.includes(partition))) return topics;
  const partitions = [...new Set([...(known?.partitions ?? []), ...added.partitions])].sort((a, b) => a - b);
  const others = topics.filter((topic) => topic !== known);
  return [...others, { ...added, topicVersion: Math.max(added.topicVersion, known?.topicVersion ?? 0), partitions }];
}
