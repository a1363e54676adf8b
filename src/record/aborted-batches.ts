// Which batches of a run belong to aborted transactions, so that a reader of committed records leaves them out
// (org.apache.kafka.clients.consumer.internals.CompletedFetch does it from the same list).

import { type BatchHeader, isControl, isTransactional } from "./record-batch.ts";

export interface AbortedTransaction {
  readonly producerId: number;
  /** Of the transaction's first batch in the partition. */
  readonly firstOffset: number;
  /** Of its marker. */
  readonly lastOffset: number;
}

/**
 * Tells the batches of aborted transactions. Their markers are not among them: no reader is given those as records.
 * @param aborted those that have batches in the run, by their first offsets
 */
export function abortedFilter(aborted: readonly AbortedTransaction[]): (header: BatchHeader) => boolean {
  if (aborted.length === 0) return () => false;
  const byProducer = Map.groupBy(aborted, ({ producerId }) => producerId);
  return (header) => {
    if (!isTransactional(header) || isControl(header)) return false;
    const ofProducer = byProducer.get(header.producerId);
    return ofProducer !== undefined && isWithinOne(header.baseOffset, ofProducer);
  };
}

/** Transactions of one producer follow one another: only the last that begins at or before the offset can have it. */
function isWithinOne(offset: number, transactions: readonly AbortedTransaction[]): boolean {
  let low = 0;
  let high = transactions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (transactions[middle]!.firstOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return low > 0 && offset < transactions[low - 1]!.lastOffset;
}
