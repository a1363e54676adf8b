// The doors' view of stored batches (src/record/codec.ts), through the core.

import type { DecodedRecord, DecodedRecords, RecordCodec } from "../record/codec.ts";
import { batchHeaders, isControl, lastOffset } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { decodeBatches } from "./decode-batches.ts";

/** @param maxDecompressedBytes of one batch; what was stored was held to it when it was written */
export function createRecordCodec(core: Core, maxDecompressedBytes: number): RecordCodec {
  return {
    decode(batches: Uint8Array, fromOffset: number, maxRecords: number): DecodedRecords {
      const records: readonly DecodedRecord[] = decodeBatches(core, batches, {
        fromOffset,
        maxRecords,
        maxDecompressedBytes,
        skipBatch: isControl,
      });
      const last = records.at(-1);
      if (last !== undefined && records.length === maxRecords) return { records, nextOffset: last.offset + 1 };
      let nextOffset = fromOffset;
      for (const header of batchHeaders(batches)) nextOffset = lastOffset(header) + 1;
      return { records, nextOffset: Math.max(nextOffset, fromOffset) };
    },
  };
}
