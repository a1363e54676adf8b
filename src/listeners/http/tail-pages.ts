// A live tail as pages of decoded records, for the two doors that push: Server-Sent Events and WebSocket.

import type { TailStep } from "../../broker/broker.ts";
import type { ReadFailure } from "../../broker/ports.ts";
import { isFailure } from "../../common/errors.ts";
import type { DecodedRecord, RecordCodec } from "../../record/codec.ts";

/** Records decoded at once: what a slow reader holds in memory. */
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
    let from = result.startOffset;
    while (from < result.nextOffset && result.batches.byteLength > 0) {
      const { records, nextOffset } = codec.decode(new Uint8Array(result.batches), from, PAGE_RECORDS);
      if (records.length > 0) yield { partition, records, nextOffset, highWatermark: result.highWatermark };
      if (nextOffset <= from) throw new Error(`the codec does not go on from offset ${from}`);
      from = nextOffset;
    }
  }
}

export function isTailEnd(page: TailPage | TailEnd): page is TailEnd {
  return "failure" in page;
}
