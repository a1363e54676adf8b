// What a partition remembers of its idempotent producers, so that a batch that was sent twice is written once: for each producer id
// its epoch and its last five batches (org.apache.kafka.storage.internals.log.ProducerStateManager, ProducerAppendInfo).
//
// Stored as a snapshot every so often; batches after it are read again at the start (partition-log.ts). Snapshot format, little
// endian, never change without a new version:
//
//   u8 version (1), u32 producerCount, then each producer:
//     f64 producerId, i16 epoch, f64 lastAppendMs, u8 batchCount, then each batch: i32 firstSequence, i32 lastSequence, f64 baseOffset

import { type Failure, failure } from "../common/errors.ts";
import { type BatchHeader, incrementSequence, lastSequence, NO_PRODUCER_ID } from "../record/record-batch.ts";

/** Kafka's ProducerStateEntry.NUM_BATCHES_TO_RETAIN: as many as a producer may have in flight. */
const BATCHES_TO_RETAIN = 5;

const SNAPSHOT_VERSION = 1;
const PRODUCER_BYTES = 8 + 2 + 8 + 1;
const BATCH_BYTES = 4 + 4 + 8;
const SNAPSHOT_HEADER_BYTES = 1 + 4;

/** Producers in one part of a snapshot: 5 batches each, it stays below 1 MB. */
const PRODUCERS_PER_PART = 8192;

interface AppendedBatch {
  readonly firstSequence: number;
  /** Inclusive. */
  readonly lastSequence: number;
  readonly baseOffset: number;
}

interface ProducerEntry {
  epoch: number;
  lastAppendMs: number;
  /** Oldest first, BATCHES_TO_RETAIN at most. */
  readonly batches: AppendedBatch[];
}

/** What to do with a batch: write it, answer with the offset of its first write, or refuse it. */
export type SequenceCheck = "append" | { readonly duplicateOf: number } | Failure;

export class ProducerState {
  readonly #producers = new Map<number, ProducerEntry>();

  get size(): number {
    return this.#producers.size;
  }

  /** Judges a batch against what was appended before it. Changes nothing. */
  check(batch: BatchHeader): SequenceCheck {
    if (batch.producerId === NO_PRODUCER_ID) return "append";
    const entry = this.#producers.get(batch.producerId);
    if (entry === undefined) return "append"; // expired, or deleted with its records: any sequence may go on (KIP-360)
    if (batch.producerEpoch < entry.epoch) {
      const detail = `producer ${batch.producerId} has epoch ${entry.epoch}: a batch of epoch ${batch.producerEpoch} comes from a producer that was replaced`;
      return failure("INVALID_PRODUCER_EPOCH", detail);
    }
    if (batch.producerEpoch > entry.epoch) {
      if (batch.baseSequence === 0) return "append";
      const detail = `a new epoch starts at sequence 0: producer ${batch.producerId} sent ${batch.baseSequence} as the first of epoch ${batch.producerEpoch}`;
      return failure("OUT_OF_ORDER_SEQUENCE_NUMBER", detail);
    }
    return checkSequence(batch, entry);
  }

  /** Notes a batch that is written, with its final offsets, at `nowMs`: the broker's time, since a batch's own may be of years ago. */
  apply(batch: BatchHeader, nowMs: number): void {
    if (batch.producerId === NO_PRODUCER_ID) return;
    let entry = this.#producers.get(batch.producerId);
    if (entry === undefined) {
      entry = { epoch: batch.producerEpoch, lastAppendMs: 0, batches: [] };
      this.#producers.set(batch.producerId, entry);
    }
    if (batch.producerEpoch > entry.epoch) {
      entry.epoch = batch.producerEpoch;
      entry.batches.length = 0;
    }
    entry.lastAppendMs = nowMs;
    entry.batches.push({ firstSequence: batch.baseSequence, lastSequence: lastSequence(batch), baseOffset: batch.baseOffset });
    if (entry.batches.length > BATCHES_TO_RETAIN) entry.batches.shift();
  }

  /** Whether a written batch is the last of its producer. */
  isLast({ producerId, baseOffset }: BatchHeader): boolean {
    return producerId !== NO_PRODUCER_ID && this.#producers.get(producerId)?.batches.at(-1)?.baseOffset === baseOffset;
  }

