// The compression codecs of a record batch, by the number in its attributes (bits 0-2): 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
// Stored; never renumber.

import { UNSUPPORTED } from "../status";

export const CODEC_NONE: u32 = 0;
export const CODEC_GZIP: u32 = 1;
export const CODEC_SNAPPY: u32 = 2;
export const CODEC_LZ4: u32 = 3;
export const CODEC_ZSTD: u32 = 4;

/** Compresses with a codec other than none. @returns the bytes written, or a negative status */
export function compress(codec: u32, source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  return UNSUPPORTED;
}

/** Decompresses with a codec other than none. @returns the bytes written, or a negative status */
export function decompress(codec: u32, source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  return UNSUPPORTED;
}
