// Decodes one batch to a table of entries (record.ts), one a record. Keys, values and headers are not copied: the entries say where
// they stand, counted from the start of the batch, or from the start of the decompressed records if the batch is compressed.

import { crc32c } from "./crc32c";
import { CODEC_NONE } from "./compression/codec";
import { clearOutcome, setPlainBytes } from "./outcome";
import { CRC_FROM, HEADER_BYTES, batchSizeAt, loadI32 } from "./record-batch";
import { codecOf, openRecords, walkRecords } from "./record-walk";
import { BAD_COUNT, BAD_CRC, BAD_LENGTH, BAD_MAGIC, TOO_MANY_RECORDS } from "./status";

/** Flag: check the CRC first. */
const CHECK_CRC: u32 = 1;

/**
 * Decodes the batch [source, source + sourceLength).
 * @param table room for `tableCapacity` entries, 8-byte aligned
 * @param plain room for the records if they are compressed
 * @returns the number of records, the bytes decompressed in the outcome; or a status, the record at fault in the outcome
 */
export function batchDecode(
  source: usize,
  sourceLength: u32,
  flags: u32,
  table: usize,
  tableCapacity: u32,
  plain: usize,
  plainCapacity: u32,
): i32 {
  clearOutcome();
  if (sourceLength == 0 || batchSizeAt(source, source + sourceLength) != sourceLength) return BAD_LENGTH;
  if (load<u8>(source, 16) != 2) return BAD_MAGIC;
  if (flags & CHECK_CRC && <u32>loadI32(source + 17) != crc32c(source + CRC_FROM, sourceLength - CRC_FROM, 0)) return BAD_CRC;
  const count = loadI32(source + 57);
  if (count < 0) return BAD_COUNT;
  if (<u32>count > tableCapacity) return TOO_MANY_RECORDS;

  const bytes = openRecords(source, sourceLength, plain, plainCapacity);
  if (bytes < 0) return bytes;
  const isPlain = codecOf(source) == CODEC_NONE;
  const records = isPlain ? source + HEADER_BYTES : plain;
  const status = walkRecords(source, records, records + <usize>bytes, isPlain ? source : plain, table, true);
  if (status < 0) return status;
  setPlainBytes(isPlain ? 0 : <u32>bytes);
  return count;
}
