// The records of a batch (v2) in plain TypeScript: a reader for clients, which trusts no length. Keys and values are views of the bytes
// that were given. batch-builder.ts draws a record.

import type { DecodedRecord } from "./codec.ts";
import { plainCrc32c } from "./crc32c.ts";
import { type BatchHeader, isLogAppendTime, POSITION, viewOf } from "./record-batch.ts";
import { VarintReader } from "./varint.ts";

const decoder = new TextDecoder();

/** Whether a whole batch is as it was written. */
export function isCrcRight(batch: Uint8Array): boolean {
  return viewOf(batch).getUint32(POSITION.crc) === plainCrc32c(batch.subarray(POSITION.attributes));
}

/**
 * The records of one batch from `fromOffset` on.
 * @param records what follows the header, decompressed
 * @throws RangeError where the bytes are not the records that the header tells of
 */
export function readRecords(header: BatchHeader, records: Uint8Array, fromOffset: number): DecodedRecord[] {
  const reader = new VarintReader(records);
  const read: DecodedRecord[] = [];
  for (let index = 0; index < header.recordCount; index++) {
    const record = readRecord(reader, header, fromOffset);
    if (record !== null) read.push(record);
  }
  if (reader.position !== records.length) throw new RangeError("a batch has bytes after its last record");
  return read;
}

/** null for a record before `fromOffset`. */
function readRecord(reader: VarintReader, header: BatchHeader, fromOffset: number): DecodedRecord | null {
  const length = reader.next();
  const end = reader.position + length;
  if (length < 1 || end > reader.bytes.length) throw new RangeError("a record is longer than its batch");
  reader.position++; // attributes: none are defined
  const timestampDelta = reader.next();
  const timestamp = isLogAppendTime(header) ? header.maxTimestamp : header.baseTimestamp + timestampDelta;
  const offset = header.baseOffset + reader.next();
  if (offset < fromOffset) {
    reader.position = end;
    return null;
  }
  const record = { offset, timestamp, key: readNullable(reader), value: readNullable(reader), headers: readHeaders(reader) };
  if (reader.position !== end) throw new RangeError("a record does not end where its length says");
  return record;
}

const NO_HEADERS: DecodedRecord["headers"] = [];

function readHeaders(reader: VarintReader): DecodedRecord["headers"] {
  const count = reader.next();
  if (count === 0) return NO_HEADERS;
  if (count < 0) throw new RangeError("a record has a negative number of headers");
  const headers: DecodedRecord["headers"][number][] = [];
  for (let i = 0; i < count; i++) headers.push({ key: decoder.decode(readNullable(reader) ?? undefined), value: readNullable(reader) });
  return headers;
}

function readNullable(reader: VarintReader): Uint8Array | null {
  const length = reader.next();
  if (length === -1) return null;
  const start = reader.position;
  if (length < 0 || length > reader.bytes.length - start) throw new RangeError("a record's field is longer than its batch");
  reader.position += length;
  return reader.bytes.subarray(start, reader.position);
}
