// The isolate's instance of the core, and the log's tools that stand on it.

import coreModule from "../../build/core.wasm";
import { MAX_DECOMPRESSED_BYTES } from "../common/limits.ts";
import type { RecordTools } from "../log/record-tools.ts";
import { Core } from "../wasm/core.ts";
import { decodeBatches, setMaxTimestamp } from "../wasm/record-batches.ts";

export const core = new Core(coreModule);

export const recordTools: RecordTools = {
  firstAtOrAfter(batch, timestamp, fromOffset) {
    const records = decodeBatches(core, batch, { fromOffset, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES });
    const found = records.find((record) => record.timestamp >= timestamp);
    return found === undefined ? null : { offset: found.offset, timestamp: found.timestamp };
  },

  setLogAppendTime(batch, timestampMs) {
    batch.set(setMaxTimestamp(core, batch, { maxTimestamp: timestampMs, isLogAppendTime: true }));
  },
};
