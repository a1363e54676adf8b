// How this program compresses and decompresses batches: gzip and zstd by Node itself, which is fast; snappy and lz4 by the Wasm core, which
// is loaded for that alone. What Node cannot read it has the broker decode.

import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Codecs } from "../sdk/compression.ts";

type Compression = Parameters<Codecs["supports"]>[0];

/** What `--compression` takes. */
export const COMPRESSION_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CompressionName = (typeof COMPRESSION_NAMES)[number];

interface Codec {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  decompress(bytes: Uint8Array, options: { maxOutputLength: number }): Promise<Uint8Array>;
}

const CODECS: Readonly<Record<"gzip" | "zstd", Codec>> = {
  gzip: {
    compress: promisify<Uint8Array, Buffer>(zlib.gzip),
    decompress: promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  },
  zstd: {
    compress: promisify<Uint8Array, Buffer>(zlib.zstdCompress),
    decompress: promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress),
  },
};

/** For the SDK's consumers. */
export const NODE_CODECS: Codecs = {
  supports: (compression) => compression in CODECS,
  compress: (compression, bytes) => codecOf(compression).compress(bytes),
  decompress: (compression, bytes, maxBytes) => codecOf(compression).decompress(bytes, { maxOutputLength: maxBytes }),
};

/** For the SDK's producers: every codec. @param loadCore the core's, asked for once */
export function createCodecs(loadCore: () => Promise<Codecs>): Codecs {
  let core: Promise<Codecs> | null = null;
  const codecsFor = (compression: Compression): Codecs | Promise<Codecs> => {
    if (NODE_CODECS.supports(compression)) return NODE_CODECS;
    core ??= loadCore();
    return core;
  };
  return {
    supports: () => true,
    compress: async (compression, bytes) => (await codecsFor(compression)).compress(compression, bytes),
    decompress: async (compression, bytes, maxBytes) => (await codecsFor(compression)).decompress(compression, bytes, maxBytes),
  };
}

function codecOf(compression: string): Codec {
  const codec = CODECS[compression as keyof typeof CODECS];
  if (codec === undefined) throw new RangeError(`there is no codec ${compression} here`);
  return codec;
}
