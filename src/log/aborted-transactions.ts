// Transactions that were aborted, by which readers leave out their batches (org.apache.kafka.storage.internals.log: TransactionIndex,
// AbortedTxn). An entry is written with the abort's marker, in the same transaction of the store, and goes with it.
//
// In the archive, a segment's entries stand in its .txnindex object, which is there only where the segment has any. Entries in the order
// of their markers, big endian, 34 bytes each:
//
//    0 i16 version            0
//    2 i64 producerId
//   10 i64 firstOffset        of the transaction's first batch in the partition
//   18 i64 lastOffset         of its marker
//   26 i64 lastStableOffset   of the log once it was aborted: transactions that begin before it have their entries up to here

import type { AbortedTransaction } from "../record/aborted-batches.ts";
import { writeInt64 } from "../record/int64.ts";

export interface AbortedEntry extends AbortedTransaction {
  /** Of the log once it was aborted: what begins before it is decided, so its entry is this one or an earlier one. */
  readonly lastStableOffset: number;
}

/** What a store tells of them: entries whose marker is at or after an offset, in the order of their markers. */
export interface AbortedEntries {
  abortedFrom(offset: number): Iterable<AbortedEntry>;
}

const ENTRY_VERSION = 0;
const ENTRY_BYTES = 34;

/** Those that have offsets in a range, by their first offsets. Reads one entry more than it needs at most. */
export function abortedBetween(entries: AbortedEntries, startOffset: number, endOffset: number): AbortedEntry[] {
  const found: AbortedEntry[] = [];
  for (const entry of entries.abortedFrom(startOffset)) {
    if (entry.firstOffset < endOffset) found.push(entry);
    if (entry.lastStableOffset >= endOffset) break;
  }
  return found.sort((a, b) => a.firstOffset - b.firstOffset);
}

/** As much of a range as `maxCount` of them say enough about: all of it, unless there are more. */
export function abortedWithin(
  entries: AbortedEntries,
  startOffset: number,
  endOffset: number,
  maxCount: number,
): { readonly aborted: readonly AbortedTransaction[]; readonly endOffset: number } {
  const aborted = abortedBetween(entries, startOffset, endOffset);
  if (aborted.length <= maxCount) return { aborted, endOffset };
  const cut = aborted.findIndex(({ firstOffset }, index) => index >= maxCount && firstOffset > startOffset);
  return cut === -1 ? { aborted, endOffset } : { aborted: aborted.slice(0, cut), endOffset: aborted[cut]!.firstOffset };
}

/** The .txnindex object of a segment; empty where it has no aborts. */
export function encodeTxnIndex(entries: AbortedEntries, baseOffset: number, endOffset: number): ArrayBuffer {
  const own: AbortedEntry[] = [];
  for (const entry of entries.abortedFrom(baseOffset)) {
    if (entry.lastOffset >= endOffset) break;
    own.push(entry);
  }
  const view = new DataView(new ArrayBuffer(own.length * ENTRY_BYTES));
  for (const [index, { producerId, firstOffset, lastOffset, lastStableOffset }] of own.entries()) {
    const at = index * ENTRY_BYTES;
    view.setInt16(at, ENTRY_VERSION);
    writeInt64(view, at + 2, producerId);
    writeInt64(view, at + 10, firstOffset);
    writeInt64(view, at + 18, lastOffset);
    writeInt64(view, at + 26, lastStableOffset);
  }
  return view.buffer;
}
