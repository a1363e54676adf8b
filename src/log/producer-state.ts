// What a partition remembers of its producers, so that a batch that was sent twice is written once, a producer that was replaced writes no
// more, and readers know where an undecided transaction begins: for each producer id its epoch, its last five batches, and its open
// transaction (org.apache.kafka.storage.internals.log: ProducerStateManager, ProducerAppendInfo).
//
// Stored as a snapshot every so often (producer-snapshot.ts); batches after it are read again at the start (partition-log.ts).
//
// Invariant: transactions are open in the order of their first offsets, so the first of them is where undecided records begin.

import { type Failure, failure } from "../common/errors.ts";
import {
  type BatchHeader,
  incrementSequence,
  isControl,
  isSequenceBefore,
  isTransactional,
  lastSequence,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
} from "../record/record-batch.ts";
import type { AbortedEntry } from "./aborted-transactions.ts";
import { BATCHES_TO_RETAIN, NO_COORDINATOR_EPOCH, NO_TRANSACTION, type ProducerEntry } from "./producer-entry.ts";
import { decodeProducers, encodeProducers } from "./producer-snapshot.ts";
import type { TxnMarker } from "./txn-marker.ts";
import { VerificationGuards } from "./verification-guards.ts";

/** The batch would begin a transaction, and its guard is missing or void. */
export interface Unverified extends Failure {
  /** To come with the batch once its transaction is verified. */
  readonly needsVerification: number;
}

/** What a batch that begins a transaction comes with, once the coordinator has confirmed it. */
export interface Verification {
  /** The guard: Unverified.needsVerification. */
  readonly verification: number;
  /** The transaction has an epoch of its own, in which nothing can have been written before its first batch (KIP-890, part 2). */
  readonly hasOwnEpoch?: boolean;
}

/** What to do with a batch: write it, answer with the offset of its first write, or refuse it. */
export type SequenceCheck = "append" | { readonly duplicateOf: number } | Failure | Unverified;

/** Kafka's DescribeProducers. */
export interface ProducerDescription {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: only a marker told of it. */
  readonly lastSequence: number;
  /** ms, by the broker's clock */
  readonly lastTimestamp: number;
  /** -1: no marker yet. */
  readonly coordinatorEpoch: number;
  /** -1: no transaction is open. */
  readonly currentTxnStartOffset: number;
}

