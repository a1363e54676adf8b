// Record batches that are valid in every respect but one: they are much larger once they are decompressed. Written without the core,
// whose encoder has the broker's limits.

import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressFrameSync } from "lz4-napi";
import { compressSync } from "snappy";
import { concatBytes } from "../../src/common/bytes.ts";
import {
  ATTRIBUTE_CODEC_MASK,
  BATCH_HEADER_BYTES,
  LOG_OVERHEAD_BYTES,
  POSITION,
  RECORD_BATCH_MAGIC,
} from "../../src/record/record-batch.ts";
import { COMPRESSIONS, type Compression } from "../../src/wasm/record-batches.ts";
import { writeVarintTwin } from "../../src/wasm/twins/varint.ts";
import { withChange } from "./record-batches.ts";

const COMPRESS = {
  none: (bytes: Uint8Array) => bytes,
  gzip: (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }),
  snappy: (bytes: Uint8Array) => compressSync(Buffer.from(bytes.buffer)),
  lz4: (bytes: Uint8Array) => compressFrameSync(Buffer.from(bytes.buffer)),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
} as const satisfies Record<Compression, (bytes: Uint8Array) => Uint8Array>;

export interface BombOptions {
  readonly compression: Compression;
  readonly recordCount: number;
  /** Of the zeros that each record holds. */
  readonly valueBytes: number;
}

/** One batch of records full of zeros. */
export function bomb({ compression, recordCount, valueBytes }: BombOptions): Uint8Array<ArrayBuffer> {
  const records = Array.from({ length: recordCount }, (_, offsetDelta) => zeros(offsetDelta, valueBytes));
  return batchOfRecords(compression, recordCount, COMPRESS[compression](concatBytes(records)));
}

/** A batch with these bytes, compressed or not, as its records. */
export function batchOfRecords(compression: Compression, recordCount: number, records: Uint8Array): Uint8Array<ArrayBuffer> {
  return withChange(concatBytes([new Uint8Array(BATCH_HEADER_BYTES), records]), (view) => {
    view.setInt32(POSITION.batchLength, view.byteLength - LOG_OVERHEAD_BYTES);
    view.setInt8(POSITION.magic, RECORD_BATCH_MAGIC);
    view.setInt16(POSITION.attributes, COMPRESSIONS.indexOf(compression) & ATTRIBUTE_CODEC_MASK);
    view.setInt32(POSITION.lastOffsetDelta, recordCount - 1);
    view.setBigInt64(POSITION.producerId, -1n);
    view.setInt16(POSITION.producerEpoch, -1);
    view.setInt32(POSITION.baseSequence, -1);
    view.setInt32(POSITION.recordCount, recordCount);
  });
}

/** A record: length, attributes, timestamp delta, offset delta, no key, a value of zeros, no headers. */
function zeros(offsetDelta: number, valueBytes: number): Uint8Array {
  const head = [0, ...writeVarintTwin(0), ...writeVarintTwin(offsetDelta), ...writeVarintTwin(-1), ...writeVarintTwin(valueBytes)];
  const length = writeVarintTwin(head.length + valueBytes + 1);
  const record = new Uint8Array(length.length + head.length + valueBytes + 1);
  record.set([...length, ...head]);
  return record;
}
