// Compression by codec id, in the core.

import { type Compression, codecId } from "../record/compression-type.ts";
import type { Core } from "./core.ts";
import { CoreError } from "./status.ts";

export { COMPRESSIONS, type Compression, codecId, codecOf } from "../record/compression-type.ts";

/** Room that always suffices for `bytes` compressed bytes: incompressible data grows by a sixth and 36 bytes per 32 KiB at most (snappy). */
export function compressedBound(bytes: number): number {
  return bytes + Math.ceil(bytes / 5) + 4096;
}

/**
 * Compresses `input`.
 * @returns a buffer of its own
 * @throws CoreError
 */
export function compress(core: Core, compression: Compression, input: Uint8Array): Uint8Array<ArrayBuffer> {
  if (compression === "none") return new Uint8Array(input);
  const destination = core.load(input);
  const capacity = compressedBound(input.length);
  core.reserve(destination, capacity);
  const size = core.exports.compress(codecId(compression), core.scratch, input.length, destination, capacity);
  if (size < 0) throw new CoreError(size);
  return core.bytes.slice(destination, destination + size);
}

/**
 * Decompresses `input` to at most `maxBytes` bytes.
 * @returns a buffer of its own, or a negative status: OUTPUT_LIMIT, UNSUPPORTED or what is wrong with the input
 */
export function decompress(core: Core, compression: Compression, input: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> | number {
  if (compression === "none") return new Uint8Array(input);
  const destination = core.load(input);
  const size = core.growRoom(destination, maxBytes, (capacity) =>
    core.exports.decompress(codecId(compression), core.scratch, input.length, destination, capacity),
  );
  return size < 0 ? size : core.bytes.slice(destination, destination + size);
}
