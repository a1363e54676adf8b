// The codecs of record batches, by their numbers in a batch's attributes (org.apache.kafka.common.record.CompressionType).

import { ATTRIBUTE_CODEC_MASK } from "./record-batch.ts";

/** The names of the codecs, at their numbers in a batch's attributes. */
export const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

export type Compression = (typeof COMPRESSIONS)[number];

/** The number of a codec in a batch's attributes. */
export function codecId(compression: Compression): number {
  return COMPRESSIONS.indexOf(compression);
}

/** The codec that a batch's attributes name. @throws RangeError where there is none of the number */
export function codecOf({ attributes }: { readonly attributes: number }): Compression {
  const compression = COMPRESSIONS[attributes & ATTRIBUTE_CODEC_MASK];
  if (compression === undefined) throw new RangeError(`there is no codec ${attributes & ATTRIBUTE_CODEC_MASK}`);
  return compression;
}