  /** Remembers the producers of some batches. @returns what puts them back */
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
      }
    };
  }

  /** Forgets producers that wrote nothing since `beforeMs` (producer.id.expiration.ms). */
  expire(beforeMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (entry.lastAppendMs < beforeMs) this.#producers.delete(producerId);
    }
  }

  /** Parts below the limit of a row; one without producers when there are none, so that its offset still counts. */
  encodeSnapshot(): ArrayBuffer[] {
    const all = [...this.#producers];
    const parts: ArrayBuffer[] = [];
    for (let first = 0; first === 0 || first < all.length; first += PRODUCERS_PER_PART) {
      parts.push(encodePart(all.slice(first, first + PRODUCERS_PER_PART)));
    }
    return parts;
  }

  /** Adds what `encodeSnapshot` wrote. */
  decodeSnapshot(parts: readonly ArrayBuffer[]): void {
    for (const part of parts) decodePart(new DataView(part), this.#producers);
  }
}

function checkSequence(batch: BatchHeader, entry: ProducerEntry): SequenceCheck {
  const last = entry.batches.at(-1);
  if (last === undefined || batch.baseSequence === incrementSequence(last.lastSequence, 1)) return "append";
  const batchLastSequence = lastSequence(batch);
  const duplicate = entry.batches.find((known) => known.firstSequence === batch.baseSequence && known.lastSequence === batchLastSequence);
  if (duplicate !== undefined) return { duplicateOf: duplicate.baseOffset };
  const oldest = entry.batches[0]!;
  if (entry.batches.length === BATCHES_TO_RETAIN && batchLastSequence < oldest.firstSequence) {
    const detail = `sequences ${batch.baseSequence} to ${batchLastSequence} of producer ${batch.producerId} were written before its last ${BATCHES_TO_RETAIN} batches`;
    return failure("DUPLICATE_SEQUENCE_NUMBER", detail);
  }
  const detail = `producer ${batch.producerId} sent sequence ${batch.baseSequence}, expected ${incrementSequence(last.lastSequence, 1)}`;
  return failure("OUT_OF_ORDER_SEQUENCE_NUMBER", detail);
}

function encodePart(producers: readonly (readonly [number, ProducerEntry])[]): ArrayBuffer {
  const batchCount = producers.reduce((sum, [, entry]) => sum + entry.batches.length, 0);
  const view = new DataView(new ArrayBuffer(SNAPSHOT_HEADER_BYTES + producers.length * PRODUCER_BYTES + batchCount * BATCH_BYTES));
  view.setUint8(0, SNAPSHOT_VERSION);
  view.setUint32(1, producers.length, true);
  let position = SNAPSHOT_HEADER_BYTES;
  for (const [producerId, entry] of producers) {
    view.setFloat64(position, producerId, true);
    view.setInt16(position + 8, entry.epoch, true);
    view.setFloat64(position + 10, entry.lastAppendMs, true);
    view.setUint8(position + 18, entry.batches.length);
    position += PRODUCER_BYTES;
    for (const batch of entry.batches) {
      view.setInt32(position, batch.firstSequence, true);
      view.setInt32(position + 4, batch.lastSequence, true);
      view.setFloat64(position + 8, batch.baseOffset, true);
      position += BATCH_BYTES;
    }
  }
  return view.buffer as ArrayBuffer;
}

function decodePart(view: DataView, into: Map<number, ProducerEntry>): void {
  if (view.getUint8(0) !== SNAPSHOT_VERSION) throw new Error(`producer snapshot has unknown version ${view.getUint8(0)}`);
  let position = SNAPSHOT_HEADER_BYTES;
  for (let left = view.getUint32(1, true); left > 0; left--) {
    const producerId = view.getFloat64(position, true);
    const batchCount = view.getUint8(position + 18);
    const entry: ProducerEntry = {
      epoch: view.getInt16(position + 8, true),
      lastAppendMs: view.getFloat64(position + 10, true),
      batches: [],
    };
    position += PRODUCER_BYTES;
    for (let index = 0; index < batchCount; index++, position += BATCH_BYTES) {
      entry.batches.push({
        firstSequence: view.getInt32(position, true),
        lastSequence: view.getInt32(position + 4, true),
        baseOffset: view.getFloat64(position + 8, true),
      });
    }
    into.set(producerId, entry);
  }
}
