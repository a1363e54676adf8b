// What transactional producers and coordinators send to a partition: batches, markers of both kinds, and with each what becomes of the model
// (txn-model.ts) where it is written. Some producers have an epoch for each transaction (KIP-890, part 2).

import type { AppendItem } from "../../src/log/append-plan.ts";
import type { TxnMarker } from "../../src/log/txn-marker.ts";
import type { Core } from "../../src/wasm/core.ts";
import { encodeBatch } from "../../src/wasm/record-batches.ts";
import type { TxnModel } from "./txn-model.ts";

const PRODUCER_COUNT = 5;
const KEY_COUNT = 8;

export interface TxnProducer {
  readonly producerId: number;
  producerEpoch: number;
  nextSequence: number;
  /** The end of a transaction raises the epoch. */
  hasOwnEpochs: boolean;
}

export interface KeyedRecord {
  readonly key: string;
  readonly value: string;
}

/** One item of an append, and what becomes of the model where it is written. */
export interface PlannedItem {
  readonly item: AppendItem;
  readonly accept: () => void;
}

export class TxnProducers {
  readonly all: readonly TxnProducer[] = Array.from({ length: PRODUCER_COUNT }, (_, index) => ({
    ...{ producerId: index + 1, producerEpoch: 0, nextSequence: 0 },
    hasOwnEpochs: index % 2 === 0,
  }));
  readonly #core: Core;
  readonly #model: TxnModel;
  readonly #below: (limit: number) => number;
  readonly #now: () => number;
  #written = 0;

  constructor(core: Core, model: TxnModel, { below, now }: { readonly below: (limit: number) => number; readonly now: () => number }) {
    this.#core = core;
    this.#model = model;
    this.#below = below;
    this.#now = now;
  }

  newRecords(): KeyedRecord[] {
    return Array.from({ length: 1 + this.#below(3) }, () => ({
      key: `k${this.#below(KEY_COUNT)}`,
      value: `${this.#written++}${"x".repeat(this.#below(40))}`,
    }));
  }

  /** @param producer null: nobody's transaction */
  encode(producer: TxnProducer | null, records: readonly KeyedRecord[]): ArrayBuffer {
    const inputs = records.map((record) => ({ ...record, timestamp: this.#now() }));
    const compression = this.#below(5) === 0 ? "lz4" : "none";
    if (producer === null) return encodeBatch(this.#core, inputs, { compression }).buffer;
    const { producerId, producerEpoch, nextSequence: baseSequence } = producer;
    return encodeBatch(this.#core, inputs, { compression, producerId, producerEpoch, baseSequence, isTransactional: true }).buffer;
  }

  /** The first batch of a transaction, as the edge sends it again. */
  verified(producer: TxnProducer, records: readonly KeyedRecord[], verification: number): AppendItem {
    return { bytes: this.encode(producer, records), verification, ...(producer.hasOwnEpochs && { hasOwnEpoch: true }) };
  }

  /** @param verification of the transaction that the batch begins; undefined: it is open */
  planTransactional(producer: TxnProducer, records: readonly KeyedRecord[], verification: number | undefined): PlannedItem {
    return {
      item: verification === undefined ? this.encode(producer, records) : this.verified(producer, records, verification),
      accept: () => {
        producer.nextSequence += records.length;
        this.#model.append(records, producer.producerId);
      },
    };
  }

  planPlain(): PlannedItem {
    const records = this.newRecords();
    return { item: this.encode(null, records), accept: () => this.#model.append(records, null) };
  }

  planMarker({ producerId, producerEpoch }: Pick<TxnProducer, "producerId" | "producerEpoch">, isCommit: boolean): PlannedItem {
    const item: TxnMarker = { producerId, producerEpoch, coordinatorEpoch: 0, isCommit };
    return { item, accept: () => this.#model.end(producerId, isCommit) };
  }

  /** The end of a transaction by its producer. @param raised its epoch was raised */
  planEnd(producer: TxnProducer, isCommit: boolean, raised: () => void): PlannedItem {
    if (!producer.hasOwnEpochs) return this.planMarker(producer, isCommit);
    return this.planRaised(producer, isCommit, raised);
  }

  /** A marker in the producer's next epoch, which begins with it. */
  planRaised(producer: TxnProducer, isCommit: boolean, raised: () => void): PlannedItem {
    const { item, accept } = this.planMarker({ ...producer, producerEpoch: producer.producerEpoch + 1 }, isCommit);
    return {
      item,
      accept: () => {
        producer.producerEpoch += 1;
        producer.nextSequence = 0;
        raised();
        accept();
      },
    };
  }
}
