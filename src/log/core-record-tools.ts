// The record tools that stand on the core.

import { MAX_DECOMPRESSED_BYTES } from "../common/limits.ts";
import type { Core } from "../wasm/core.ts";
import { decodeBatches, setMaxTimestamp } from "../wasm/record-batches.ts";
import type { RecordTools } from "./record-tools.ts";

export function createRecordTools(core: Core): RecordTools {
  return {
    firstAtOrAfter(batch, timestamp, fromOffset) {
      const records = decodeBatches(core, batch, { fromOffset, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES });
      const found = records.find((record) => record.timestamp >= timestamp);
      return found === undefined ? null : { offset: found.offset, timestamp: found.timestamp };
    },

    setLogAppendTime(batch, timestampMs) {
      batch.set(setMaxTimestamp(core, batch, { maxTimestamp: timestampMs, isLogAppendTime: true }));
    },
  };
}
