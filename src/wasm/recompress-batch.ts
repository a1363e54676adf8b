// One batch in another codec: the records are decompressed and compressed, never taken apart, so that every offset, timestamp and
// header field stays as it was. What changes is the codec in the attributes, the length and the CRC.

import { ATTRIBUTE_CODEC_MASK, BATCH_HEADER_BYTES, LOG_OVERHEAD_BYTES, POSITION } from "../record/record-batch.ts";
import { COMPRESSIONS, type Compression, codecId, compress, decompress } from "./compression.ts";
import type { Core } from "./core.ts";
import { crc32c } from "./crc32c.ts";
import { CoreError } from "./status.ts";

/** The codec that a batch's attributes name. */
export function compressionOf(attributes: number): Compression {
  return COMPRESSIONS[attributes & ATTRIBUTE_CODEC_MASK]!;
}

/**
 * @param batch one whole, validated batch
 * @param maxPlainBytes most bytes of decompressed records
 * @returns the batch in the codec `to`, in a buffer of its own
 * @throws CoreError OUTPUT_LIMIT or MEMORY_LIMIT where it is too large for this
 */
export function recompressBatch(core: Core, batch: Uint8Array, to: Compression, maxPlainBytes: number): Uint8Array<ArrayBuffer> {
  const attributes = new DataView(batch.buffer, batch.byteOffset).getInt16(POSITION.attributes);
  const plain = decompress(core, compressionOf(attributes), batch.subarray(BATCH_HEADER_BYTES), maxPlainBytes);
  if (typeof plain === "number") throw new CoreError(plain);
  const records = compress(core, to, plain);
  const made = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  made.set(batch.subarray(0, BATCH_HEADER_BYTES));
  made.set(records, BATCH_HEADER_BYTES);
  const view = new DataView(made.buffer);
  view.setInt32(POSITION.batchLength, made.length - LOG_OVERHEAD_BYTES);
  view.setInt16(POSITION.attributes, (attributes & ~ATTRIBUTE_CODEC_MASK) | codecId(to));
  view.setUint32(POSITION.crc, crc32c(core, made.subarray(POSITION.attributes)));
  return made;
}