export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>();
  /** First offsets of open transactions by producer id, ascending: the order of a Map is that in which they began. */
  readonly #open = new Map<number, number>();
  readonly #guards: VerificationGuards;

  /** @param leaderEpoch of this life of the partition */
  constructor(leaderEpoch: number) {
    this.#guards = new VerificationGuards(leaderEpoch);
  }

  get size(): number {
    return this.#producers.size;
  }

  /** Where the oldest open transaction begins, null where none is open. */
  get firstOpenOffset(): number | null {
    for (const firstOffset of this.#open.values()) return firstOffset;
    return null;
  }

  /**
   * Judges a batch against what was appended before it. Changes nothing but guards.
   * @param verified what came with it
   */
  check(batch: BatchHeader, verified?: Verification): SequenceCheck {
    if (batch.producerId === NO_PRODUCER_ID) return isTransactional(batch) ? withoutProducer() : "append";
    const entry = this.#producers.get(batch.producerId);
    const order = entry === undefined ? "append" : checkOrder(batch, entry); // not known, or expired: any sequence may go on (KIP-360)
    if (order !== "append") return order;
    if (isTransactional(batch)) return this.#checkTransaction(batch, entry, verified);
    return entry === undefined || entry.txnFirstOffset === NO_TRANSACTION ? "append" : outsideTransaction(batch, entry);
  }

  /** Notes a batch that is written, with its final offsets, at `nowMs`. Markers go to `applyMarker`. */
  apply(batch: BatchHeader, nowMs: number): void {
    const { producerId, producerEpoch, baseOffset } = batch;
    if (producerId === NO_PRODUCER_ID) return;
    const entry = this.#entryOf(producerId, producerEpoch);
    entry.lastAppendMs = nowMs;
    entry.batches.push({ firstSequence: batch.baseSequence, lastSequence: lastSequence(batch), baseOffset });
    if (entry.batches.length > BATCHES_TO_RETAIN) entry.batches.shift();
    if (!isTransactional(batch) || entry.txnFirstOffset !== NO_TRANSACTION) return;
    entry.txnFirstOffset = baseOffset;
    this.#open.set(producerId, baseOffset);
    this.#guards.void(producerId);
  }

  /**
   * Judges a marker. Whatever comes of it, batches that were being verified are to be verified anew.
   * @returns "nothing" where the producer's transaction is ended and its epochs are known: a repeat, which need not be written
   */
  checkMarker(marker: TxnMarker): "append" | "nothing" | Failure {
    const { producerId, producerEpoch, coordinatorEpoch } = marker;
    if (producerId < 0 || producerEpoch < 0) {
      return failure("INVALID_REQUEST", `a marker is of a producer, not of producer id ${producerId} and epoch ${producerEpoch}`);
    }
    this.#guards.void(producerId);
    const entry = this.#producers.get(producerId);
    if (entry === undefined) return "append";
    if (producerEpoch < entry.epoch) return staleEpoch(producerId, producerEpoch, entry, "a marker");
    if (coordinatorEpoch < entry.coordinatorEpoch) {
      const detail = `a marker of coordinator epoch ${coordinatorEpoch} comes after one of ${entry.coordinatorEpoch} for producer ${producerId}`;
      return failure("TRANSACTION_COORDINATOR_FENCED", detail);
    }
    const isKnown = producerEpoch === entry.epoch && coordinatorEpoch === entry.coordinatorEpoch;
    return isKnown && entry.txnFirstOffset === NO_TRANSACTION ? "nothing" : "append";
  }

  /** Notes a marker that is written at `offset`. @returns what readers are to know of the transaction if it was aborted */
  applyMarker(marker: TxnMarker, offset: number, nowMs: number): AbortedEntry | null {
    const { producerId, producerEpoch, coordinatorEpoch, isCommit } = marker;
    const entry = this.#entryOf(producerId, producerEpoch);
    const firstOffset = entry.txnFirstOffset;
    entry.lastAppendMs = nowMs;
    entry.coordinatorEpoch = coordinatorEpoch;
    entry.txnFirstOffset = NO_TRANSACTION;
    this.#open.delete(producerId);
    if (isCommit || firstOffset === NO_TRANSACTION) return null;
    return { producerId, firstOffset, lastOffset: offset, lastStableOffset: this.firstOpenOffset ?? offset + 1 };
  }

  /** Whether a written batch is the last of its producer: of its batches, or a marker where it has none since. */
  isLast(batch: BatchHeader): boolean {
    if (batch.producerId === NO_PRODUCER_ID) return false;
    const entry = this.#producers.get(batch.producerId);
    const last = entry?.batches.at(-1);
    if (last !== undefined) return last.baseOffset === batch.baseOffset;
    return entry !== undefined && isControl(batch) && batch.producerEpoch === entry.epoch;
  }

  /** Remembers the producers of some batches. @returns what puts them back, should these not be written */
  checkpoint(batches: readonly BatchHeader[]): () => void {
    const before = new Map<number, ProducerEntry | undefined>();
    for (const { producerId } of batches) {
      const entry = this.#producers.get(producerId);
      before.set(producerId, entry && { ...entry, batches: [...entry.batches] });
    }
    return () => {
      for (const [producerId, entry] of before) {
        if (entry === undefined) this.#producers.delete(producerId);
        else this.#producers.set(producerId, entry);
        if ((entry?.txnFirstOffset ?? NO_TRANSACTION) === NO_TRANSACTION) this.#open.delete(producerId);
      }
    };
  }

  /** Forgets producers that wrote nothing since `beforeMs` (producer.id.expiration.ms), unless a transaction of theirs is open. */
  expire(beforeMs: number): void {
    for (const [producerId, { lastAppendMs, txnFirstOffset }] of this.#producers) {
      if (lastAppendMs < beforeMs && txnFirstOffset === NO_TRANSACTION) this.#producers.delete(producerId);
    }
  }

  /** By producer id. */
  describe(): ProducerDescription[] {
    const all = [...this.#producers].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? NO_SEQUENCE,
      lastTimestamp: entry.lastAppendMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.txnFirstOffset,
    }));
    return all.sort((a, b) => a.producerId - b.producerId);
  }

  encodeSnapshot(): ArrayBuffer[] {
    return encodeProducers(this.#producers);
  }

  /** Adds what `encodeSnapshot` wrote. */
  decodeSnapshot(parts: readonly ArrayBuffer[]): void {
    const open: [producerId: number, firstOffset: number][] = [];
    for (const [producerId, entry] of decodeProducers(parts)) {
      this.#producers.set(producerId, entry);
      if (entry.txnFirstOffset !== NO_TRANSACTION) open.push([producerId, entry.txnFirstOffset]);
    }
    open.sort((a, b) => a[1] - b[1]);
    for (const [producerId, firstOffset] of open) this.#open.set(producerId, firstOffset);
  }

  /** A transaction that is open goes on; one that is not may begin only with a guard that holds. */
  #checkTransaction(batch: BatchHeader, entry: ProducerEntry | undefined, verified: Verification | undefined): SequenceCheck {
    const { producerId, producerEpoch, baseSequence } = batch;
    if (entry?.epoch === producerEpoch && entry.txnFirstOffset !== NO_TRANSACTION) return "append";
    const pending = this.#guards.find(producerId, producerEpoch, verified?.verification);
    if (pending === null) {
      const detail = `producer ${producerId} has no transaction in this partition that its coordinator has confirmed`;
      return { ...failure("INVALID_TXN_STATE", detail), needsVerification: this.#guards.begin(producerId, producerEpoch, baseSequence) };
    }
    const isFirst = verified?.hasOwnEpoch === true && entry === undefined ? baseSequence === 0 : baseSequence <= pending.lowestSequence;
    if (isFirst) return "append";
    const detail = `producer ${producerId} sent sequence ${baseSequence}, and an earlier one of the same transaction is not written yet`;
    return failure("OUT_OF_ORDER_SEQUENCE_NUMBER", detail);
  }

  /** A producer's entry, in the epoch of what is written now. */
  #entryOf(producerId: number, producerEpoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId);
    if (entry === undefined) {
      const unused = { coordinatorEpoch: NO_COORDINATOR_EPOCH, txnFirstOffset: NO_TRANSACTION };
      entry = { epoch: producerEpoch, lastAppendMs: 0, ...unused, batches: [] };
      this.#producers.set(producerId, entry);
    }
    if (producerEpoch > entry.epoch) {
      entry.epoch = producerEpoch;
      entry.batches.length = 0;
      this.#guards.void(producerId);
    }
    return entry;
  }
}

