// The record tools that stand on the core.

import { MAX_DECOMPRESSED_BYTES } from "../common/limits.ts";
import type { Core } from "../wasm/core.ts";
import { crc32c } from "../wasm/crc32c.ts";
import { decodeBatches, setMaxTimestamp, validateBatches } from "../wasm/record-batches.ts";
import { findOffsetIndexEntry, findTimeIndexEntry, TIME_INDEX_ENTRY_BYTES } from "../wasm/search.ts";
import type { IndexSearch, RecordTools } from "./record-tools.ts";

const MAX_INT32 = 2 ** 31 - 1;

export function createRecordTools(core: Core): RecordTools {
  return {
    firstAtOrAfter(batch, timestamp, fromOffset) {
      const records = decodeBatches(core, batch, { fromOffset, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES });
      const found = records.find((record) => record.timestamp >= timestamp);
      return found === undefined ? null : { offset: found.offset, timestamp: found.timestamp };
    },

    isIntact(batch) {
      return validateBatches(core, batch, { maxRecords: MAX_INT32, maxDecompressedBytes: 0, isFromClient: false, headersOnly: true }).ok;
    },

    crc32c(bytes, seed) {
      return crc32c(core, bytes, seed);
    },

    setLogAppendTime(batch, timestampMs) {
      batch.set(setMaxTimestamp(core, batch, { maxTimestamp: timestampMs, isLogAppendTime: true }));
    },
  };
}

export function createIndexSearch(core: Core): IndexSearch {
  return {
    positionOf(offsetIndex, relativeOffset) {
      return findOffsetIndexEntry(core, offsetIndex, relativeOffset)?.position ?? 0;
    },

    lastOffsetBefore(timeIndex, timestamp) {
      const place = findTimeIndexEntry(core, timeIndex, timestamp);
      const before = (place === null ? timeIndex.length : place.index * TIME_INDEX_ENTRY_BYTES) - TIME_INDEX_ENTRY_BYTES;
      return before < 0 ? null : new DataView(timeIndex.buffer, timeIndex.byteOffset).getUint32(before + 8);
    },
  };
}
