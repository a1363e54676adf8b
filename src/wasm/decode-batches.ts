// Decodes record batches to records. The core finds where everything stands (assembly/record.ts draws its entries); the records are
// then views into the caller's bytes, or into one copy of the decompressed records of their batch.

import { readInt64 } from "../record/int64.ts";
import { type BatchHeader, batchHeaders, isControl, lastOffset } from "../record/record-batch.ts";
import type { Core } from "./core.ts";
import { plainBytes } from "./outcome.ts";
import { type RecordHeader, readRecordHeaders, readStoredHeaders, type StoredHeader } from "./record-headers.ts";
import { CoreError } from "./status.ts";

const ENTRY_BYTES = 40;
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

type AnyHeader = RecordHeader | StoredHeader;

type ReadHeaders<Header> = (source: Uint8Array, position: number, count: number) => readonly Header[];

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
interface Gathered<Header> {
  readonly records: DecodedRecord<Header>[];
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
  return wholeRecords(decodeWithin(core, bytes, options));
}

/** The same, for records that are to be written again. */
export function decodeStoredRecords(core: Core, bytes: Uint8Array, options: DecodeOptions): StoredRecord[] {
  return wholeRecords(decodeWith(core, bytes, options, readStoredHeaders));
}

function wholeRecords<Header>({ records, damage }: Readonly<Gathered<Header>>): DecodedRecord<Header>[] {
  if (damage !== null) throw damage.error;
  return records;
}

/** As `decodeBatches`, and tells what ended it: a limit, or a corrupt batch. Batches beyond the limits are not decompressed. */
export function decodeWithin(core: Core, bytes: Uint8Array, options: DecodeOptions): Readonly<Gathered<RecordHeader>> {
  return decodeWith(core, bytes, options, readRecordHeaders);
}

function decodeWith<Header extends AnyHeader>(
  core: Core,
  bytes: Uint8Array,
  options: DecodeOptions,
  readHeaders: ReadHeaders<Header>,
): Gathered<Header> {
  const { fromOffset = 0, skipBatch = isControl } = options;
  const gathered: Gathered<Header> = { records: [], bytes: 0, isCut: false, damage: null };
  let nextBaseOffset = 0;
  let wholeCount = 0;
  try {
    for (const header of batchHeaders(bytes)) {
      nextBaseOffset = header.baseOffset;
      if (lastOffset(header) >= fromOffset && !skipBatch(header)) {
        decodeBatch(core, bytes.subarray(header.position, header.position + header.sizeBytes), header, options, gathered, readHeaders);
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

function isFull({ records, bytes }: Gathered<AnyHeader>, options: DecodeOptions): boolean {
  return records.length >= (options.maxRecords ?? Number.POSITIVE_INFINITY) || bytes >= (options.maxBytes ?? Number.POSITIVE_INFINITY);
}

function decodeBatch<Header extends AnyHeader>(
  core: Core,
  batch: Uint8Array,
  header: BatchHeader,
  options: DecodeOptions,
  into: Gathered<Header>,
  readHeaders: ReadHeaders<Header>,
): void {
  const { fromOffset = 0 } = options;
  const table = core.load(batch);
  const capacity = Math.max(header.recordCount, 0);
  const plain = core.reserve(table, capacity * ENTRY_BYTES);
  const flags = options.checkCrc ? FLAG_CHECK_CRC : 0;
  const count = core.growRoom(plain, options.maxDecompressedBytes, (room) =>
    core.exports.batchDecode(core.scratch, batch.length, flags, table, capacity, plain, room),
  );
  if (count < 0) throw new CoreError(count, `batch at offset ${header.baseOffset}`);

  const plainLength = plainBytes(core);
  const source = plainLength === 0 ? batch : core.bytes.slice(plain, plain + plainLength);
  const { view } = core;
  for (let index = 0; index < count && !isFull(into, options); index++) {
    const at = table + index * ENTRY_BYTES;
    const offset = header.baseOffset + view.getInt32(at, true);
    if (offset < fromOffset) continue;
    const record = readEntry(view, at, offset, source, readHeaders);
    into.records.push(record);
    into.bytes += contentBytes(record);
  }
}

function readEntry<Header>(
  view: DataView,
  at: number,
  offset: number,
  source: Uint8Array,
  readHeaders: ReadHeaders<Header>,
): DecodedRecord<Header> {
  const headerCount = view.getInt32(at + 4, true);
  return {
    offset,
    timestamp: readInt64(view, at + 8, true),
    key: slice(source, view.getUint32(at + 16, true), view.getInt32(at + 20, true)),
    value: slice(source, view.getUint32(at + 24, true), view.getInt32(at + 28, true)),
    headers: headerCount === 0 ? NO_HEADERS : readHeaders(source, view.getUint32(at + 32, true), headerCount),
  };
}

/** Header names that are text count by their characters. */
function contentBytes({ key, value, headers }: DecodedRecord<AnyHeader>): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
  return bytes;
}

const NO_HEADERS: readonly never[] = [];

/** A view; the constructor takes half the time of `subarray`. */
function slice(source: Uint8Array, position: number, length: number): Uint8Array | null {
  return length < 0 ? null : new Uint8Array(source.buffer, source.byteOffset + position, length);
}
