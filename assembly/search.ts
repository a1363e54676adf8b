// Searches in an offset index, a time index and a run of batches.
//
//   offset index entry   u32 relativeOffset | u32 position          big endian, relativeOffset going up
//   time index entry     i64 timestamp      | u32 relativeOffset    big endian, timestamp never going down
//
// Kafka's layouts (OffsetIndex, TimeIndex). Like its AbstractIndex, a search looks at the newest 8 KiB of entries first, where nearly
// all lookups end: a reader of the tail then touches the same few cache lines each time.

import { batchSizeAt, joinI64, loadI32, loadI64 } from "./record-batch";
import { BAD_LENGTH, NOT_FOUND } from "./status";

const OFFSET_ENTRY_BYTES: u32 = 8;
const TIME_ENTRY_BYTES: u32 = 12;
const WARM_BYTES: u32 = 8192;

/** First entry of the warm section of `count` entries. */
// @ts-ignore: decorator
@inline
function warmStart(count: u32, entryBytes: u32): u32 {
  const warm = WARM_BYTES / entryBytes;
  return count > warm ? count - warm : 0;
}

/**
 * The largest entry of an offset index whose offset is at or below `relativeOffset`.
 * @returns its index, or NOT_FOUND if all are above
 */
export function offsetIndexFind(index: usize, count: u32, relativeOffset: u32): i32 {
  const warm = warmStart(count, OFFSET_ENTRY_BYTES);
  const isWarm = warm < count && relativeOffsetAt(index, warm) <= relativeOffset;
  let low = isWarm ? warm : 0;
  let high = isWarm ? count : warm;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (relativeOffsetAt(index, middle) <= relativeOffset) low = middle + 1;
    else high = middle;
  }
  return low == 0 ? NOT_FOUND : <i32>(low - 1);
}

// @ts-ignore: decorator
@inline
function relativeOffsetAt(index: usize, entry: u32): u32 {
  return <u32>loadI32(index + <usize>(entry * OFFSET_ENTRY_BYTES));
}

/**
 * The first entry of a time index whose timestamp is at or above the given one (in two halves).
 * @returns its index, or NOT_FOUND if all are below
 */
export function timeIndexFind(index: usize, count: u32, timestampLow: u32, timestampHigh: u32): i32 {
  const timestamp = joinI64(timestampLow, timestampHigh);
  const warm = warmStart(count, TIME_ENTRY_BYTES);
  const isWarm = warm < count && timestampAt(index, warm) < timestamp;
  let low = isWarm ? warm + 1 : 0;
  let high = isWarm ? count : warm;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampAt(index, middle) < timestamp) low = middle + 1;
    else high = middle;
  }
  return low == count ? NOT_FOUND : <i32>low;
}

// @ts-ignore: decorator
@inline
function timestampAt(index: usize, entry: u32): i64 {
  return loadI64(index + <usize>(entry * TIME_ENTRY_BYTES));
}

/**
 * The first batch of a run whose last offset is at or above `offset` (in two halves): the one that holds it, or, where compaction
 * took it away, the next.
 * @returns its position in the run; NOT_FOUND; or BAD_LENGTH if a batch before it is not whole
 */
export function batchFindOffset(source: usize, sourceLength: u32, offsetLow: u32, offsetHigh: u32): i32 {
  const offset = joinI64(offsetLow, offsetHigh);
  const end = source + sourceLength;
  for (let batch = source; batch < end; ) {
    const size = batchSizeAt(batch, end);
    if (size == 0) return BAD_LENGTH;
    if (loadI64(batch) + <i64>loadI32(batch + 23) >= offset) return <i32>(batch - source);
    batch += <usize>size;
  }
  return NOT_FOUND;
}

/**
 * The first batch of a run whose maxTimestamp is at or above `timestamp` (in two halves).
 * @returns its position in the run; NOT_FOUND; or BAD_LENGTH if a batch before it is not whole
 */
export function batchFindTimestamp(source: usize, sourceLength: u32, timestampLow: u32, timestampHigh: u32): i32 {
  const timestamp = joinI64(timestampLow, timestampHigh);
  const end = source + sourceLength;
  for (let batch = source; batch < end; ) {
    const size = batchSizeAt(batch, end);
    if (size == 0) return BAD_LENGTH;
    if (loadI64(batch + 35) >= timestamp) return <i32>(batch - source);
    batch += <usize>size;
  }
  return NOT_FOUND;
}
