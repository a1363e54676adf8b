// The doors' view of stored batches (src/record/codec.ts), through the core.

import { type Failure, failure } from "../common/errors.ts";
import { type AbortedTransaction, abortedFilter } from "../record/aborted-batches.ts";
import type { DecodedRecords, DecodeLimits, RecordCodec } from "../record/codec.ts";
import { type BatchHeader, batchHeaders, isControl, lastOffset } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { decodeWithin } from "./decode-batches.ts";

/** @param maxDecompressedBytes of one batch; what was stored was held to it when it was written */
export function createRecordCodec(core: Core, maxDecompressedBytes: number): RecordCodec {
  return {
    decode(
      batches: Uint8Array,
      fromOffset: number,
      limits: DecodeLimits,
      aborted: readonly AbortedTransaction[] = [],
    ): DecodedRecords | Failure {
      const isAborted = abortedFilter(aborted);
      const skipBatch = (header: BatchHeader): boolean => isControl(header) || isAborted(header);
      const options = { ...limits, fromOffset, maxDecompressedBytes, skipBatch, checkCrc: true };
      const { records, bytes, isCut, damage } = decodeWithin(core, batches, options);
      if (damage !== null) {
        const { baseOffset, error } = damage;
        return baseOffset > fromOffset ? { records, bytes, nextOffset: baseOffset } : damaged(baseOffset, error.message);
      }
      const nextOffset = isCut ? (records.at(-1)?.offset ?? fromOffset - 1) + 1 : afterLast(batches, fromOffset);
      return nextOffset === null ? damaged(fromOffset, "no whole batch is there") : { records, bytes, nextOffset };
    },
  };
}

/** Where to go on after all batches; null where there is none. */
function afterLast(batches: Uint8Array, fromOffset: number): number | null {
  let endOffset: number | null = null;
  for (const header of batchHeaders(batches)) endOffset = Math.max(endOffset ?? fromOffset, lastOffset(header) + 1);
  return endOffset;
}

function damaged(baseOffset: number, reason: string): Failure {
  return failure("KAFKA_STORAGE_ERROR", `the stored batch at offset ${baseOffset} is damaged, read on behind it: ${reason}`);
}
