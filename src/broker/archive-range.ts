// Ranges of archived segments. An object that is missing, short or unreadable is a failure that names it, not an exception: the rest of
// the partition still serves.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_BATCH_BYTES } from "../common/limits/records.ts";
import { BATCH_HEADER_BYTES, LOG_OVERHEAD_BYTES, POSITION } from "../record/record-batch.ts";
import type { ArchivePort } from "./ports.ts";

/** No stored batch is larger: room for one that compaction wrote again, in another codec. */
const MAX_STORED_BATCH_BYTES = 2 * MAX_BATCH_BYTES;

export interface ArchiveObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Exactly `length` bytes of an object.
 * @param isUncached true: from the archive itself; then an object that goes on after its size is a failure too
 */
export async function readRange(
  archive: ArchivePort | null,
  object: ArchiveObject,
  position: number,
  length: number,
  isUncached = false,
): Promise<ArrayBuffer | Failure> {
  const { key, sizeBytes } = object;
  if (archive === null) return failure("KAFKA_STORAGE_ERROR", `${key} is in the archive, and there is no ARCHIVE binding`);
  const probe = isUncached && position + length === sizeBytes ? 1 : 0; // would be there if the object were longer
  let bytes: ArrayBuffer | null;
  try {
    bytes = await archive.read(key, position, length + probe, isUncached);
  } catch (error) {
    return failure("KAFKA_STORAGE_ERROR", `${key} cannot be read from the archive at byte ${position}: ${error}`);
  }
  if (bytes === null) return failure("KAFKA_STORAGE_ERROR", `the archive does not have ${key}, though the manifest lists it`);
  if (bytes.byteLength === length) return bytes;
  const what = bytes.byteLength < length ? `ends at byte ${position + bytes.byteLength}` : "goes on";
  return failure("KAFKA_STORAGE_ERROR", `${key} in the archive ${what}, the manifest says ${sizeBytes} bytes`);
}

/** The length of a range that holds the whole of the batch which `bytes` begin, at `position` of the object. */
export function wholeBatchLength(object: ArchiveObject, position: number, bytes: ArrayBuffer): number | Failure {
  const left = object.sizeBytes - position;
  const sizeBytes =
    bytes.byteLength < BATCH_HEADER_BYTES
      ? Math.min(left, BATCH_HEADER_BYTES)
      : new DataView(bytes).getInt32(POSITION.batchLength) + LOG_OVERHEAD_BYTES;
  const isPossible = sizeBytes > bytes.byteLength && sizeBytes <= left && sizeBytes <= MAX_STORED_BATCH_BYTES;
  return isPossible ? sizeBytes : failure("CORRUPT_MESSAGE", `${object.key} has no whole batch at byte ${position}`);
}
