// Searches in plain TypeScript, one entry after another: what the core's are compared with. Not bundled.

import { BATCH_HEADER_BYTES } from "../../record/record-batch.ts";

/** Index of the largest offset index entry at or below `relativeOffset`, or -1. */
export function offsetIndexTwin(index: DataView, relativeOffset: number): number {
  let found = -1;
  for (let entry = 0; (entry + 1) * 8 <= index.byteLength; entry++) if (index.getUint32(entry * 8) <= relativeOffset) found = entry;
  return found;
}

/** Index of the first time index entry at or above `timestamp`, or -1. */
export function timeIndexTwin(index: DataView, timestamp: bigint): number {
  for (let entry = 0; (entry + 1) * 12 <= index.byteLength; entry++) if (index.getBigInt64(entry * 12) >= timestamp) return entry;
  return -1;
}

/** Position of the first batch in a run of whole batches for which `isIt` holds, or -1. */
export function batchTwin(run: DataView, isIt: (batch: { lastOffset: bigint; maxTimestamp: bigint }) => boolean): number {
  for (let position = 0; position + BATCH_HEADER_BYTES <= run.byteLength; position += run.getInt32(position + 8) + 12) {
    const lastOffset = run.getBigInt64(position) + BigInt(run.getInt32(position + 23));
    if (isIt({ lastOffset, maxTimestamp: run.getBigInt64(position + 35) })) return position;
  }
  return -1;
}
