// Validation of a run in plain TypeScript over BigInt, with the core's order of checks. Not bundled.

import { plainCrc32c } from "../../record/crc32c.ts";
import { BATCH_HEADER_BYTES, POSITION } from "../../record/record-batch.ts";
import * as status from "../status.ts";
import { type RecordTwin, type WalkFault, walkRecordsTwin } from "./records.ts";

export interface ValidateTwinOptions {
  readonly isFromClient: boolean;
  readonly maxRecords: number;
  /** Decompresses the records of one batch, or answers a status. */
  readonly decompress: (codec: number, records: Uint8Array) => Uint8Array | number;
}

export interface BatchTwin {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: bigint;
  readonly attributes: number;
  readonly records: RecordTwin[];
}

export type ValidateTwinResult = BatchTwin[] | (WalkFault & { readonly batchIndex: number });

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export function validateTwin(bytes: Uint8Array, options: ValidateTwinOptions): ValidateTwinResult {
  if (bytes.length === 0) return { status: status.BAD_LENGTH, batchIndex: 0 };
  const batches: BatchTwin[] = [];
  for (let position = 0; position < bytes.length; ) {
    const result = validateBatch(bytes.subarray(position), options);
    if ("status" in result) return { ...result, batchIndex: batches.length };
    batches.push({ ...result, position });
    position += result.sizeBytes;
  }
  return batches;
}

function validateBatch(rest: Uint8Array, options: ValidateTwinOptions): Omit<BatchTwin, "position"> | WalkFault {
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  const frame = checkFrame(rest, view);
  if (frame < 0) return { status: frame };
  const batch = rest.subarray(0, frame);
  const header = readHeader(view);
  const fault = checkHeader(header, options);
  if (fault < 0) return { status: fault };

  const body = batch.subarray(BATCH_HEADER_BYTES);
  const codec = header.attributes & 7;
  const plain = codec === 0 ? body : options.decompress(codec, body);
  if (typeof plain === "number") return { status: plain };
  const appendTime = header.attributes & 0x08 ? header.maxTimestamp : null;
  const records = walkRecordsTwin(plain, { ...header, appendTime });
  if ("status" in records) return records;
  return { sizeBytes: frame, baseOffset: header.baseOffset, attributes: header.attributes, records };
}

function checkFrame(rest: Uint8Array, view: DataView): number {
  if (rest.length <= POSITION.magic) return status.BAD_LENGTH;
  if (rest[POSITION.magic] !== 2) return status.BAD_MAGIC;
  if (rest.length < BATCH_HEADER_BYTES) return status.BAD_LENGTH;
  const size = view.getInt32(POSITION.batchLength) + 12;
  if (size < BATCH_HEADER_BYTES || size > rest.length) return status.BAD_LENGTH;
  return view.getUint32(POSITION.crc) === plainCrc32c(rest.subarray(POSITION.attributes, size)) ? size : status.BAD_CRC;
}

type HeaderTwin = ReturnType<typeof readHeader>;

function readHeader(view: DataView) {
  return {
    baseOffset: view.getBigInt64(POSITION.baseOffset),
    attributes: view.getUint16(POSITION.attributes),
    lastOffsetDelta: view.getInt32(POSITION.lastOffsetDelta),
    baseTimestamp: view.getBigInt64(POSITION.baseTimestamp),
    maxTimestamp: view.getBigInt64(POSITION.maxTimestamp),
    producerId: view.getBigInt64(POSITION.producerId),
    producerEpoch: view.getInt16(POSITION.producerEpoch),
    baseSequence: view.getInt32(POSITION.baseSequence),
    recordCount: view.getInt32(POSITION.recordCount),
  };
}

function checkHeader(header: HeaderTwin, { isFromClient, maxRecords }: ValidateTwinOptions): number {
  const { attributes, lastOffsetDelta, recordCount } = header;
  if (attributes >= (isFromClient ? 0x20 : 0x80) || (attributes & 7) > 4) return status.BAD_ATTRIBUTES;
  if (lastOffsetDelta < 0 || header.baseOffset < 0n) return status.BAD_OFFSET;
  if (header.baseOffset + BigInt(lastOffsetDelta) > MAX_SAFE) return status.BAD_OFFSET;
  const expected = lastOffsetDelta + 1;
  if (recordCount < 0 || recordCount > expected || (isFromClient && recordCount !== expected)) return status.BAD_COUNT;
  if (recordCount > maxRecords) return status.TOO_MANY_RECORDS;
  if (!hasGoodProducer(header, isFromClient)) return status.BAD_PRODUCER;
  if (isFromClient && attributes & 0x08) return status.BAD_TIMESTAMP;
  const isGoodTime = (time: bigint) => time >= -1n && time <= MAX_SAFE;
  return isGoodTime(header.baseTimestamp) && isGoodTime(header.maxTimestamp) ? 0 : status.BAD_TIMESTAMP;
}

function hasGoodProducer(header: HeaderTwin, isFromClient: boolean): boolean {
  if (header.producerId === -1n) return (header.attributes & 0x10) === 0;
  if (header.producerId < -1n || header.producerId > MAX_SAFE) return false;
  return header.producerEpoch >= 0 && (!isFromClient || header.baseSequence >= 0);
}
