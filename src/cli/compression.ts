// How this program compresses and decompresses batches: gzip and zstd by Node itself, which is fast. What it cannot read it has the broker
// decode; what it cannot write is refused by name.

import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Codecs } from "../sdk/compression.ts";

/** What `--compression` takes. */
export const COMPRESSION_NAMES = ["none", "gzip", "zstd"] as const;
export type CompressionName = (typeof COMPRESSION_NAMES)[number];

interface Codec {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  decompress(bytes: Uint8Array, options: { maxOutputLength: number }): Promise<Uint8Array>;
}

const CODECS: Readonly<Record<Exclude<CompressionName, "none">, Codec>> = {
  gzip: {
    compress: promisify<Uint8Array, Buffer>(zlib.gzip),
    decompress: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  },
  zstd: {
    compress: promisify<Uint8Array, Buffer>(zlib.zstdCompress),
    decompress: promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress),
  },
};

/** For the SDK's producers and consumers. */
export const NODE_CODECS: Codecs = {
  supports: (compression) => compression in CODECS,
  compress: (compression, bytes) => codecOf(compression).compress(bytes),
  decompress: (compression, bytes, maxBytes) => codecOf(compression).decompress(bytes, { maxOutputLength: maxBytes }),
};

function codecOf(compression: string): Codec {
  const codec = CODECS[compression as keyof typeof CODECS];
  if (codec === undefined) throw new RangeError(`there is no codec ${compression} here`);
  return codec;
}
