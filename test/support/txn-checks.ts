// What must hold of what a partition stores of aborted transactions, beside its log: the transaction indexes in the archive, and the entries
// that reads are told by.

import type { PartitionUnderFaults } from "./partition-under-faults.ts";
import { DELETING, equal } from "./stored-log.ts";
import type { ModelTransaction, TxnModel } from "./txn-model.ts";

/** Of one aborted transaction in a transaction index (Kafka's AbortedTxn). */
const ABORTED_TXN_BYTES = 34;

/**
 * Checks that a segment that was not compacted has its aborted transactions beside it, or no such object.
 * @returns how many transaction indexes there are
 */
export function checkTxnIndexes({ disk, bucket }: PartitionUnderFaults, model: TxnModel): number {
  let count = 0;
  for (const { archive, baseOffset, endOffset, generation, place } of disk.segmentsFrom(0)) {
    if (archive === null || generation > 0 || place === DELETING) continue;
    const stem = `topics/t/0/${String(baseOffset).padStart(20, "0")}.${archive.leaderEpoch}.0.${archive.attempt}`;
    const own = model.transactions.filter((one) => isAborted(one) && baseOffset <= one.markerOffset && one.markerOffset < endOffset);
    const bytes = bucket.objects.get(`${stem}.txnindex`);
    if (baseOffset >= model.logStartOffset) equal(bytes?.byteLength ?? 0, own.length * ABORTED_TXN_BYTES, `bytes of ${stem}.txnindex`);
    if (bytes !== undefined) count++;
  }
  return count;
}

/**
 * Checks that what is stored of aborted transactions is right, and is there as long as the marker is.
 * @param markers offsets of those that are left; @returns whether some are forgotten
 */
export function checkAborted({ disk }: PartitionUnderFaults, model: TxnModel, markers: ReadonlySet<number>): boolean {
  const { logStartOffset, lastStableOffset, transactions, isCompacted } = model;
  const aborted = transactions.filter((one) => isAborted(one) && one.markerOffset >= logStartOffset);
  const left = aborted.filter(({ markerOffset }) => markers.has(markerOffset) || markerOffset >= lastStableOffset);
  const stored = [...disk.abortedFrom(0)];
  const offsetsLeft = left.map(({ markerOffset }) => markerOffset).sort((one, other) => one - other);
  equal(stored.map(({ lastOffset }) => lastOffset).join(), offsetsLeft.join(), "aborts");
  if (left.length < aborted.length && !isCompacted) throw new Error("markers went without compaction");
  for (const { firstOffset, lastOffset, lastStableOffset: stableThen } of stored) {
    const isKnown = aborted.some((one) => one.firstOffset === firstOffset && one.markerOffset === lastOffset);
    equal(isKnown, true, `stored abort at ${lastOffset}`);
    const open = transactions.filter((one) => one.firstOffset < lastOffset && (one.markerOffset < 0 || one.markerOffset > lastOffset));
    equal(stableThen, Math.min(lastOffset + 1, ...open.map((one) => one.firstOffset)), `last stable offset at ${lastOffset}`);
  }
  return left.length < aborted.length;
}

/** Or open: then its marker is at -1, before every segment and every log start. */
function isAborted({ isCommitted }: ModelTransaction): boolean {
  return !isCommitted;
}
