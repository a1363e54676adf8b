// A live tail as pages of decoded records, for the two doors that push: Server-Sent Events and WebSocket.

import type { TailStep } from "../../broker/messages/fetch.ts";
import type { ReadFailure, ReadResult } from "../../broker/ports.ts";
import { isFailure } from "../../common/errors.ts";
import { MAX_DECODED_BYTES, MAX_FETCH_RECORDS } from "../../common/limits/fetch.ts";
import type { DecodedRecord, RecordCodec } from "../../record/codec.ts";

/** Most records in a page: what is made into text at once. */
const PAGE_RECORDS = 500;

export interface TailPage {
  readonly partition: number;
  readonly records: readonly DecodedRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

export interface TailEnd {
  readonly partition: number;
  readonly failure: ReadFailure;
}

/** Pages with at least one record each, and the failure that ends the tail, if one does. */
export async function* tailPages(steps: AsyncIterable<TailStep>, codec: RecordCodec): AsyncGenerator<TailPage | TailEnd> {
  for await (const { partition, result } of steps) {
    if (isFailure(result)) {
      yield { partition, failure: result };
      return;
    }
    if (result.batches.byteLength > 0) yield* stepPages(partition, result, codec);
  }
}

function* stepPages(partition: number, result: ReadResult, codec: RecordCodec): Generator<TailPage | TailEnd> {
  const { highWatermark } = result;
  const batches = new Uint8Array(result.batches);
  let from = result.startOffset;
  while (from < result.nextOffset) {
    const limits = { maxRecords: MAX_FETCH_RECORDS, maxBytes: MAX_DECODED_BYTES };
    const decoded = codec.decode(batches, from, limits, result.abortedTransactions);
    if (isFailure(decoded)) {
      yield { partition, failure: decoded };
      return;
    }
    const { records, nextOffset } = decoded;
    if (nextOffset <= from) throw new Error(`the codec does not go on from offset ${from}`);
    for (let i = 0; i < records.length; i += PAGE_RECORDS) {
      const page = records.slice(i, i + PAGE_RECORDS);
      yield {
        partition,
        records: page,
        nextOffset: i + PAGE_RECORDS < records.length ? page.at(-1)!.offset + 1 : nextOffset,
        highWatermark,
      };
    }
    from = nextOffset;
  }
}

export function isTailEnd(page: TailPage | TailEnd): page is TailEnd {
  return "failure" in page;
}
