// Which transactions have batches left in a log that is being compacted, so that a marker goes only after the last batch that it decides
// (org.apache.kafka.storage.internals.log.CleanedTransactionMetadata). It is told of every batch in the order of the log.
//
// A batch counts although this round takes it away, as in Kafka: its marker's time begins in the next round. Where the walk does not begin
// at the start of the log, as after a restart, the first marker of a producer may end a transaction whose batches lie before: it stays.

import { type BatchHeader, isControl, isTransactional } from "../../record/record-batch.ts";

export class TransactionRemains {
  /** Producers with batches since their last marker. */
  readonly #withBatches = new Set<number>();
  /** Producers whose transactions were seen from their first batch on; null: all. */
  readonly #known: Set<number> | null;

  /** @param isFromStart whether the walk begins at the start of the log */
  constructor(isFromStart: boolean) {
    this.#known = isFromStart ? null : new Set();
  }

  /** @returns whether the batch is a marker that ends a transaction without batches */
  pass(header: BatchHeader): boolean {
    const { producerId } = header;
    if (!isTransactional(header)) return false;
    if (!isControl(header)) {
      this.#withBatches.add(producerId);
      return false;
    }
    const isEmpty = !this.#withBatches.delete(producerId) && (this.#known?.has(producerId) ?? true);
    this.#known?.add(producerId);
    return isEmpty;
  }
}
