// A log with transactions as a plain list, and what a reader of committed records must get of it. What such a reader does with a read and
// its list of aborted transactions is done here as Kafka's clients do it (org.apache.kafka.clients.consumer.internals.CompletedFetch), not
// by our own filter: what we send has to be right for them.

import type { AbortedTransaction, ReadResult } from "../../src/broker/ports.ts";
import type { RecordTools } from "../../src/log/record-tools.ts";
import { type BatchHeader, isControl, isTransactional, lastOffset } from "../../src/record/record-batch.ts";
import type { Core } from "../../src/wasm/core.ts";
import { decodeBatches } from "../../src/wasm/record-batches.ts";
import { equal } from "./stored-log.ts";

export interface ModelTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** -1 while it is open. */
  markerOffset: number;
  isCommitted: boolean;
}

interface ModelEntry {
  readonly key: string;
  readonly value: string;
  readonly transaction: ModelTransaction | null;
}

export class TxnModel {
  /** By offset, from 0 on, whatever went since; null: a marker. */
  readonly entries: (ModelEntry | null)[] = [];
  readonly transactions: ModelTransaction[] = [];
  logStartOffset = 0;
  /** Whether compaction may have run: from then on superseded records, and markers, may be gone. */
  isCompacted = false;
  /** Offsets of the newest decided records by key. */
  readonly #newest = new Map<string, number>();

  get endOffset(): number {
    return this.entries.length;
  }

  get lastStableOffset(): number {
    const open = this.transactions.filter(({ markerOffset }) => markerOffset < 0).map(({ firstOffset }) => firstOffset);
    return Math.max(this.logStartOffset, Math.min(this.endOffset, ...open));
  }

  openTransaction(producerId: number): ModelTransaction | null {
    return this.transactions.findLast((one) => one.producerId === producerId && one.markerOffset < 0) ?? null;
  }

  /** @param producerId of the transaction that the records belong to, null for none */
  append(records: readonly { readonly key: string; readonly value: string }[], producerId: number | null): void {
    let transaction = producerId === null ? null : this.openTransaction(producerId);
    if (producerId !== null && transaction === null) {
      transaction = { producerId, firstOffset: this.endOffset, markerOffset: -1, isCommitted: false };
      this.transactions.push(transaction);
    }
    for (const record of records) {
      if (transaction === null) this.#newest.set(record.key, this.endOffset);
      this.entries.push({ ...record, transaction });
    }
  }

  end(producerId: number, isCommitted: boolean): void {
    const transaction = this.openTransaction(producerId);
    if (transaction !== null) {
      transaction.markerOffset = this.endOffset;
      transaction.isCommitted = isCommitted;
      if (isCommitted) this.#noteCommitted(transaction);
    }
    this.entries.push(null);
  }

  /** Checks a read of committed records from an offset on. */
  checkRead(core: Core, tools: RecordTools, result: ReadResult, start: number): void {
    const { nextOffset, batches, abortedTransactions } = result;
    if (abortedTransactions === undefined) throw new Error("a read of committed records does not say what was aborted");
    if (nextOffset > this.lastStableOffset && nextOffset > start) throw new Error(`a read ends at ${nextOffset}, which is not decided`);
    this.#checkAborted(abortedTransactions, start, nextOffset);
    const skipBatch = clientFilter(tools, new Uint8Array(batches), abortedTransactions);
    const options = { fromOffset: start, maxDecompressedBytes: 1 << 24, checkCrc: true, skipBatch };
    const read = new Map(decodeBatches(core, new Uint8Array(batches), options).map((record) => [record.offset, record]));
    for (const [offset, { key, value }] of read) {
      const entry = this.entries[offset] ?? null;
      if (entry === null || !isDecided(entry)) throw new Error(`a reader of committed records got offset ${offset}`);
      equal(`${text(key)}=${text(value)}`, `${entry.key}=${entry.value}`, `record at ${offset}`);
    }
    for (let offset = Math.max(start, this.logStartOffset); offset < nextOffset; offset++) {
      const entry = this.entries[offset] ?? null;
      const mayBeGone = this.isCompacted && entry !== null && this.#newest.get(entry.key)! > offset;
      if (entry !== null && isDecided(entry) && !mayBeGone && !read.has(offset)) throw new Error(`the record at ${offset} is not read`);
    }
  }

  /** All that lie in the range are told, and nothing else. Compaction drops those that have nothing left. */
  #checkAborted(told: readonly AbortedTransaction[], start: number, end: number): void {
    const isWithin = ({ firstOffset, markerOffset, isCommitted }: ModelTransaction): boolean =>
      start < end && !isCommitted && markerOffset >= start && firstOffset < end;
    const expected = this.transactions.filter(isWithin).map(textOf).sort();
    const texts = told.map((one) => textOf({ ...one, markerOffset: one.lastOffset })).sort();
    const unknown = texts.filter((one) => !expected.includes(one));
    if (unknown.length > 0) throw new Error(`a read from ${start} to ${end} tells of ${unknown}, which it has nothing of`);
    if (!this.isCompacted && start >= this.logStartOffset) equal(texts.join(), expected.join(), `aborted from ${start} to ${end}`);
  }

  #noteCommitted(transaction: ModelTransaction): void {
    for (let offset = transaction.firstOffset; offset < this.endOffset; offset++) {
      const entry = this.entries[offset];
      if (entry?.transaction !== transaction) continue;
      this.#newest.set(entry.key, Math.max(offset, this.#newest.get(entry.key) ?? -1));
    }
  }
}

/** What Kafka's consumer leaves out. To be asked about each batch of the run once, in order. */
function clientFilter(tools: RecordTools, run: Uint8Array, aborted: readonly AbortedTransaction[]): (header: BatchHeader) => boolean {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedIds = new Set<number>();
  return (header) => {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset(header)) abortedIds.add(waiting.shift()!.producerId);
    if (!isControl(header)) return isTransactional(header) && abortedIds.has(header.producerId);
    const marker = tools.markerIn(run.subarray(header.position, header.position + header.sizeBytes));
    if (marker?.isCommit === false) abortedIds.delete(header.producerId);
    return true;
  };
}

function isDecided({ transaction }: ModelEntry): boolean {
  return transaction === null || transaction.isCommitted;
}

function textOf({ producerId, firstOffset, markerOffset }: Pick<ModelTransaction, "producerId" | "firstOffset" | "markerOffset">): string {
  return `${producerId}:${firstOffset}-${markerOffset}`;
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
