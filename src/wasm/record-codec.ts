// The doors' view of stored batches (src/record/codec.ts), through the core.

import { type AbortedTransaction, abortedFilter } from "../record/aborted-batches.ts";
import type { DecodedRecords, DecodeLimits, RecordCodec } from "../record/codec.ts";
import { type BatchHeader, batchHeaders, isControl, lastOffset } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { decodeWithin } from "./decode-batches.ts";

/** @param maxDecompressedBytes of one batch; what was stored was held to it when it was written */
export function createRecordCodec(core: Core, maxDecompressedBytes: number): RecordCodec {
  return {
    decode(batches: Uint8Array, fromOffset: number, limits: DecodeLimits, aborted: readonly AbortedTransaction[] = []): DecodedRecords {
      const isAborted = abortedFilter(aborted);
      const skipBatch = (header: BatchHeader): boolean => isControl(header) || isAborted(header);
      const { records, bytes, isCut } = decodeWithin(core, batches, { ...limits, fromOffset, maxDecompressedBytes, skipBatch });
      let nextOffset = fromOffset;
      if (isCut) nextOffset = (records.at(-1)?.offset ?? fromOffset - 1) + 1;
      else for (const header of batchHeaders(batches)) nextOffset = Math.max(nextOffset, lastOffset(header) + 1);
      return { records, bytes, nextOffset };
    },
  };
}
