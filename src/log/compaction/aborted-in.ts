// Tells the batches of aborted transactions in a slice of a segment.

import { abortedFilter } from "../../record/aborted-batches.ts";
import { type BatchHeader, batchHeaders, lastOffset } from "../../record/record-batch.ts";
import { type AbortedEntries, abortedBetween } from "../aborted-transactions.ts";

export function abortedIn(slice: ArrayBuffer, entries: AbortedEntries): (header: BatchHeader) => boolean {
  const headers = [...batchHeaders(new Uint8Array(slice))];
  const [first, last] = [headers[0], headers.at(-1)];
  return abortedFilter(first === undefined || last === undefined ? [] : abortedBetween(entries, first.baseOffset, lastOffset(last) + 1));
}
