// A snapshot of a partition's producers, in parts below the limit of a row. Stored; never change it without a new version. Little endian:
//
//   u8 version (2), u32 producerCount, then each producer:
//     f64 producerId, i16 epoch, f64 lastAppendMs, i32 coordinatorEpoch (-1: none), f64 txnFirstOffset (-1: none is open),
//     u8 batchCount, then each batch: i32 firstSequence, i32 lastSequence, f64 baseOffset
//
// Version 1, from before there were transactions, has neither coordinatorEpoch nor txnFirstOffset.

import { NO_COORDINATOR_EPOCH, NO_TRANSACTION, type ProducerEntry } from "./producer-entry.ts";

const VERSION = 2;
const VERSION_WITHOUT_TRANSACTIONS = 1;

const HEADER_BYTES = 1 + 4;
const IDENTITY_BYTES = 8 + 2 + 8;
const TRANSACTION_BYTES = 4 + 8;
const BATCH_COUNT_BYTES = 1;
const PRODUCER_BYTES = IDENTITY_BYTES + TRANSACTION_BYTES + BATCH_COUNT_BYTES;
const BATCH_BYTES = 4 + 4 + 8;

/** Producers in one part: 5 batches each, it stays below 1 MB. */
const PRODUCERS_PER_PART = 8192;

/** One part at least, so that the snapshot's offset counts even where there are no producers. */
export function encodeProducers(producers: ReadonlyMap<number, ProducerEntry>): ArrayBuffer[] {
  const all = [...producers];
  const parts: ArrayBuffer[] = [];
  for (let first = 0; first === 0 || first < all.length; first += PRODUCERS_PER_PART) {
    parts.push(encodePart(all.slice(first, first + PRODUCERS_PER_PART)));
  }
  return parts;
}

/** What `encodeProducers` wrote, now or before there were transactions. */
export function decodeProducers(parts: readonly ArrayBuffer[]): Map<number, ProducerEntry> {
  const producers = new Map<number, ProducerEntry>();
  for (const part of parts) decodePart(new DataView(part), producers);
  return producers;
}

function encodePart(producers: readonly (readonly [number, ProducerEntry])[]): ArrayBuffer {
  const batchCount = producers.reduce((sum, [, entry]) => sum + entry.batches.length, 0);
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + producers.length * PRODUCER_BYTES + batchCount * BATCH_BYTES));
  view.setUint8(0, VERSION);
  view.setUint32(1, producers.length, true);
  let position = HEADER_BYTES;
  for (const [producerId, entry] of producers) {
    view.setFloat64(position, producerId, true);
    view.setInt16(position + 8, entry.epoch, true);
    view.setFloat64(position + 10, entry.lastAppendMs, true);
    view.setInt32(position + 18, entry.coordinatorEpoch, true);
    view.setFloat64(position + 22, entry.txnFirstOffset, true);
    view.setUint8(position + 30, entry.batches.length);
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
  const version = view.getUint8(0);
  if (version !== VERSION && version !== VERSION_WITHOUT_TRANSACTIONS) throw new Error(`producer snapshot has unknown version ${version}`);
  const hasTransactions = version === VERSION;
  let position = HEADER_BYTES;
  for (let left = view.getUint32(1, true); left > 0; left--) {
    const producerId = view.getFloat64(position, true);
    const entry: ProducerEntry = {
      epoch: view.getInt16(position + 8, true),
      lastAppendMs: view.getFloat64(position + 10, true),
      coordinatorEpoch: hasTransactions ? view.getInt32(position + 18, true) : NO_COORDINATOR_EPOCH,
      txnFirstOffset: hasTransactions ? view.getFloat64(position + 22, true) : NO_TRANSACTION,
      batches: [],
    };
    position += IDENTITY_BYTES + (hasTransactions ? TRANSACTION_BYTES : 0);
    const batchCount = view.getUint8(position);
    position += BATCH_COUNT_BYTES;
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