/** Judges a batch by its producer's epoch and last sequences. */
function checkOrder(batch: BatchHeader, entry: ProducerEntry): SequenceCheck {
  if (batch.producerEpoch < entry.epoch) return staleEpoch(batch.producerId, batch.producerEpoch, entry, "a batch");
  if (batch.producerEpoch === entry.epoch && entry.batches.length > 0) return checkSequence(batch, entry);
  if (batch.baseSequence === 0) return "append";
  const detail = `a new epoch starts at sequence 0: producer ${batch.producerId} sent ${batch.baseSequence} as the first of epoch ${batch.producerEpoch}`;
  return failure("OUT_OF_ORDER_SEQUENCE_NUMBER", detail);
}

function checkSequence(batch: BatchHeader, entry: ProducerEntry): SequenceCheck {
  const last = entry.batches.at(-1)!;
  if (batch.baseSequence === incrementSequence(last.lastSequence, 1)) return "append";
  const batchLastSequence = lastSequence(batch);
  const duplicate = entry.batches.find((known) => known.firstSequence === batch.baseSequence && known.lastSequence === batchLastSequence);
  if (duplicate !== undefined) return { duplicateOf: duplicate.baseOffset };
  const oldest = entry.batches[0]!;
  if (entry.batches.length === BATCHES_TO_RETAIN && isSequenceBefore(batchLastSequence, oldest.firstSequence)) {
    const detail = `sequences ${batch.baseSequence} to ${batchLastSequence} of producer ${batch.producerId} were written before its last ${BATCHES_TO_RETAIN} batches`;
    return failure("DUPLICATE_SEQUENCE_NUMBER", detail);
  }
  const detail = `producer ${batch.producerId} sent sequence ${batch.baseSequence}, expected ${incrementSequence(last.lastSequence, 1)}`;
  return failure("OUT_OF_ORDER_SEQUENCE_NUMBER", detail);
}

function staleEpoch(producerId: number, epoch: number, entry: ProducerEntry, what: string): Failure {
  const detail = `producer ${producerId} has epoch ${entry.epoch}: ${what} of epoch ${epoch} comes from a producer that was replaced`;
  return failure("INVALID_PRODUCER_EPOCH", detail);
}

function outsideTransaction({ producerId }: BatchHeader, { txnFirstOffset }: ProducerEntry): Failure {
  const detail = `producer ${producerId} has a transaction open from offset ${txnFirstOffset} on: its batches must belong to it`;
  return failure("INVALID_TXN_STATE", detail);
}

function withoutProducer(): Failure {
  return failure("INVALID_PRODUCER_ID_MAPPING", "a transactional batch needs a producer id");
}
