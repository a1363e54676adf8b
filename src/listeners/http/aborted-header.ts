// What a fetch of stored batches says of aborted transactions, so that its reader can leave their batches out: a header,
// `x-aborted-transactions: PRODUCER_ID:FIRST-LAST,…`, LAST being the offset of the marker. A header holds so much and no more: an answer
// that has batches of more transactions is cut where the next one begins.

import type { ReadResult } from "../../broker/ports.ts";
import { MAX_ABORTED_IN_HEADER } from "../../common/limits/http.ts";
import { batchHeaders } from "../../record/record-batch.ts";

/** The result, or as much of it as one header can tell about. */
export function cutToHeader(result: ReadResult, maxCount = MAX_ABORTED_IN_HEADER): ReadResult {
  const aborted = result.abortedTransactions ?? [];
  if (aborted.length <= maxCount) return result;
  const headers = [...batchHeaders(new Uint8Array(result.batches))];
  const [first, ...rest] = headers;
  const cut = aborted.findIndex(({ firstOffset }, index) => index >= maxCount && firstOffset > (first?.baseOffset ?? 0));
  const nextOffset = aborted[cut]?.firstOffset;
  const end = nextOffset === undefined ? undefined : rest.find(({ baseOffset }) => baseOffset >= nextOffset)?.position;
  if (nextOffset === undefined || end === undefined) return result;
  return { ...result, batches: result.batches.slice(0, end), nextOffset, abortedTransactions: aborted.slice(0, cut) };
}

export function abortedHeader({ abortedTransactions = [] }: ReadResult): Record<string, string> {
  if (abortedTransactions.length === 0) return {};
  const texts = abortedTransactions.map(({ producerId, firstOffset, lastOffset }) => `${producerId}:${firstOffset}-${lastOffset}`);
  return { "x-aborted-transactions": texts.join(",") };
}
