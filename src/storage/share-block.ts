// The records of a block as bytes, big endian, one after the other:
//
//    0 u32 offset - blockId
//    4 i32 key hash
//    8 u32 size in bytes
//   12 u16 delivery count
//   14 u8  state
//   15 u8  reason why it was given up
//   16 u8  1: it has a key
//   17 f64 lease's end, or not before (ms since the epoch)
//   25 f64 token of the acquisition
//
// Stored: a record's length is part of the format. A block of another layout needs another column.

import type { GivenUpReason, StoredShareBlock, StoredShareRecord, StoredShareState } from "./share-partition-store.ts";

const RECORD_BYTES = 33;

export function encodeShareBlock({ blockId, records }: StoredShareBlock): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(records.length * RECORD_BYTES));
  for (const [index, record] of records.entries()) {
    const at = index * RECORD_BYTES;
    view.setUint32(at, record.offset - blockId);
    view.setInt32(at + 4, record.keyHash ?? 0);
    view.setUint32(at + 8, record.sizeBytes);
    view.setUint16(at + 12, record.deliveryCount);
    view.setUint8(at + 14, record.state);
    view.setUint8(at + 15, record.reason);
    view.setUint8(at + 16, record.keyHash === null ? 0 : 1);
    view.setFloat64(at + 17, record.atMs);
    view.setFloat64(at + 25, record.token);
  }
  return view.buffer;
}

export function decodeShareBlock(blockId: number, bytes: ArrayBuffer): StoredShareBlock {
  const view = new DataView(bytes);
  const records = Array.from({ length: bytes.byteLength / RECORD_BYTES }, (_, index): StoredShareRecord => {
    const at = index * RECORD_BYTES;
    return {
      offset: blockId + view.getUint32(at),
      keyHash: view.getUint8(at + 16) === 0 ? null : view.getInt32(at + 4),
      sizeBytes: view.getUint32(at + 8),
      deliveryCount: view.getUint16(at + 12),
      state: view.getUint8(at + 14) as StoredShareState,
      reason: view.getUint8(at + 15) as GivenUpReason,
      atMs: view.getFloat64(at + 17),
      token: view.getFloat64(at + 25),
    };
  });
  return { blockId, records };
}
