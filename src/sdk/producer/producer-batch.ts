// A batch that a producer fills, and the promises of its records. Its buffer is the pool's (or its own, where a batch that was too large
// was split); the header is written when it is sent, and again when it is sent under another producer epoch.

import {
  BatchBuilder,
  type BatchProducer,
  batchSizeBound,
  NO_PRODUCER,
  type RecordBytes,
  recordBytes,
} from "../../record/batch-builder.ts";
import { readRecords } from "../../record/batch-reader.ts";
import type { Compression } from "../../record/compression-type.ts";
import { BATCH_HEADER_BYTES, readBatchHeader, viewOf } from "../../record/record-batch.ts";
import type { Codecs } from "../compression.ts";
import type { RecordMetadata } from "./records.ts";

export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
  /** When its first record was sent (ms). */
  readonly createdMs: number;
}

interface Deliveries {
  readonly promises: Promise<RecordMetadata>[];
  readonly resolves: ((metadata: RecordMetadata) => void)[];
  readonly rejects: ((error: unknown) => void)[];
  readonly timestamps: number[];
}

export class ProducerBatch {
  readonly place: BatchPlace;
  readonly builder: BatchBuilder;
  /** Whether the buffer goes back to the pool. */
  readonly isPooled: boolean;
  /** Resolved once every record's promise is settled. */
  readonly done: Promise<void>;
  /** Under which it was last sent. */
  producer: BatchProducer = NO_PRODUCER;
  /** Takes no more records. */
  isClosed = false;
  readonly #deliveries: Deliveries;
  readonly #finish: () => void;
  #compressed: Uint8Array | undefined;

  constructor(place: BatchPlace, buffer: Uint8Array<ArrayBuffer>, isPooled: boolean, deliveries?: Deliveries) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.place = place;
    this.builder = new BatchBuilder(buffer);
    this.isPooled = isPooled;
    this.done = promise;
    this.#finish = resolve;
    this.#deliveries = deliveries ?? { promises: [], resolves: [], rejects: [], timestamps: [] };
  }

  get recordCount(): number {
    return this.builder.recordCount;
  }

  /** @returns the promise of the record, or null where the batch has no room for it, and takes no more */
  append(record: RecordBytes): Promise<RecordMetadata> | null {
    if (this.isClosed) return null;
    if (!this.builder.append(record)) {
      this.isClosed = true;
      return null;
    }
    const { promises, resolves, rejects, timestamps } = this.#deliveries;
    const promise = new Promise<RecordMetadata>((resolve, reject) => {
      resolves.push(resolve);
      rejects.push(reject);
    });
    promises.push(promise);
    timestamps.push(record.timestamp);
    return promise;
  }

  /** The batch's bytes as they are sent under `this.producer`. */
  async encode(compression: Compression, codecs: Codecs): Promise<Uint8Array<ArrayBuffer>> {
    this.isClosed = true;
    if (compression === "none") return this.builder.finish(this.producer);
    this.#compressed ??= await codecs.compress(compression, this.builder.records);
    return this.builder.finish(this.producer, compression, this.#compressed);
  }

  /** All are written, from `baseOffset` on; -1 where that is not known. @param logAppendTime ms, -1 where records keep their time */
  complete(baseOffset: number, logAppendTime: number): void {
    const { topic, partition } = this.place;
    const { resolves, timestamps } = this.#deliveries;
    for (let i = 0; i < resolves.length; i++) {
      const offset = baseOffset < 0 ? -1 : baseOffset + i;
      resolves[i]!({ topic, partition, offset, timestamp: logAppendTime < 0 ? timestamps[i]! : logAppendTime });
    }
    this.#finish();
  }

  /** None is written, as far as is known. A record whose promise nobody looks at is no unhandled rejection: metrics count it. */
  fail(error: unknown): void {
    const { promises, rejects } = this.#deliveries;
    for (const promise of promises) promise.catch(() => {});
    for (const reject of rejects) reject(error);
    this.#finish();
  }

  /** Two halves with their records' promises, in buffers of their own. This batch is done when both are. */
  split(): [ProducerBatch, ProducerBatch] {
    const middle = this.recordCount >> 1;
    const halves: [ProducerBatch, ProducerBatch] = [this.#slice(0, middle), this.#slice(middle, this.recordCount)];
    void Promise.all(halves.map((half) => half.done)).then(this.#finish);
    return halves;
  }

  #slice(start: number, end: number): ProducerBatch {
    const batch = this.builder.finish(NO_PRODUCER);
    const read = readRecords(readBatchHeader(viewOf(batch)), batch.subarray(BATCH_HEADER_BYTES), 0).slice(start, end);
    const records = read.map(recordBytes);
    const size = records.reduce((sum, record) => sum + batchSizeBound(record), 0);
    const { promises, resolves, rejects, timestamps } = this.#deliveries;
    const half = new ProducerBatch(this.place, new Uint8Array(size), false, {
      promises: promises.slice(start, end),
      resolves: resolves.slice(start, end),
      rejects: rejects.slice(start, end),
      timestamps: timestamps.slice(start, end),
    });
    for (const record of records) half.builder.append(record);
    half.isClosed = true;
    return half;
  }
}
