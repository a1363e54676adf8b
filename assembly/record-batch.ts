// Record batch, magic 2 (KIP-98): the header, big endian.
//
//    0 i64 baseOffset            assigned by the leader; outside the CRC
//    8 i32 batchLength           bytes after this field
//   12 i32 partitionLeaderEpoch  assigned by the leader; outside the CRC
//   16 i8  magic                 2
//   17 u32 crc                   CRC-32C of everything from the attributes on
//   21 i16 attributes            bits 0-2 codec, 3 timestamp type (1: log append time), 4 transactional, 5 control,
//                                6 delete horizon (baseTimestamp holds it); the others are 0
//   23 i32 lastOffsetDelta       offset of the last record, also the last sequence, relative to the base
//   27 i64 baseTimestamp         that of the first record
//   35 i64 maxTimestamp          the largest of the records, or the log append time
//   43 i64 producerId            -1: none
//   51 i16 producerEpoch
//   53 i32 baseSequence
//   57 i32 recordCount
//   61     records               compressed as one block if bits 0-2 say so
//
// A run is one or more batches one after another. The functions here change only what a leader may change: they trust the lengths of
// a run that was validated before, but still never leave it.

import { crc32c } from "./crc32c";
import { clearOutcome, setNextOffset } from "./outcome";
import { BAD_LENGTH, BAD_MAGIC } from "./status";

export const HEADER_BYTES: u32 = 61;
/** baseOffset and batchLength: what batchLength does not count. */
export const LOG_OVERHEAD_BYTES: u32 = 12;
/** Where the bytes that the CRC covers begin. */
export const CRC_FROM: u32 = 21;

export const CODEC_MASK: u32 = 0x07;
export const LOG_APPEND_TIME: u32 = 0x08;
export const TRANSACTIONAL: u32 = 0x10;
export const CONTROL: u32 = 0x20;
export const DELETE_HORIZON: u32 = 0x40;

/** Offsets, timestamps and producer ids become JavaScript numbers, which are exact to this. */
export const MAX_SAFE_INTEGER: i64 = 0x1fffffffffffff;

// @ts-ignore: decorator
@inline
export function loadI16(at: usize): i32 {
  return <i32>(<i16>bswap<u16>(load<u16>(at)));
}

// @ts-ignore: decorator
@inline
export function loadI32(at: usize): i32 {
  return <i32>bswap<u32>(load<u32>(at));
}

// @ts-ignore: decorator
@inline
export function loadI64(at: usize): i64 {
  return <i64>bswap<u64>(load<u64>(at));
}

// @ts-ignore: decorator
@inline
export function storeI16(at: usize, value: i32): void {
  store<u16>(at, bswap<u16>(<u16>value));
}

// @ts-ignore: decorator
@inline
export function storeI32(at: usize, value: i32): void {
  store<u32>(at, bswap<u32>(<u32>value));
}

// @ts-ignore: decorator
@inline
export function storeI64(at: usize, value: i64): void {
  store<u64>(at, bswap<u64>(<u64>value));
}

/** An i64 that crossed the boundary in two halves. */
// @ts-ignore: decorator
@inline
export function joinI64(low: u32, high: u32): i64 {
  return <i64>((<u64>high << 32) | <u64>low);
}

/** The size in bytes of the batch at `batch`, or 0 if it is not whole before `end`. */
export function batchSizeAt(batch: usize, end: usize): u32 {
  const available = <u32>(end - batch);
  if (available < HEADER_BYTES) return 0;
  const length = loadI32(batch + 8);
  if (length < <i32>(HEADER_BYTES - LOG_OVERHEAD_BYTES)) return 0;
  return <u32>length > available - LOG_OVERHEAD_BYTES ? 0 : <u32>length + LOG_OVERHEAD_BYTES;
}

/** Writes the CRC of a batch of `size` bytes. */
export function sealBatch(batch: usize, size: u32): void {
  storeI32(batch + 17, crc32c(batch + CRC_FROM, size - CRC_FROM, 0));
}

/**
 * Gives a run consecutive offsets from `baseOffset` (in two halves) on, and its leader epoch.
 * @returns the number of batches, the offset after the last one in the outcome; or BAD_LENGTH, and nothing has changed
 */
export function batchesPatch(source: usize, sourceLength: u32, baseOffsetLow: u32, baseOffsetHigh: u32, leaderEpoch: i32): i32 {
  clearOutcome();
  const end = source + sourceLength;
  let size: u32 = 0;
  for (let batch = source; batch < end; batch += size) {
    size = batchSizeAt(batch, end);
    if (size == 0) return BAD_LENGTH;
  }
  let offset = joinI64(baseOffsetLow, baseOffsetHigh);
  let count = 0;
  for (let batch = source; batch < end; batch += batchSizeAt(batch, end)) {
    storeI64(batch, offset);
    storeI32(batch + 12, leaderEpoch);
    offset += <i64>loadI32(batch + 23) + 1;
    count++;
  }
  setNextOffset(offset);
  return count;
}

/**
 * Sets the maxTimestamp (in two halves) of one batch and whether it is a log append time, and recomputes its CRC.
 * @returns 0, or BAD_LENGTH or BAD_MAGIC and nothing has changed
 */
export function batchSetMaxTimestamp(source: usize, sourceLength: u32, timestampLow: u32, timestampHigh: u32, isLogAppendTime: i32): i32 {
  const size = batchSizeAt(source, source + sourceLength);
  if (size == 0 || size != sourceLength) return BAD_LENGTH;
  if (load<u8>(source, 16) != 2) return BAD_MAGIC;
  const attributes = <u32>loadI16(source + 21);
  storeI16(source + 21, isLogAppendTime ? attributes | LOG_APPEND_TIME : attributes & ~LOG_APPEND_TIME);
  storeI64(source + 35, joinI64(timestampLow, timestampHigh));
  sealBatch(source, size);
  return 0;
}
