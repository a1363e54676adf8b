// Runs of batches as producers send them, planned with what must come of each: new records, or the offset of a first write where an
// idempotent producer repeats itself.

import { batchHeaders } from "../../src/record/record-batch.ts";
import type { Core } from "../../src/wasm/core.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import { joinRuns } from "./batches.ts";
import type { LogModel, ModelRecord } from "./log-model.ts";

/** A producer repeats one of its last batches, as many as a partition remembers. */
const REMEMBERED_BATCHES = 5;
const PRODUCER_COUNT = 4;
const MAX_RUN_BATCHES = 3;

/** Few, so that most records have a newer one of their key. */
const KEY_COUNT = 30;

/** What a plan goes by. */
export interface PlanOptions {
  readonly nowMs: number;
  /** Of a compacted topic, which takes no others. */
  readonly areKeyed: boolean;
}

interface PlannedBatch {
  readonly records: readonly ModelRecord[];
  readonly bytes: ArrayBuffer;
  /** -1 until it is written. */
  baseOffset: number;
}

export interface PlannedRun {
  readonly bytes: ArrayBuffer;
  readonly batches: readonly PlannedBatch[];
  /** null: none */
  readonly producer: Producer | null;
}

interface Producer {
  readonly producerId: number;
  producerEpoch: number;
  nextSequence: number;
  /** Of this epoch, oldest first. */
  batches: PlannedBatch[];
}

export class ModelProducers {
  readonly #core: Core;
  readonly #random: () => number;
  #producers: readonly Producer[];
  #before: readonly Producer[];
  #written = 0;

  constructor(core: Core, random: () => number) {
    this.#core = core;
    this.#random = random;
    this.#producers = Array.from({ length: PRODUCER_COUNT }, (_, producerId) => newProducer(producerId));
    this.#before = this.#producers;
  }

  /** Runs for one append, to be accepted or forgotten before the next are planned. */
  plan(count: number, options: PlanOptions): PlannedRun[] {
    this.#before = this.#producers.map((producer) => ({ ...producer, batches: [...producer.batches] }));
    return Array.from({ length: count }, () => {
      const producer = this.#below(2) === 0 ? null : this.#producers[this.#below(PRODUCER_COUNT)]!;
      if (producer !== null && producer.batches.length > 0 && this.#below(3) === 0) return this.#repetition(producer, options);
      if (producer !== null && this.#below(30) === 0) Object.assign(producer, newEpochOf(producer));
      const batches = Array.from({ length: 1 + this.#below(MAX_RUN_BATCHES) }, () => this.#newBatch(producer, options));
      return runOf(batches, producer);
    });
  }

  /** A run was written: adds what is new in it to the model. @returns the offset that it is to be answered with */
  accept({ batches }: PlannedRun, model: LogModel, logAppendTimeMs: number | null): number {
    for (const batch of batches) {
      if (batch.baseOffset >= 0) continue;
      batch.baseOffset = model.endOffset;
      const records = batch.records.map((record) => ({ ...record, timestamp: logAppendTimeMs ?? record.timestamp }));
      const [header] = batchHeaders(new Uint8Array(batch.bytes));
      model.append(records, header!);
    }
    return batches[0]!.baseOffset;
  }

  /** What was planned last was not written: its producers send other records with the same sequences. */
  forgetPlan(): void {
    this.#producers = this.#before;
  }

  /** One of the last batches again; if it is the last, new ones may follow in the same run. */
  #repetition(producer: Producer, options: PlanOptions): PlannedRun {
    const index = this.#below(producer.batches.length);
    const repeated = producer.batches[index]!;
    const isLast = index === producer.batches.length - 1;
    return runOf(isLast && this.#below(2) === 0 ? [repeated, this.#newBatch(producer, options)] : [repeated], producer);
  }

  #newBatch(producer: Producer | null, options: PlanOptions): PlannedBatch {
    const records = Array.from({ length: 1 + this.#below(4) }, () => this.#newRecord(options));
    const identity = producer === null ? {} : { ...identityOf(producer), baseSequence: producer.nextSequence };
    const compression = this.#below(5) === 0 ? ("lz4" as const) : ("none" as const);
    const bytes = encodeBatch(this.#core, records, { compression, ...identity }).buffer;
    const batch: PlannedBatch = { records, bytes, baseOffset: -1 };
    if (producer !== null) {
      producer.nextSequence += records.length;
      producer.batches.push(batch);
      if (producer.batches.length > REMEMBERED_BATCHES) producer.batches.shift();
    }
    return batch;
  }

  #newRecord({ nowMs, areKeyed }: PlanOptions): ModelRecord {
    return {
      key: areKeyed || this.#below(4) > 0 ? `key ${this.#below(KEY_COUNT)}` : null,
      value: this.#below(4) === 0 ? null : `${this.#written++}${"x".repeat(this.#below(this.#below(10) === 0 ? 900 : 60))}`,
      timestamp: nowMs - this.#below(60_000) + this.#below(20_000),
    };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function newProducer(producerId: number): Producer {
  return { producerId, producerEpoch: 0, nextSequence: 0, batches: [] };
}

function newEpochOf({ producerEpoch }: Producer): Partial<Producer> {
  return { producerEpoch: producerEpoch + 1, nextSequence: 0, batches: [] };
}

function identityOf({ producerId, producerEpoch }: Producer): { producerId: number; producerEpoch: number } {
  return { producerId, producerEpoch };
}

function runOf(batches: readonly PlannedBatch[], producer: Producer | null): PlannedRun {
  return { bytes: joinRuns(...batches.map((batch) => batch.bytes)), batches, producer };
}
