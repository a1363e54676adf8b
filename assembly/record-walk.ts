// The records of one batch, walked: what validation and decoding have in common. Every record must be well formed, the offset deltas
// must go up and end within lastOffsetDelta, the timestamps must be -1 or later and exact in JavaScript, and nothing may trail.
//
// A walk leaves a summary in static memory until the next one (the getters at the end).

import { CODEC_NONE, decompress } from "./compression/codec";
import { setRecordIndex } from "./outcome";
import { ENTRY_BYTES, readRecord } from "./record";
import { CODEC_MASK, HEADER_BYTES, LOG_APPEND_TIME, MAX_SAFE_INTEGER, loadI16, loadI32, loadI64 } from "./record-batch";
import {
  BAD_ATTRIBUTES,
  BAD_COMPRESSION,
  BAD_OFFSET,
  BAD_RECORD,
  BAD_TIMESTAMP,
  CHECKSUM_MISMATCH,
  CORRUPT,
} from "./status";

/** A record without a time of its own. */
const NO_TIMESTAMP: i64 = -1;

/** The entry of a walk whose entries nobody wants. */
export const DISCARDED_ENTRY: usize = memory.data(40, 8);

//  0 i64 maxTimestamp   NO_TIMESTAMP if there are no records
//  8 i64 minTimestamp   of those that have one; NO_TIMESTAMP if none has
// 16 i32 offsetDelta of the first record with maxTimestamp; -1 if there are no records
// 20 u32 nullKeyCount
const SUMMARY: usize = memory.data(24, 8);

/** The codec of a batch, which may be an unknown number. */
// @ts-ignore: decorator
@inline
export function codecOf(batch: usize): u32 {
  return <u32>loadI16(batch + 21) & CODEC_MASK;
}

/**
 * Decompresses the records of a batch of `size` bytes to `plain`, if they are compressed.
 * @returns the bytes of records, which stand at `plain`, or after the header if the batch is not compressed; or a status
 */
export function openRecords(batch: usize, size: u32, plain: usize, plainCapacity: u32): i32 {
  const codec = codecOf(batch);
  if (codec == CODEC_NONE) return <i32>(size - HEADER_BYTES);
  if (codec > 4) return BAD_ATTRIBUTES;
  const status = decompress(codec, batch + HEADER_BYTES, size - HEADER_BYTES, plain, plainCapacity);
  return status == CORRUPT || status == CHECKSUM_MISMATCH ? BAD_COMPRESSION : status;
}

/**
 * Walks the records [position, end) of the batch whose header is at `batch`.
 * @param origin what the positions in the entries are counted from
 * @param entries receives one entry (record.ts) a record if `keepEntries`, otherwise holds one that is overwritten
 * @returns 0, or the status of the first fault, its record in the outcome
 */
export function walkRecords(batch: usize, position: usize, end: usize, origin: usize, entries: usize, keepEntries: bool): i32 {
  const count = loadI32(batch + 57);
  const lastOffsetDelta = loadI32(batch + 23);
  const baseTimestamp = loadI64(batch + 27);
  const isLogAppendTime = (loadI16(batch + 21) & LOG_APPEND_TIME) != 0;
  const appendTime = loadI64(batch + 35);
  const stride: usize = keepEntries ? <usize>ENTRY_BYTES : 0;
  let entry = entries;
  let previousDelta: i32 = -1;
  let maxTimestamp: i64 = i64.MIN_VALUE;
  let minTimestamp: i64 = i64.MAX_VALUE;
  let maxOffsetDelta: i32 = -1;
  let nullKeys: u32 = 0;

  for (let index: i32 = 0; index < count; index++) {
    position = readRecord(position, end, origin, entry);
    const offsetDelta = load<i32>(entry);
    const timestamp = isLogAppendTime ? appendTime : baseTimestamp + load<i64>(entry, 8);
    if (
      position == 0 ||
      offsetDelta <= previousDelta ||
      offsetDelta > lastOffsetDelta ||
      <u64>(timestamp - NO_TIMESTAMP) > <u64>(MAX_SAFE_INTEGER - NO_TIMESTAMP)
    ) {
      setRecordIndex(index);
      if (position == 0) return BAD_RECORD;
      return offsetDelta <= previousDelta || offsetDelta > lastOffsetDelta ? BAD_OFFSET : BAD_TIMESTAMP;
    }
    previousDelta = offsetDelta;
    store<i64>(entry, timestamp, 8);
    if (timestamp > maxTimestamp) {
      maxTimestamp = timestamp;
      maxOffsetDelta = offsetDelta;
    }
    if (timestamp < minTimestamp && timestamp != NO_TIMESTAMP) minTimestamp = timestamp;
    nullKeys += load<u32>(entry, 20) >> 31;
    entry += stride;
  }
  summarize(maxTimestamp, minTimestamp, maxOffsetDelta, nullKeys);
  return position == end ? 0 : BAD_RECORD;
}

function summarize(maxTimestamp: i64, minTimestamp: i64, maxOffsetDelta: i32, nullKeys: u32): void {
  store<i64>(SUMMARY, maxTimestamp == i64.MIN_VALUE ? NO_TIMESTAMP : maxTimestamp);
  store<i64>(SUMMARY, minTimestamp == i64.MAX_VALUE ? NO_TIMESTAMP : minTimestamp, 8);
  store<i32>(SUMMARY, maxOffsetDelta, 16);
  store<u32>(SUMMARY, nullKeys, 20);
}

/** Copies the summary of the last walk, 24 bytes as drawn above. */
export function copySummary(destination: usize): void {
  memory.copy(destination, SUMMARY, 24);
}
