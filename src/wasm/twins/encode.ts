// Encoding of a batch in plain TypeScript: what the core's is compared with, byte for byte, without compression. Not bundled.

import { plainCrc32c } from "../../record/crc32c.ts";
import { BATCH_HEADER_BYTES, LOG_OVERHEAD_BYTES, POSITION } from "../../record/record-batch.ts";
import { attributesOf, type EncodeOptions } from "../encode-batch.ts";
import type { BytesInput, RecordInput } from "../record-list.ts";
import { writeVarintTwin } from "./varint.ts";

/** Encodes `records`; `compress` makes the stored form of the records' bytes. */
export function encodeTwin(
  records: readonly RecordInput[],
  options: EncodeOptions,
  compress: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Uint8Array {
  const baseTimestamp = options.deleteHorizonMs ?? records[0]!.timestamp;
  const deltas = records.map((record, index) => record.offsetDelta ?? index);
  const body = compress(Uint8Array.from(records.flatMap((record, index) => encodeRecord(record, deltas[index]!, baseTimestamp))));
  const batch = new Uint8Array(BATCH_HEADER_BYTES + body.length);
  batch.set(body, BATCH_HEADER_BYTES);
  const view = new DataView(batch.buffer);
  view.setBigInt64(POSITION.baseOffset, BigInt(options.baseOffset ?? 0));
  view.setInt32(POSITION.batchLength, batch.length - LOG_OVERHEAD_BYTES);
  view.setInt32(POSITION.partitionLeaderEpoch, options.partitionLeaderEpoch ?? -1);
  view.setInt8(POSITION.magic, 2);
  view.setInt16(POSITION.attributes, attributesOf(options));
  view.setInt32(POSITION.lastOffsetDelta, options.lastOffsetDelta ?? deltas.at(-1)!);
  view.setBigInt64(POSITION.baseTimestamp, BigInt(baseTimestamp));
  view.setBigInt64(POSITION.maxTimestamp, BigInt(options.logAppendTimeMs ?? Math.max(...records.map((record) => record.timestamp))));
  view.setBigInt64(POSITION.producerId, BigInt(options.producerId ?? -1));
  view.setInt16(POSITION.producerEpoch, options.producerEpoch ?? -1);
  view.setInt32(POSITION.baseSequence, options.baseSequence ?? -1);
  view.setInt32(POSITION.recordCount, records.length);
  view.setUint32(POSITION.crc, plainCrc32c(batch.subarray(POSITION.attributes)));
  return batch;
}

function encodeRecord(record: RecordInput, offsetDelta: number, baseTimestamp: number): number[] {
  const headers = record.headers ?? [];
  const body = [
    0,
    ...writeVarintTwin(BigInt(record.timestamp) - BigInt(baseTimestamp)),
    ...writeVarintTwin(offsetDelta),
    ...encodeBytes(record.key),
    ...encodeBytes(record.value),
    ...writeVarintTwin(headers.length),
    ...headers.flatMap(({ key, value }) => [...encodeBytes(key), ...encodeBytes(value)]),
  ];
  return [...writeVarintTwin(body.length), ...body];
}

function encodeBytes(input: BytesInput): number[] {
  if (input === null) return writeVarintTwin(-1);
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  return [...writeVarintTwin(bytes.length), ...bytes];
}
