// The record tools that stand on the core.

import { MAX_DECOMPRESSED_BYTES } from "../common/limits/records.ts";
import { CONTROL_TYPE, controlRecordKey, endTxnMarker } from "../protocol/messages/control-records.ts";
import { decodeVersioned, encodeVersioned } from "../protocol/versioned.ts";
import { readBatchHeader, viewOf } from "../record/record-batch.ts";
import type { Core } from "../wasm/core.ts";
import { crc32c } from "../wasm/crc32c.ts";
import { decodeBatches, encodeBatch, setMaxTimestamp, validateBatches } from "../wasm/record-batches.ts";
import { findOffsetIndexEntry, findTimeIndexEntry, offsetIndexPositionAt, timeIndexOffsetAt } from "../wasm/search.ts";
import type { IndexSearch, RecordTools } from "./record-tools.ts";

const MAX_INT32 = 2 ** 31 - 1;

/** Of a control record's key and value: the only one there is. */
const CONTROL_VERSION = 0;

export function createRecordTools(core: Core): RecordTools {
  return {
    firstAtOrAfter(batch, timestamp, fromOffset) {
      // Markers too, as in Kafka (FileRecords.searchForTimestamp): theirs may be the largest timestamp of the log.
      const options = { fromOffset, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES, skipBatch: () => false };
      const records = decodeBatches(core, batch, options);
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
    rangeOf(offsetIndex, first, last) {
      const before = findOffsetIndexEntry(core, offsetIndex, first);
      if (last === null) return { position: before?.position ?? 0, endPosition: null };
      const atLast = first === last ? before : findOffsetIndexEntry(core, offsetIndex, last);
      // An entry has its batch's last offset: one below `last` ends before the batch with it, which the next entry's is at the latest.
      const holder = atLast?.relativeOffset === last ? atLast.index : (atLast?.index ?? -1) + 1;
      return { position: before?.position ?? 0, endPosition: offsetIndexPositionAt(offsetIndex, holder + 1) };
    },

    offsetsAround(timeIndex, timestamp) {
      const entry = findTimeIndexEntry(core, timeIndex, timestamp);
      if (entry === null) return null;
      const first = entry.index === 0 ? 0 : timeIndexOffsetAt(timeIndex, entry.index - 1);
      return { first, last: entry.relativeOffset };
    },
  };
}
