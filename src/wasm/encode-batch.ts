// Encodes records to one record batch in the core: the records are listed in its memory (record-list.ts), the header fields that the
// caller decides stand where the batch will be, and the core does the rest, compression and CRC included.

import { writeInt64 } from "../record/int64.ts";
import {
  ATTRIBUTE_CONTROL,
  ATTRIBUTE_DELETE_HORIZON,
  ATTRIBUTE_LOG_APPEND_TIME,
  ATTRIBUTE_TRANSACTIONAL,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  LOG_OVERHEAD_BYTES,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  POSITION,
  RECORD_BATCH_MAGIC,
} from "../record/record-batch.ts";
import { type Compression, codecId, compressedBound } from "./compression.ts";
import { align, type Core } from "./core.ts";
import { crc32c } from "./crc32c.ts";
import { type RecordInput, RecordList } from "./record-list.ts";
import { CoreError } from "./status.ts";

export interface EncodeOptions {
  readonly compression: Compression;
  /** 0 if absent: the leader assigns it. */
  readonly baseOffset?: number;
  /** -1 if absent. */
  readonly partitionLeaderEpoch?: number;
  /** -1, none, if absent; so are epoch and sequence. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  /** The records are markers of a transaction's end. */
  readonly isControl?: boolean;
  /** Marks the batch LogAppendTime, with this as its maxTimestamp (ms). */
  readonly logAppendTimeMs?: number;
  /** Marks the batch as having tombstones to be removed at this time (ms), which takes the place of baseTimestamp. */
  readonly deleteHorizonMs?: number;
  /** The last record's offset delta if absent. A compacted batch keeps the one that it had. */
  readonly lastOffsetDelta?: number;
}

/**
 * Encodes one or more records.
 * @returns the batch, in a buffer of exactly its size
 * @throws RangeError for records or options that no batch can hold; CoreError if they don't fit the core's memory
 */
export function encodeBatch(core: Core, records: readonly RecordInput[], options: EncodeOptions): Uint8Array<ArrayBuffer> {
  if (records.length === 0) throw new RangeError("a batch has at least one record");
  const list = new RecordList(core);
  const lastOffsetDelta = listRecords(list, records);
  if (options.lastOffsetDelta !== undefined && options.lastOffsetDelta < lastOffsetDelta) {
    throw new RangeError(`lastOffsetDelta ${options.lastOffsetDelta} is below the last record's ${lastOffsetDelta}`);
  }

  const isPlain = options.compression === "none";
  const plainCapacity = isPlain ? 0 : list.encodedBound;
  const capacity = BATCH_HEADER_BYTES + (isPlain ? list.encodedBound : compressedBound(list.encodedBound));
  const plain = align(core.scratch + list.length);
  const destination = core.reserve(plain, plainCapacity);
  core.reserve(destination, capacity);
  writeHeader(core.view, destination, options, options.lastOffsetDelta ?? lastOffsetDelta);
  const size = core.exports.batchEncode(core.scratch, list.length, records.length, plain, plainCapacity, destination, capacity);
  if (size < 0) throw new CoreError(size);
  return core.bytes.slice(destination, destination + size);
}

/** What a batch's attributes tell beside its records. */
const KEPT_WHEN_EMPTY = ATTRIBUTE_LOG_APPEND_TIME | ATTRIBUTE_TRANSACTIONAL | ATTRIBUTE_CONTROL;

/** A batch without records in the place of one that had this header: its offsets, producer and largest timestamp are what it still tells. */
export function encodeEmptyBatch(core: Core, header: BatchHeader): Uint8Array<ArrayBuffer> {
  const batch = new Uint8Array(BATCH_HEADER_BYTES);
  const view = new DataView(batch.buffer);
  const { baseOffset, partitionLeaderEpoch, producerId, producerEpoch, baseSequence, lastOffsetDelta } = header;
  const fields = { baseOffset, partitionLeaderEpoch, producerId, producerEpoch, baseSequence };
  writeHeader(view, 0, { ...fields, compression: "none" }, lastOffsetDelta);
  view.setInt32(POSITION.batchLength, BATCH_HEADER_BYTES - LOG_OVERHEAD_BYTES);
  view.setInt8(POSITION.magic, RECORD_BATCH_MAGIC);
  view.setInt16(POSITION.attributes, header.attributes & KEPT_WHEN_EMPTY);
  writeInt64(view, POSITION.baseTimestamp, NO_TIMESTAMP);
  writeInt64(view, POSITION.maxTimestamp, header.maxTimestamp);
  view.setUint32(POSITION.crc, crc32c(core, batch.subarray(POSITION.attributes)));
  return batch;
}

/** @returns the last record's offset delta */
function listRecords(list: RecordList, records: readonly RecordInput[]): number {
  let last = -1;
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!;
    const offsetDelta = record.offsetDelta ?? index;
    if (offsetDelta <= last || offsetDelta > 0x7fffffff) throw new RangeError(`offset delta ${offsetDelta} does not follow ${last}`);
    list.add(record, offsetDelta);
    last = offsetDelta;
  }
  return last;
}

function writeHeader(view: DataView, at: number, options: EncodeOptions, lastOffsetDelta: number): void {
  writeInt64(view, at, options.baseOffset ?? 0);
  view.setInt32(at + POSITION.partitionLeaderEpoch, options.partitionLeaderEpoch ?? NO_PARTITION_LEADER_EPOCH);
  view.setInt16(at + POSITION.attributes, attributesOf(options));
  view.setInt32(at + POSITION.lastOffsetDelta, lastOffsetDelta);
  writeInt64(view, at + POSITION.baseTimestamp, options.deleteHorizonMs ?? 0);
  writeInt64(view, at + POSITION.maxTimestamp, options.logAppendTimeMs ?? 0);
  writeInt64(view, at + POSITION.producerId, options.producerId ?? NO_PRODUCER_ID);
  view.setInt16(at + POSITION.producerEpoch, options.producerEpoch ?? NO_PRODUCER_EPOCH);
  view.setInt32(at + POSITION.baseSequence, options.baseSequence ?? NO_SEQUENCE);
}

/** The attributes of a batch with these options. */
export function attributesOf(options: EncodeOptions): number {
  return (
    codecId(options.compression) |
    (options.logAppendTimeMs === undefined ? 0 : ATTRIBUTE_LOG_APPEND_TIME) |
    (options.isTransactional ? ATTRIBUTE_TRANSACTIONAL : 0) |
    (options.isControl ? ATTRIBUTE_CONTROL : 0) |
    (options.deleteHorizonMs === undefined ? 0 : ATTRIBUTE_DELETE_HORIZON)
  );
}
