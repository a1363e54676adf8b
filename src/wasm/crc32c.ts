// CRC-32C by the core.

import type { Core } from "./core.ts";

/**
 * The CRC-32C of `bytes`, unsigned.
 * @param seed the CRC of the bytes before these
 */
export function crc32c(core: Core, bytes: Uint8Array, seed = 0): number {
  core.load(bytes);
  return core.exports.crc32c(core.scratch, bytes.length, seed) >>> 0;
}
