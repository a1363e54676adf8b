// Decodes record batches to records. The core finds where everything stands (assembly/record.ts draws its entries); the records are
// then views into the caller's bytes, or into one copy of the decompressed records of their batch.

import { type BatchHeader, batchHeaders, isControl, lastOffset } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { plainBytes } from "./outcome.ts";
import { type RecordHeader, readStoredHeaders, type StoredHeader } from "./record-headers.ts";
import { ENTRY_BYTES, RecordTable, TableRecord } from "./record-table.ts";
import { CoreError } from "./status.ts";

const FLAG_CHECK_CRC = 1;

/** Keys, values and header values are views: copy what must outlive the batch's bytes, or go somewhere alone. */
export interface DecodedRecord<Header = RecordHeader> {
  readonly offset: number;
  /** ms; -1 for none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

/** A record as it can be written again, to the byte. */
export type StoredRecord = DecodedRecord<StoredHeader>;

/** Makes a record of a place in a table. */
type Make<Item> = (table: RecordTable, index: number, offset: number) => Item;

export interface DecodeOptions {
  /** Leave out the records before this offset. */
  readonly fromOffset?: number;
  /** Most records to return. */
  readonly maxRecords?: number;
  /** Return no further record once the keys, values and headers have this many bytes. */
  readonly maxBytes?: number;
  /** Most bytes of decompressed records in one batch. */
  readonly maxDecompressedBytes: number;
  /** Check each batch's CRC first. */
  readonly checkCrc?: boolean;
  /** Batches to leave out unread, such as those of aborted transactions. Control batches unless told. */
  readonly skipBatch?: (header: BatchHeader) => boolean;
}

/** What a decoding has gathered. */
interface Gathered<Item> {
  readonly records: Item[];
  /** Of keys, values and headers. */
  bytes: number;
  /** Whether a limit ended it: there may be more. */
  isCut: boolean;
  /** What ended it: nothing of this batch is among the records. */
  damage: BatchDamage | null;
}

/** A batch that is not what it says, or not what was written. */
export interface BatchDamage {
  readonly baseOffset: number;
  /** RangeError: an int64 beyond 2^53. */
  readonly error: CoreError | RangeError;
}

/**
 * Decodes a run. A last batch that is not whole is left out, as fetch answers may be cut there.
 * @throws CoreError (RangeError for an int64 beyond 2^53) for a batch that is corrupt: what is decoded here was validated when written
 */
export function decodeBatches(core: Core, bytes: Uint8Array, options: DecodeOptions): DecodedRecord[] {
  return wholeRecords(decodeWith(core, bytes, options, wholeRecord));
}

/** The same, for records that are to be written again. */
export function decodeStoredRecords(core: Core, bytes: Uint8Array, options: DecodeOptions): StoredRecord[] {
  return wholeRecords(decodeWith(core, bytes, options, storedRecord));
}

function wholeRecords<Item>({ records, damage }: Readonly<Gathered<Item>>): Item[] {
  if (damage !== null) throw damage.error;
  return records;
}

/**
 * As `decodeBatches`, of records whose parts are made when they are asked for, and tells what ended it: a limit, or a corrupt batch. Batches
 * beyond the limits are not decompressed.
 */
export function decodeWithin(core: Core, bytes: Uint8Array, options: DecodeOptions): Readonly<Gathered<TableRecord>> {
  return decodeWith(core, bytes, options, tableRecord);
}

function decodeWith<Item>(core: Core, bytes: Uint8Array, options: DecodeOptions, make: Make<Item>): Gathered<Item> {
  const { fromOffset = 0, skipBatch = isControl } = options;
  const gathered: Gathered<Item> = { records: [], bytes: 0, isCut: false, damage: null };
  let nextBaseOffset = 0;
  let wholeCount = 0;
  try {
    for (const header of batchHeaders(bytes)) {
      nextBaseOffset = header.baseOffset;
      if (lastOffset(header) >= fromOffset && !skipBatch(header)) {
        const batch = bytes.subarray(header.position, header.position + header.sizeBytes);
        gather(gathered, decodeBatch(core, batch, header, options), options, make);
        wholeCount = gathered.records.length;
        if (isFull(gathered, options)) break;
      }
      nextBaseOffset = lastOffset(header) + 1;
    }
  } catch (error) {
    if (!(error instanceof CoreError || error instanceof RangeError)) throw error;
    gathered.records.length = wholeCount;
    gathered.damage = { baseOffset: nextBaseOffset, error };
  }
  gathered.isCut = isFull(gathered, options);
  return gathered;
}

/** Adds a batch's records, as many as are wanted. */
function gather<Item>(into: Gathered<Item>, table: RecordTable, options: DecodeOptions, make: Make<Item>): void {
  const { fromOffset = 0 } = options;
  for (let index = 0; index < table.count && !isFull(into, options); index++) {
    const offset = table.offset(index);
    if (offset < fromOffset) continue;
    into.records.push(make(table, index, offset));
    into.bytes += table.contentBytes(index);
  }
}

function isFull({ records, bytes }: Gathered<unknown>, options: DecodeOptions): boolean {
  return records.length >= (options.maxRecords ?? Number.POSITIVE_INFINITY) || bytes >= (options.maxBytes ?? Number.POSITIVE_INFINITY);
}

function decodeBatch(core: Core, batch: Uint8Array, header: BatchHeader, options: DecodeOptions): RecordTable {
  const entries = core.load(batch);
  const capacity = Math.max(header.recordCount, 0);
  const plain = core.reserve(entries, capacity * ENTRY_BYTES);
  const flags = options.checkCrc ? FLAG_CHECK_CRC : 0;
  const count = core.growRoom(plain, options.maxDecompressedBytes, (room) =>
    core.exports.batchDecode(core.scratch, batch.length, flags, entries, capacity, plain, room),
  );
  if (count < 0) throw new CoreError(count, `batch at offset ${header.baseOffset}`);
  const plainLength = plainBytes(core);
  const { bytes } = core;
  const source = plainLength === 0 ? batch : bytes.slice(plain, plain + plainLength);
  return new RecordTable(header.baseOffset, bytes.slice(entries, entries + count * ENTRY_BYTES), source);
}

function tableRecord(table: RecordTable, index: number, offset: number): TableRecord {
  return new TableRecord(table, index, offset);
}

function wholeRecord(table: RecordTable, index: number, offset: number): DecodedRecord {
  const [timestamp, key, value] = [table.timestamp(index), table.key(index), table.value(index)];
  return { offset, timestamp, key, value, headers: table.headers(index) };
}

function storedRecord(table: RecordTable, index: number, offset: number): StoredRecord {
  const [timestamp, key, value] = [table.timestamp(index), table.key(index), table.value(index)];
  return { offset, timestamp, key, value, headers: table.readHeaders(index, readStoredHeaders) };
}
