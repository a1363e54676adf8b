// Records on their way: a queue of batches for each partition, of which the last takes records
// (org.apache.kafka.clients.producer.internals.RecordAccumulator). A partition is ready to be sent when a batch is full, when its oldest
// one waited for `lingerMs`, while somebody waits for memory, and on flush and close.

import { batchSizeBound, type RecordBytes } from "../../record/batch-builder.ts";
import { Fifo } from "../fifo.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { ProducerBatch } from "./producer-batch.ts";
import type { RecordMetadata } from "./records.ts";
import type { PartitionSequence } from "./sequences.ts";

/** One partition's batches that are not sent yet, and who sends them. */
export interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly batches: Fifo<ProducerBatch>;
  /** A request is under way, or waits to be made again: the next comes after it, which is what keeps the order. */
  isBusy: boolean;
  /** null until the first batch of an idempotent producer is sent. */
  sequence: PartitionSequence | null;
}

export interface AccumulatorOptions {
  readonly pool: BufferPool;
  readonly batchSize: number;
  readonly lingerMs: number;
}

export class RecordAccumulator {
  readonly #options: AccumulatorOptions;
  readonly #queues = new Map<string, Map<number, PartitionQueue>>();
  /** Those with batches, the one that was served last at the end. */
  readonly #filled = new Set<PartitionQueue>();
  readonly #incomplete = new Set<ProducerBatch>();
  #flushes = 0;

  constructor(options: AccumulatorOptions) {
    this.#options = options;
  }

  get hasIncomplete(): boolean {
    return this.#incomplete.size > 0;
  }

  queueLength(topic: string, partition: number): number {
    return this.#queues.get(topic)?.get(partition)?.batches.length ?? 0;
  }

  /** Bytes of the buffer that a batch beginning with this record needs. */
  bufferSize(record: RecordBytes): number {
    return Math.max(this.#options.batchSize, batchSizeBound(record));
  }

  /** Adds a record to the batch that is open. @returns null where there is none with room: open one */
  append(topic: string, partition: number, record: RecordBytes): Promise<RecordMetadata> | null {
    return this.#queues.get(topic)?.get(partition)?.batches.last()?.append(record) ?? null;
  }

  /** Begins a batch with the record. @param buffer of `bufferSize(record)` bytes, from the pool */
  open(topic: string, partition: number, record: RecordBytes, buffer: Uint8Array<ArrayBuffer>, nowMs: number): Promise<RecordMetadata> {
    const queue = this.#queueOf(topic, partition);
    const batch = new ProducerBatch({ topic, partition, createdMs: nowMs }, buffer, true);
    const promise = batch.append(record);
    if (promise === null) throw new Error("a record does not fit the buffer that was made for it");
    queue.batches.push(batch);
    this.#filled.add(queue);
    this.#incomplete.add(batch);
    return promise;
  }

  /** Partitions to send now, and after how many ms the next one will be (Infinity: none is waiting for its time). */
  ready(nowMs: number): { readonly queues: readonly PartitionQueue[]; readonly nextMs: number } {
    const queues: PartitionQueue[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#filled) {
      if (queue.isBusy) continue;
      const waitMs = this.#waitMs(queue, nowMs);
      if (waitMs <= 0) queues.push(queue);
      else nextMs = Math.min(nextMs, waitMs);
    }
    return { queues, nextMs };
  }

  isReady(queue: PartitionQueue, nowMs: number): boolean {
    return queue.batches.length > 0 && this.#waitMs(queue, nowMs) <= 0;
  }

  /** Takes the oldest batches, at least one, at most `maxCount` and `maxBytes`. */
  drain(queue: PartitionQueue, maxCount: number, maxBytes: number): ProducerBatch[] {
    const drained: ProducerBatch[] = [];
    let bytes = 0;
    for (let next = queue.batches.peek(); next !== undefined && drained.length < maxCount; next = queue.batches.peek()) {
      bytes += next.builder.sizeBytes;
      if (drained.length > 0 && bytes > maxBytes) break;
      next.isClosed = true;
      drained.push(next);
      queue.batches.shift();
    }
    this.#filled.delete(queue);
    if (queue.batches.length > 0) this.#filled.add(queue);
    return drained;
  }

  /** Gives a batch's memory back, once its records' promises are settled. */
  release(batch: ProducerBatch): void {
    if (batch.isPooled && this.#incomplete.delete(batch)) this.#options.pool.deallocate(batch.builder.buffer);
  }

  /** Everything is ready until `work`, which gets what is there now, is done. */
  async flushing(work: (incomplete: readonly ProducerBatch[]) => Promise<void>): Promise<void> {
    this.#flushes++;
    try {
      await work([...this.#incomplete]);
    } finally {
      this.#flushes--;
    }
  }

  /** Fails what was not sent yet. */
  abortUnsent(error: unknown): void {
    for (const queue of this.#filled) {
      for (const batch of queue.batches.drain()) {
        batch.fail(error);
        this.release(batch);
      }
    }
    this.#filled.clear();
  }

  /** Forgets the sequences of all partitions: the producer has another id or epoch. */
  resetSequences(): void {
    for (const partitions of this.#queues.values()) for (const queue of partitions.values()) queue.sequence = null;
  }

  #waitMs(queue: PartitionQueue, nowMs: number): number {
    const oldest = queue.batches.peek();
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    const isFull = queue.batches.length > 1 || oldest.isClosed || oldest.builder.sizeBytes >= this.#options.batchSize;
    if (isFull || this.#flushes > 0 || this.#options.pool.waiterCount > 0) return 0;
    return oldest.place.createdMs + this.#options.lingerMs - nowMs;
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const partitions = this.#queues.get(topic) ?? new Map<number, PartitionQueue>();
    this.#queues.set(topic, partitions);
    const queue = partitions.get(partition) ?? { topic, partition, batches: new Fifo(), isBusy: false, sequence: null };
    partitions.set(partition, queue);
    return queue;
  }
}
