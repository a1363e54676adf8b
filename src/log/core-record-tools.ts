// The record tools that stand on the core.

import { MAX_DECOMPRESSED_BYTES } from "../common/limits.ts";
import { CONTROL_TYPE, controlRecordKey, endTxnMarker } from "../protocol/messages/control-records.ts";
import { decodeVersioned, encodeVersioned } from "../protocol/versioned.ts";
import { readBatchHeader, viewOf } from "../record/record-batch.ts";
import type { Core } from "../wasm/core.ts";
import { crc32c } from "../wasm/crc32c.ts";
import { decodeBatches, encodeBatch, setMaxTimestamp, validateBatches } from "../wasm/record-batches.ts";
import { findOffsetIndexEntry, findTimeIndexEntry, TIME_INDEX_ENTRY_BYTES } from "../wasm/search.ts";
import type { IndexSearch, RecordTools } from "./record-tools.ts";

const MAX_INT32 = 2 ** 31 - 1;

/** Of a control record's key and value: the only one there is. */
const CONTROL_VERSION = 0;

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

    encodeMarker({ producerId, producerEpoch, coordinatorEpoch, isCommit }, timestampMs) {
      const key = encodeVersioned(controlRecordKey, CONTROL_VERSION, { type: isCommit ? CONTROL_TYPE.commit : CONTROL_TYPE.abort });
      const value = encodeVersioned(endTxnMarker, CONTROL_VERSION, { coordinatorEpoch });
      const identity = { producerId, producerEpoch, isTransactional: true, isControl: true };
      return encodeBatch(core, [{ key, value, timestamp: timestampMs }], { compression: "none", ...identity }).buffer;
    },

    markerIn(batch) {
      const options = { maxDecompressedBytes: MAX_DECOMPRESSED_BYTES, skipBatch: () => false };
      const [record] = decodeBatches(core, batch, options);
      if (record === undefined || record.key === null || record.value === null) return null;
      const { type } = decodeVersioned(controlRecordKey, record.key);
      if (type !== CONTROL_TYPE.commit && type !== CONTROL_TYPE.abort) return null;
      const { coordinatorEpoch } = decodeVersioned(endTxnMarker, record.value);
      const { producerId, producerEpoch } = readBatchHeader(viewOf(batch));
      return { producerId, producerEpoch, coordinatorEpoch, isCommit: type === CONTROL_TYPE.commit };
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
