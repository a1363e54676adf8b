// The compression codecs of a record batch, by the number in its attributes (bits 0-2): 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
// Stored; never renumber. Snappy is written in the framing of the Java client, which all clients read, and read in both forms.

import { UNSUPPORTED } from "../status";
import { gzipCompress, gzipDecompress } from "./gzip";
import { lz4Compress, lz4Decompress } from "./lz4-frame";
import { snappyJavaCompress, snappyKafkaDecompress } from "./snappy-java";
import { zstdCompress } from "./zstd-encode";
import { zstdDecompress } from "./zstd-frame";

export const CODEC_NONE: u32 = 0;
export const CODEC_GZIP: u32 = 1;
export const CODEC_SNAPPY: u32 = 2;
export const CODEC_LZ4: u32 = 3;
export const CODEC_ZSTD: u32 = 4;

/** Compresses with a codec other than none. @returns the bytes written, or a negative status */
export function compress(codec: u32, source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  switch (codec) {
    case CODEC_GZIP:
      return gzipCompress(source, sourceLength, destination, capacity);
    case CODEC_SNAPPY:
      return snappyJavaCompress(source, sourceLength, destination, capacity);
    case CODEC_LZ4:
      return lz4Compress(source, sourceLength, destination, capacity);
    case CODEC_ZSTD:
      return zstdCompress(source, sourceLength, destination, capacity);
    default:
      return UNSUPPORTED;
  }
}

/** Decompresses with a codec other than none. @returns the bytes written, or a negative status */
export function decompress(codec: u32, source: usize, sourceLength: u32, destination: usize, capacity: u32): i32 {
  switch (codec) {
    case CODEC_GZIP:
      return gzipDecompress(source, sourceLength, destination, capacity);
    case CODEC_SNAPPY:
      return snappyKafkaDecompress(source, sourceLength, destination, capacity);
    case CODEC_LZ4:
      return lz4Decompress(source, sourceLength, destination, capacity);
    case CODEC_ZSTD:
      return zstdDecompress(source, sourceLength, destination, capacity);
    default:
      return UNSUPPORTED;
  }
}
