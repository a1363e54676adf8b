// The batch tools that stand on the core.

import { MAX_DECOMPRESSED_BYTES } from "../../common/limits/records.ts";
import { type BatchHeader, isControl, isLogAppendTime, isTransactional } from "../../record/record-batch.ts";
import type { Core } from "../../wasm/core.ts";
import { codecOf, decodeStoredRecords, encodeBatch, encodeEmptyBatch } from "../../wasm/record-batches.ts";
import type { BatchTools } from "./batch-tools.ts";

export function createBatchTools(core: Core): BatchTools {
  return {
    records(batch) {
      return decodeStoredRecords(core, batch, { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES, skipBatch: () => false });
    },

    rebuild(header, records, deleteHorizonMs) {
      const { baseOffset, partitionLeaderEpoch, producerId, producerEpoch, baseSequence, lastOffsetDelta } = header;
      const inputs = records.map((record) => ({ ...record, offsetDelta: record.offset - baseOffset }));
      return encodeBatch(core, inputs, {
        ...{ baseOffset, partitionLeaderEpoch, producerId, producerEpoch, baseSequence, lastOffsetDelta },
        compression: codecOf(header),
        isTransactional: isTransactional(header),
        isControl: isControl(header),
        ...(isLogAppendTime(header) && { logAppendTimeMs: header.maxTimestamp }),
        ...(deleteHorizonMs !== null && { deleteHorizonMs }),
      });
    },

    emptied(header: BatchHeader) {
      return encodeEmptyBatch(core, header);
    },
  };
}
